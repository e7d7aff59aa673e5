"""Inner optimisers that a caller brings: which way they go, and whether a gradient of 0 can be differentiated through."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from maml_engine import MLP, Batch, MAMLRegressor, Sinusoid, adapt, meta_value_and_grad
from maml_engine.methods import FOMAML, INNER_OPTIMIZERS, MAML, MAMLPlusPlus
from tests.quadratics import flat

READY_MADE = [optax.adam(1e-2), optax.sgd(0.1), optax.sgd(0.1, momentum=0.9), optax.rmsprop(1e-2), optax.adamw(1e-2)]
DIRECTIONS = [*INNER_OPTIMIZERS.values(), optax.clip(0.5), optax.chain(optax.sgd(0.1), optax.scale(-1.0))]


@pytest.mark.parametrize("inner_optimizer", READY_MADE)
def test_an_optimiser_with_a_step_size_of_its_own_is_refused_because_it_would_climb(inner_optimizer):
    with pytest.raises(ValueError, match=r"hand over optax\.scale_by_adam\(eps_root=1e-8\), not optax\.adam"):
        MAML(0.1, 3, inner_optimizer)


@pytest.mark.parametrize("inner_optimizer", DIRECTIONS)
def test_what_is_taken_descends(inner_optimizer):
    """The slow twin: the loss itself, before a small step and after it."""
    model, x = MLP(8, num_layers=1, activation="tanh", rngs=nnx.Rngs(0)), jnp.linspace(-1, 1, 9)[:, None]
    support = Batch(x, jnp.sin(3 * x))
    adapted = adapt(MAML(1e-3, 1, inner_optimizer), model, support)
    assert jnp.mean((adapted(x) - support.y) ** 2) < jnp.mean((model(x) - support.y) ** 2)


def test_what_cannot_be_tried_on_one_parameter_is_left_alone():
    """Labels by name fit the caller's network and no other."""
    labels = {"a": "slow", "b": "fast"}
    MAML(0.1, 1, optax.partition({"slow": optax.identity(), "fast": optax.scale(10.0)}, labels))


@pytest.mark.parametrize("method", [MAML, MAMLPlusPlus])
def test_eps_root_is_asked_for_where_an_exact_gradient_would_be_nan(method):
    model = MAMLRegressor(8, rngs=nnx.Rngs(0))
    model.fc1.bias[...] = jnp.full(8, -100.0)  # every ReLU is dead
    episode = Sinusoid().sample(jax.random.key(0), 4, 5, 5)
    with pytest.raises(ValueError, match="`eps_root`"):
        meta_value_and_grad(method(0.01, 2, optax.scale_by_adam()), model, episode)
    for inner in (FOMAML(0.01, 2, optax.scale_by_adam()), method(0.01, 2, optax.scale_by_adam(eps_root=1e-8))):
        _, gradient = meta_value_and_grad(inner, model, episode)
        assert np.isfinite(flat(gradient.init)).all()
