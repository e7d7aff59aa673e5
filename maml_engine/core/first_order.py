"""The first-order outer gradient: the exact one's pass, without the Hessian-vector products (FOMAML)."""

import jax

from maml_engine.core import chunks
from maml_engine.core.adapter import Adapter, MetaParams, TaskLoss
from maml_engine.core.episode import Episode
from maml_engine.core.meta_loss import Flow, shared_gradients


def first_order_gradient(adapter: Adapter, episode: Episode, *, key: jax.Array | None = None) -> tuple[jax.Array, MetaParams]:
    """The meta-loss `[]` and its first-order gradient: that of the query loss at the adapted parameters."""
    return chunks.value_and_grad(adapter, episode, flow=FIRST_ORDER, kept=0, key=key)


def constant_gradient(loss: TaskLoss) -> TaskLoss:
    """The inner gradient as a constant, which drops the Hessian-vector products (Finn et al., 2017, sec. 5.2).

    Stopping the adapted parameters instead, as is often written, would zero the meta-gradient.
    """
    return lambda *args: jax.lax.stop_gradient(jax.grad(loss)(*args))


FIRST_ORDER = Flow(constant_gradient, shared_gradients(constant_gradient))
