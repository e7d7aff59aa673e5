"""The exact outer gradient: through every inner step (MAML and most of the family).

All modes give the same gradient (a test holds them together in 64 bits) and differ in what they store:

- `plain`: reverse mode through the inner gradient, which keeps every step's activations.
- `mixed`: the inner gradient carries its own rule, a Hessian-vector product that mixes forward and reverse mode
  (`v <- v - inner_lr * H(theta_k) v`). It keeps parameters, not activations (Kemaev et al., 2025, MixFlow-MG).
- `checkpointed`: mixed, and of K steps' parameters it keeps about 2 sqrt(K), for one more pass through the inner loop.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from maml_engine.core import chunks
from maml_engine.core.adapter import Adapter, MetaParams, TaskLoss
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.meta_loss import Flow, shared_gradients

PyTree = Any


def exact_gradient(
    adapter: Adapter, episode: Episode, *, key: jax.Array | None = None, mode: str | None = None
) -> tuple[jax.Array, MetaParams]:
    """The meta-loss and its exact gradient, second order included (Finn et al., 2017, eq. 4 without its outer step).

    Without a `mode`, mixed: on one CPU thread it took as long as plain within noise, at every number of steps from 1 to 10, and
    its memory does not grow with the activations. Checkpointed where one task's steps alone would exceed `chunks.MAX_BYTES`.

    Args:
      adapter: the method and the meta-parameters to start from.
      episode: tasks on a leading axis `[tasks]`.
      key: for methods that draw; one for all tasks, or one for each, `[tasks]`.
      mode: a name in `MODES`; None chooses.

    Returns:
      The meta-loss `[]`, and the gradient, shaped like `adapter.meta`.
    """
    inner_steps = adapter.method.inner_steps
    if mode is None:
        mode = "mixed" if chunks.one_task_fits(adapter, episode, inner_steps) else "checkpointed"
    kept = 2 * math.isqrt(inner_steps) if mode == "checkpointed" else inner_steps
    return chunks.value_and_grad(adapter, episode, flow=MODES[mode], kept=kept, key=key)


def plain_gradient(loss: TaskLoss) -> TaskLoss:
    """The inner gradient as JAX differentiates it."""
    return jax.grad(loss)


def mixed_gradient(loss: TaskLoss) -> TaskLoss:
    """The inner gradient whose backward pass is a Hessian-vector product, reverse-over-forward.

    The Hessian is symmetric, so the cotangent `v` of the gradient pulls back to `H v`, which is the gradient of the loss's
    derivative along `v`. The same pass gives the mixed derivative for the parameters that stay fixed in the inner loop.
    Forward-over-reverse takes as many operations, in an order of axes that costs a fifth more (`runtime.matmul_rewriting`).
    """

    @jax.custom_vjp
    def inner_gradient(loss: TaskLoss, moving: PyTree, fixed: PyTree, batch: Batch) -> PyTree:
        return jax.grad(loss)(moving, fixed, batch)

    def forward(*args):
        return jax.grad(args[0])(*args[1:]), args

    def backward(residuals, cotangent: PyTree):
        loss, moving, fixed, batch = residuals
        pulled_back = jax.grad(partial(_along, loss))((moving, fixed), batch, cotangent)
        return None, *pulled_back, None  # nothing here learns from the network's state or from the data

    inner_gradient.defvjp(forward, backward)
    return partial(inner_gradient, loss)


def _along(loss: TaskLoss, params: tuple[PyTree, PyTree], batch: Batch, direction: PyTree) -> jax.Array:
    """The loss's derivative at `(moving, fixed)` along a direction of what moves, `[]`."""
    moving, fixed = params
    return jax.jvp(lambda at: loss(at, fixed, batch), (moving,), (direction,))[1]


def mixed_shared_gradients(loss: TaskLoss) -> TaskLoss:
    """As `shared_gradients(mixed_gradient)`, and the sum of all tasks' `H_t v_t` is one backward pass.

    The parameters are the same for all tasks, so the pass folds their products into large ones; a Hessian-vector product for
    each task would make a kernel's gradient for each, only to add them up.
    """

    @jax.custom_vjp
    def gradients(loss: TaskLoss, moving: PyTree, fixed: PyTree, batches: Batch) -> PyTree:
        return shared_gradients(jax.grad)(loss)(moving, fixed, batches)

    def forward(*args):
        return shared_gradients(jax.grad)(args[0])(*args[1:]), args

    def backward(residuals, cotangents: PyTree):
        loss, moving, fixed, batches = residuals

        def along(params: tuple[PyTree, PyTree]) -> jax.Array:
            return jnp.sum(jax.vmap(partial(_along, loss), (None, 0, 0))(params, batches, cotangents))

        return None, *jax.grad(along)((moving, fixed)), None

    gradients.defvjp(forward, backward)
    return partial(gradients, loss)


def checkpointed_scan(body: Callable, carry: PyTree, xs: jax.Array) -> tuple[PyTree, PyTree]:
    """`jax.lax.scan` whose backward pass stores about 2 sqrt(n) of n carries and computes the others once more.

    Blocks of sqrt(n) steps: the carries before each block are kept, and while the way back is in a block, those within it.

    Args:
      body: `(carry, x) -> (carry, y)`.
      carry: the first carry.
      xs: `[n]`.

    Returns:
      The last carry, and the `y` of all steps on a leading axis `[n]`.
    """
    steps = len(xs)
    block = math.isqrt(steps - 1) + 1  # rounded up
    whole = steps - steps % block
    # The remainder comes first and is stored whole, being shorter than a block.
    carry, first = jax.lax.scan(body, carry, xs[: steps - whole])
    # Inside a scan nothing can be merged with what is computed again, so the guard against it would only cost.
    step_block = jax.checkpoint(partial(jax.lax.scan, body), prevent_cse=False)
    carry, rest = jax.lax.scan(step_block, carry, xs[steps - whole :].reshape(-1, block))
    return carry, jax.tree.map(lambda a, b: jnp.concatenate([a, b.reshape(-1, *b.shape[2:])]), first, rest)


MODES = {
    "plain": Flow(plain_gradient, shared_gradients(plain_gradient)),
    "mixed": Flow(mixed_gradient, mixed_shared_gradients),
    "checkpointed": Flow(mixed_gradient, mixed_shared_gradients, checkpointed_scan),
}
