"""Drawing without replacement, and the shape of an episode."""

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine.tasks.images.episodes import distinct, episode_of

KEY = jax.random.key(0)


@pytest.mark.parametrize(("high", "take"), [(5, 5), (7, 3), (4112, 20), (1, 1)])
def test_numbers_are_different_and_below_the_end(high, take):
    drawn = np.asarray(distinct(KEY, high, take, (200,)))
    assert all(len(set(row)) == take for row in drawn)
    assert drawn.min() >= 0
    assert drawn.max() < high


def test_each_order_of_each_choice_is_as_likely():
    drawn = np.asarray(distinct(KEY, 4, 3, (24_000,)))
    counts = np.array(list(Counter(map(tuple, drawn.tolist())).values()))
    assert len(counts) == 24  # 4 * 3 * 2
    # Chi-squared of 23 degrees: beyond 49.7 one time in a thousand.
    assert ((counts - 1000) ** 2 / 1000).sum() < 49.7


def test_the_end_may_differ_from_draw_to_draw_and_be_traced():
    high = jnp.array([[3, 4], [9, 30]])
    drawn = np.asarray(jax.jit(lambda key, high: distinct(key, high, 3, (2, 2)))(KEY, high))
    assert (drawn < np.asarray(high)[..., None]).all()
    assert drawn[1, 1].max() > 3
    assert sorted(drawn[0, 0]) == [0, 1, 2]


def test_pictures_come_class_by_class_with_one_hot_rows():
    pictures = jnp.arange(2 * 3 * 4, dtype=jnp.float32).reshape(2, 3, 4, 1, 1, 1)
    episode = episode_of(pictures, 1)
    np.testing.assert_array_equal(episode.support.x[..., 0, 0, 0], [[0, 4, 8], [12, 16, 20]])
    np.testing.assert_array_equal(episode.query.x[0, :, 0, 0, 0], [1, 2, 3, 5, 6, 7, 9, 10, 11])
    np.testing.assert_array_equal(episode.query.y[1].argmax(-1), [0, 0, 0, 1, 1, 1, 2, 2, 2])
    np.testing.assert_array_equal(episode.support.y[0], np.eye(3))
