"""Keys made on the host are JAX's own."""

import jax
import numpy as np
import pytest

from maml_engine.core.keys import key_of
from tests.programs import compiled


@pytest.mark.parametrize("seed", [0, 1, 2017, 2**31, 2**32 - 1, -3, 2**32 + 5])
def test_they_are_those_of_jax_and_draw_the_same(seed):
    ours, theirs = key_of(seed), jax.random.key(seed)
    assert ours.dtype == theirs.dtype and ours.shape == ()
    np.testing.assert_array_equal(jax.random.key_data(ours), jax.random.key_data(theirs))
    np.testing.assert_array_equal(jax.random.normal(ours, (5,)), jax.random.normal(theirs, (5,)))


def test_another_kind_of_keys_is_taken_where_it_is_set():
    with jax.default_prng_impl("rbg"):
        np.testing.assert_array_equal(jax.random.key_data(key_of(3)), jax.random.key_data(jax.random.key(3)))


def test_they_compile_nothing():
    programs = compiled()
    before = len(programs)
    key_of(5)
    assert programs[before:] == []
