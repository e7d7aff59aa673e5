"""ANIL and BOIL: the frozen part is frozen in the inner loop only."""

import jax
import numpy as np
import pytest
from flax import nnx

from maml_engine import MAMLRegressor, Sinusoid, adapt, meta_value_and_grad
from maml_engine.methods import ANIL, BOIL, MAML
from tests.quadratics import flat


@pytest.mark.parametrize(("method", "moves"), [(ANIL, {"fc3"}), (BOIL, {"fc1", "fc2"}), (MAML, {"fc1", "fc2", "fc3"})])
def test_only_some_layers_adapt_and_all_are_trained(method, moves):
    model = MAMLRegressor(8, rngs=nnx.Rngs(0))
    episode = Sinusoid().sample(jax.random.key(0), 4, 5, 5)
    adapted = adapt(method(0.01, 3), model, jax.tree.map(lambda leaf: leaf[0], episode.support))
    before, after = nnx.state(model, nnx.Param), nnx.state(adapted, nnx.Param)
    changed = {layer for layer in ("fc1", "fc2", "fc3") if np.any(flat(before[layer]) != flat(after[layer]))}
    assert changed == moves
    _, gradient = meta_value_and_grad(method(0.01, 3), model, episode)
    assert all(np.any(flat(gradient.init[layer])) for layer in ("fc1", "fc2", "fc3"))


def test_a_caller_may_say_which_leaves_move():
    model = MAMLRegressor(8, rngs=nnx.Rngs(0))
    support = jax.tree.map(lambda leaf: leaf[0], Sinusoid().sample(jax.random.key(0), 1, 5, 5).support)
    adapted = adapt(ANIL(0.01, 2, head=nnx.PathContains("fc2")), model, support)
    assert np.any(adapted.fc2.kernel[...] != model.fc2.kernel[...])
    np.testing.assert_array_equal(adapted.fc3.kernel[...], model.fc3.kernel[...])


@pytest.mark.parametrize("method", [ANIL, BOIL])
def test_a_filter_that_matches_nothing_is_refused_with_the_paths_that_there_are(method):
    """Without a word ANIL would adapt nothing, and BOIL everything."""
    model = MAMLRegressor(8, rngs=nnx.Rngs(0))
    support = jax.tree.map(lambda leaf: leaf[0], Sinusoid().sample(jax.random.key(0), 1, 5, 5).support)
    with pytest.raises(ValueError, match=r"matches no parameter of this network; there are fc1/bias, fc1/kernel, fc2/bias"):
        adapt(method(0.01, 2, head=nnx.PathContains("fc4")), model, support)
    with pytest.raises(ValueError, match=r"BOIL's filter of what adapts matches no parameter"):
        adapt(BOIL(0.01, 2, head=nnx.Param), model, support)
