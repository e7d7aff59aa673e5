"""Rows of weight 0 have no influence, whatever they hold: the twin is the same episode without them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine import Episode, adapt, evaluation, meta_value_and_grad
from maml_engine.core.episode import Batch
from maml_engine.core.losses import mean_loss, mean_squared_error
from maml_engine.methods import FOMAML, IMAML, MAML, Reptile
from tests.core.problems import sines, tanh_model, task_of
from tests.quadratics import relative_error


def spoilt(batch, rows=3):
    """`rows` more rows a task that hold nothing but NaN, of weight 0."""
    tasks, examples = batch.y.shape[:2]
    weight = jnp.concatenate([jnp.ones((tasks, examples)), jnp.zeros((tasks, rows))], axis=1)
    return Batch(*(jnp.pad(leaf, ((0, 0), (0, rows), (0, 0)), constant_values=jnp.nan) for leaf in batch[:2]), weight)


@pytest.mark.parametrize("mode", ["plain", "mixed", "checkpointed"])
def test_nan_in_rows_of_weight_0_reaches_neither_the_loss_nor_the_exact_gradient(x64, mode):
    model, clean = tanh_model(), sines()
    (loss, gradient), (alone, expected) = (
        meta_value_and_grad(MAML(0.1, 3), model, episode, mode=mode) for episode in (Episode(*map(spoilt, clean)), clean)
    )
    assert abs(loss - alone) < 1e-12
    assert relative_error(gradient.init, expected.init) < 1e-12


@pytest.mark.parametrize("method", [FOMAML, IMAML, Reptile])
def test_nor_any_other_gradient(x64, method):
    model, clean = tanh_model(), sines()
    (_, gradient), (_, expected) = (
        meta_value_and_grad(method(0.1, 3), model, episode) for episode in (Episode(*map(spoilt, clean)), clean)
    )
    assert relative_error(gradient.init, expected.init) < 1e-12


def test_nor_what_is_adapted_nor_what_is_measured(x64):
    model, clean = tanh_model(), sines()
    support = task_of(clean.support, 0)
    adapted = adapt(MAML(0.1, 3), model, jax.tree.map(lambda leaf: leaf[0], spoilt(clean.support)))
    x = jnp.linspace(-5, 5, 7)[:, None]
    np.testing.assert_allclose(adapted(x), adapt(MAML(0.1, 3), model, support)(x), rtol=1e-12)
    path = jnp.zeros((len(clean.query.y), 1, clean.query.y.shape[1] + 3, 1)).at[:, :, -3:].set(jnp.nan)
    losses = evaluation._along_path(path, spoilt(clean.query), measures=(("loss", mean_squared_error),))["loss"]
    np.testing.assert_allclose(losses[:, 0], jnp.mean(clean.query.y**2, axis=(1, 2)), rtol=1e-12)


def test_the_mean_over_no_rows_is_0():
    rows = jnp.full((4, 1), jnp.nan)
    assert mean_loss(mean_squared_error, rows, Batch(rows, rows, jnp.zeros(4))) == 0
