"""The ways to the exact gradient against each other, and what each of them stores."""

import jax
import jax.test_util
import numpy as np
import pytest
from flax import nnx

from maml_engine import MAML, MLP, MetaParams, mean_squared_error, meta_value_and_grad
from maml_engine.core import chunks
from maml_engine.core.adapter import Adapter
from maml_engine.core.exact import MODES
from maml_engine.core.meta_loss import meta_loss
from maml_engine.models import Network
from tests.core.problems import LastLayerMoves, MultiStep, sines, tanh_model
from tests.quadratics import relative_error


@pytest.mark.parametrize("mode", ["plain", "mixed"])
def test_check_grads_of_the_meta_loss(x64, mode):
    """In reverse mode alone, since the mixed gradient carries its own rule."""
    network, params = Network.split(tanh_model(hidden_dim=4))
    episode = sines(tasks=2)

    @jax.jit
    def loss_at(params):
        return meta_loss(Adapter(MAML(0.1, 2), MetaParams(params, ()), network), episode, flow=MODES[mode])

    jax.test_util.check_grads(loss_at, (params,), order=1, modes=["rev"], eps=1e-5, rtol=1e-6)


@pytest.mark.parametrize("mode", ["mixed", "checkpointed"])
@pytest.mark.parametrize(
    ("method", "inner_steps"),
    [(MAML, 0), (MAML, 1), (MAML, 2), (MAML, 5), (MAML, 8), (LastLayerMoves, 0), (LastLayerMoves, 2), (MultiStep, 3)],
)
def test_modes_agree_with_plain(x64, method, inner_steps, mode):
    model, episode = tanh_model(), sines()
    (plain_loss, plain), (loss, gradient) = (
        meta_value_and_grad(method(0.1, inner_steps), model, episode, mode=name) for name in ("plain", mode)
    )
    np.testing.assert_allclose(loss, plain_loss, rtol=1e-12)
    assert relative_error(gradient, plain) < 1e-10


def test_checkpointing_grows_with_the_square_root_of_the_steps(monkeypatch):
    """Where parameters outweigh all else: 16 times the steps need 4 times the memory, where mixed needs 16 times."""
    monkeypatch.setattr(chunks, "CACHE_BYTES", chunks.MAX_BYTES)  # all four tasks side by side
    model = MLP(64, num_layers=2, rngs=nnx.Rngs(0))
    network, params = Network.split(model)
    episode = sines(tasks=4, k_shot=2, k_query=2, dtype=np.float32)

    def stored(mode, inner_steps):
        def gradient(params):
            meta = MetaParams(params, ())
            return MAML(0.01, inner_steps).meta_gradient(meta, episode, network=network, loss_fn=mean_squared_error, mode=mode)

        return jax.jit(gradient).lower(params).compile().memory_analysis().temp_size_in_bytes

    (few, many), (mixed_few, mixed_many) = ([stored(mode, steps) for steps in (10, 145)] for mode in ("checkpointed", "mixed"))
    assert mixed_many > 8 * mixed_few
    assert many < 4.5 * few
    assert many < 0.35 * mixed_many


def test_a_task_that_would_not_fit_is_checkpointed(monkeypatch):
    network, params = Network.split(MLP(40, rngs=nnx.Rngs(0)))
    meta, episode, method = MetaParams(params, ()), sines(2, 3, 3, np.float32), MAML(0.01, 30)
    setting = {"network": network, "loss_fn": mean_squared_error}

    def program():
        return str(jax.make_jaxpr(lambda meta: method.meta_gradient(meta, episode, **setting))(meta))

    assert "remat" not in program() and "checkpoint" not in program()
    monkeypatch.setattr(chunks, "MAX_BYTES", chunks.task_bytes(Adapter(method, meta, network), episode, 20))
    assert "remat" in program() or "checkpoint" in program()
