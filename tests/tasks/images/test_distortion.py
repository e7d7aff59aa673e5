"""Distorted pictures: against an independent resampling, and what they must not become."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.scipy.ndimage import map_coordinates

from maml_engine.tasks.images.distortion import MOVE, SHEAR, STRETCH, TURN, distorted

KEY = jax.random.key(0)


def test_by_nothing_pictures_stay_as_they_are():
    pictures = jax.random.uniform(KEY, (2, 3, 9, 7, 2))
    np.testing.assert_allclose(distorted(KEY, pictures, 0.0), pictures, atol=1e-6)


@pytest.mark.parametrize("amount", [0.5, 1.0, 3.0])
def test_a_picture_is_turned_stretched_sheared_and_moved_within_the_limits(amount):
    """Turning after shearing after stretching, about the middle; `map_coordinates` looks up."""
    pictures = jax.random.uniform(KEY, (2, 4, 12, 12, 1))
    found = distorted(KEY, pictures, amount)
    by = amount * jax.random.uniform(KEY, (2, 4, 6), minval=-1, maxval=1)
    for task, number in np.ndindex(2, 4):
        turn, down, across, shear, *moved = (by[task, number] * jnp.array([TURN, STRETCH, STRETCH, SHEAR, MOVE, MOVE])).tolist()
        stretched = np.diag(np.exp([down, across]))
        sheared = np.array([[1, 0], [shear, 1]])
        rotated = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        grid = np.stack(np.meshgrid(np.arange(12.0), np.arange(12.0), indexing="ij")).reshape(2, -1) - 5.5
        places = rotated @ sheared @ stretched @ grid + 5.5 + 12 * np.array(moved)[:, None]
        expected = map_coordinates(pictures[task, number, ..., 0], list(places), order=1, cval=0.0)
        np.testing.assert_allclose(found[task, number, ..., 0].ravel(), expected, atol=1e-5)


def test_ink_stays_ink_and_nothing_comes_in_from_outside():
    found = np.asarray(distorted(KEY, jnp.ones((3, 5, 28, 28, 1)), 1.0))
    assert 0 <= found.min() < 0.01
    assert found.max() <= 1 + 1e-6
    assert (distorted(KEY, jnp.zeros((3, 5, 28, 28, 1)), 1.0) == 0).all()


def test_each_picture_is_distorted_in_its_own_way_and_by_the_key_alone():
    same = jnp.broadcast_to(jax.random.uniform(KEY, (8, 8, 1)), (2, 3, 8, 8, 1))
    found = np.asarray(distorted(KEY, same, 1.0)).reshape(6, -1)
    assert len(np.unique(found, axis=0)) == 6
    np.testing.assert_array_equal(found, np.asarray(jax.jit(distorted, static_argnums=2)(KEY, same, 1.0)).reshape(6, -1))
