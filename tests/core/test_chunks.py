"""Tasks chunk by chunk give what they give side by side, within the memory that is stated."""

import jax
import numpy as np
import pytest
from flax import nnx

from maml_engine import FOMAML, MAML, MLP, MetaParams, mean_squared_error
from maml_engine.core import chunks
from maml_engine.core.adapter import Adapter
from maml_engine.models import Network
from tests.core.problems import sines, tanh_model
from tests.quadratics import relative_error


@pytest.mark.parametrize("method", [MAML(0.1, 2), FOMAML(0.1, 2)])
def test_tasks_in_chunks_give_the_same(x64, monkeypatch, method):
    """Seven tasks, three at once: chunks of three, and one task left over."""
    network, params = Network.split(tanh_model())
    meta, episode = MetaParams(params, ()), sines(tasks=7)
    setting = {"network": network, "loss_fn": mean_squared_error}
    loss, gradient = method.meta_gradient(meta, episode, **setting)
    one_task = chunks.task_bytes(Adapter(method, meta, network), episode, 2 if isinstance(method, MAML) else 0)
    monkeypatch.setattr(chunks, "MAX_BYTES", 3 * one_task)
    text = str(jax.make_jaxpr(lambda meta: method.meta_gradient(meta, episode, **setting))(meta))
    assert "length=2" in text  # a scan over two chunks, not a loop that was never entered
    chunked_loss, chunked = method.meta_gradient(meta, episode, **setting)
    np.testing.assert_allclose(chunked_loss, loss, rtol=1e-12)
    assert relative_error(chunked, gradient) < 1e-12


def test_four_thousand_tasks_fit_the_stated_memory(monkeypatch):
    network, params = Network.split(MLP(40, rngs=nnx.Rngs(0)))
    episode = sines(4000, 10, 10, np.float32)

    def temporary_bytes(limit):
        for name in ("MAX_BYTES", "CACHE_BYTES"):
            monkeypatch.setattr(chunks, name, limit)
        setting = {"network": network, "loss_fn": mean_squared_error}
        gradient = jax.jit(lambda params: MAML().meta_gradient(MetaParams(params, ()), episode, **setting))
        return gradient.lower(params).compile().memory_analysis().temp_size_in_bytes

    assert temporary_bytes(10_000_000) <= 10_000_000 < temporary_bytes(2**30)


def test_on_a_cpu_as_many_tasks_are_side_by_side_as_its_cache_holds(monkeypatch):
    """Else an operation on all tasks waits for memory: of 256 units with five steps it took twice as long."""
    network, params = Network.split(MLP(256, rngs=nnx.Rngs(0)))
    episode, setting = sines(8, 10, 10, np.float32), {"network": network, "loss_fn": mean_squared_error}
    one_task = chunks.task_bytes(Adapter(MAML(0.01, 5), MetaParams(params, ()), network), episode, 5)
    assert one_task < chunks.CACHE_BYTES < 8 * one_task < chunks.MAX_BYTES

    def loops():
        gradient = jax.make_jaxpr(lambda params: MAML(0.01, 5).meta_gradient(MetaParams(params, ()), episode, **setting))
        return str(gradient(params)).count("scan[")

    on_a_cpu = loops()
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert on_a_cpu > loops()
