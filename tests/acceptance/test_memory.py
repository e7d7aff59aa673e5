"""Working memory of long inner loops, at the size of Omniglot's networks; compiled, not run."""

import jax
import jax.numpy as jnp
import pytest
from flax import nnx

from maml_engine import FOMAML, MAML, Batch, Conv4, Episode, MetaParams, softmax_cross_entropy
from maml_engine.models import Network

pytestmark = pytest.mark.acceptance

WAY, TASKS = 5, 8


def temporary_bytes(method, mode=None):
    network, params = Network.split(Conv4(WAY, rngs=nnx.Rngs(0)))
    batch = Batch(jnp.zeros((TASKS, WAY, 28, 28, 1)), jnp.tile(jnp.arange(WAY), (TASKS, 1)))

    def gradient(params, episode):
        meta = MetaParams(params, ())
        return method.meta_gradient(meta, episode, network=network, loss_fn=softmax_cross_entropy, mode=mode)

    compiled = jax.jit(gradient).lower(params, Episode(batch, batch)).compile()
    return compiled.memory_analysis().temp_size_in_bytes


def test_fifty_inner_steps_of_conv4():
    """A first-order gradient that stored the unrolled loop would be as dear as the exact one."""
    first_order = [temporary_bytes(FOMAML(0.01, steps)) for steps in (2, 50)]
    plain, mixed, checkpointed = (temporary_bytes(MAML(0.01, 50), mode) for mode in ("plain", "mixed", "checkpointed"))
    print({"plain": plain, "mixed": mixed, "checkpointed": checkpointed, "first order, 2 and 50 steps": first_order})
    assert first_order[1] < 1.1 * first_order[0]
    assert mixed < plain / 3
    assert checkpointed < mixed / 2
