"""How the outer gradient flows back through the inner loop.

All exact modes give the same gradient (a test holds them together in 64 bits) and differ in what they store:

- `plain`: reverse mode through the inner gradient, which keeps every step's activations.
- `mixed`: the inner gradient carries its own rule, a Hessian-vector product that mixes forward and reverse mode
  (`v <- v - inner_lr * H(theta_k) v`). It keeps parameters, not activations (Kemaev et al., 2025, MixFlow-MG).
- `checkpointed`: mixed, and of K steps' parameters it keeps about 2 sqrt(K), for one more pass through the inner loop.

The first-order gradient is the mixed pass without that product.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx

from maml_engine.checks import check_choice
from maml_engine.core.adapter import Adapter, MetaParams, TaskLoss, merge, partition
from maml_engine.core.conjugate_gradients import conjugate_gradients
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.inner_loop import PyTree, inner_loop
from maml_engine.core.losses import LossFn, mean_squared_error
from maml_engine.runtime.matmul_rewriting import fast_products


def plain_gradient(loss: TaskLoss) -> TaskLoss:
    """The inner gradient as JAX differentiates it."""
    return jax.grad(loss)


def mixed_gradient(loss: TaskLoss) -> TaskLoss:
    """The inner gradient whose backward pass is a Hessian-vector product, reverse-over-forward.

    The Hessian is symmetric, so the cotangent `v` of the gradient pulls back to `H v`, which is the gradient of the loss's
    derivative along `v`. The same pass gives the mixed derivative for the parameters that stay fixed in the inner loop.
    Forward-over-reverse takes as many operations, in an order of axes that costs a fifth more (`products`).
    """

    @jax.custom_vjp
    def inner_gradient(loss: TaskLoss, moving: PyTree, fixed: PyTree, batch: Batch) -> PyTree:
        return jax.grad(loss)(moving, fixed, batch)

    def forward(*args):
        return jax.grad(args[0])(*args[1:]), args

    def backward(residuals, cotangent: PyTree):
        loss, moving, fixed, batch = residuals
        pulled_back = jax.grad(partial(_along, loss), argnums=(0, 1))(moving, fixed, batch, cotangent)
        return None, *pulled_back, None  # nothing here learns from the network's state or from the data

    inner_gradient.defvjp(forward, backward)
    return partial(inner_gradient, loss)


def _along(loss: TaskLoss, moving: PyTree, fixed: PyTree, batch: Batch, direction: PyTree) -> jax.Array:
    """The loss's derivative along a direction, `[]`."""
    return jax.jvp(lambda at: loss(at, fixed, batch), (moving,), (direction,))[1]


def shared_gradients(inner_gradient: Callable[[TaskLoss], TaskLoss]) -> Callable[[TaskLoss], TaskLoss]:
    """Makes of an inner gradient that of many tasks at one point: leaves `[tasks, ...]`, from batches `[tasks, ...]`."""
    return lambda loss: jax.vmap(inner_gradient(loss), in_axes=(None, None, 0))


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

        def along(moving: PyTree, fixed: PyTree) -> jax.Array:
            return jnp.sum(jax.vmap(partial(_along, loss), (None, None, 0, 0))(moving, fixed, batches, cotangents))

        return None, *jax.grad(along, argnums=(0, 1))(moving, fixed), None

    gradients.defvjp(forward, backward)
    return partial(gradients, loss)


def constant_gradient(loss: TaskLoss) -> TaskLoss:
    """The inner gradient as a constant, which drops the Hessian-vector products (Finn et al., 2017, sec. 5.2).

    Stopping the adapted parameters instead, as is often written, would zero the meta-gradient.
    """
    return lambda *args: jax.lax.stop_gradient(jax.grad(loss)(*args))


def checkpointed_scan(body: Callable, carry: PyTree, xs: jax.Array) -> tuple[PyTree, PyTree]:
    """`jax.lax.scan` whose backward pass stores about 2 sqrt(n) of n carries and computes the others once more.

    Blocks of sqrt(n) steps: the carries before each block are kept, and while the way back is in a block, those within it.
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


class Mode(NamedTuple):
    """How the outer gradient flows: how the inner gradient is differentiated, at the first step that of all tasks together
    (there they share their parameters), and how the inner steps are run."""

    inner_gradient: Callable[[TaskLoss], TaskLoss]
    first_gradients: Callable[[TaskLoss], TaskLoss]
    scan: Callable = jax.lax.scan


MODES = {
    "plain": Mode(plain_gradient, shared_gradients(plain_gradient)),
    "mixed": Mode(mixed_gradient, mixed_shared_gradients),
    "checkpointed": Mode(mixed_gradient, mixed_shared_gradients, checkpointed_scan),
}

FIRST_ORDER = Mode(constant_gradient, shared_gradients(constant_gradient))

# What one meta-gradient may take for its own work. Up to there all tasks are computed side by side, beyond it chunk by chunk.
MAX_BYTES = 2**30


def exact(
    adapter: Adapter, episode: Episode, *, key: jax.Array | None = None, mode: str | None = None
) -> tuple[jax.Array, MetaParams]:
    """The meta-loss and its exact gradient, second order included (Finn et al., 2017, eq. 4 without its outer step).

    Without a `mode`, mixed: on one CPU thread it took as long as plain within noise, at every number of steps from 1 to 10, and
    its memory does not grow with the activations. Checkpointed where one task's steps alone would exceed `MAX_BYTES`.
    """
    inner_steps = adapter.method.inner_steps
    if mode is None:
        mode = "mixed" if task_bytes(adapter, episode, inner_steps) <= MAX_BYTES else "checkpointed"
    kept = 2 * math.isqrt(inner_steps) if mode == "checkpointed" else inner_steps
    return _in_chunks(adapter, episode, kept, key=key, mode=MODES[mode])


def first_order(adapter: Adapter, episode: Episode, *, key: jax.Array | None = None) -> tuple[jax.Array, MetaParams]:
    """The meta-loss and its first-order gradient: that of the query loss at the adapted parameters."""
    return _in_chunks(adapter, episode, 0, key=key, mode=FIRST_ORDER)


def _in_chunks(
    adapter: Adapter, episode: Episode, kept: int, *, key: jax.Array | None, mode: Mode
) -> tuple[jax.Array, MetaParams]:
    """The meta-loss and its gradient, as many tasks side by side as `MAX_BYTES` holds: the same up to rounding.

    kept: inner steps whose parameters are stored.
    """

    @fast_products
    def value_and_grad(episode: Episode, key: jax.Array | None) -> tuple[jax.Array, MetaParams]:
        def loss_at(meta: MetaParams) -> jax.Array:
            return meta_loss(adapter.replace(meta=meta), episode, key=key, mode=mode)

        return jax.value_and_grad(loss_at)(adapter.meta)

    tasks, key = episode.support.x.shape[0], _task_keys(key, episode)
    chunks = -(-tasks * task_bytes(adapter, episode, kept) // MAX_BYTES)
    at_once = -(-tasks // chunks)
    if at_once >= tasks:
        return value_and_grad(episode, key)

    def add(total: PyTree, chunk: tuple[Episode, jax.Array | None]) -> tuple[PyTree, None]:
        share = chunk[0].support.x.shape[0] / tasks
        return jax.tree.map(lambda so_far, mean: so_far + share * mean, total, value_and_grad(*chunk)), None

    whole = tasks - tasks % at_once
    first, rest = (
        jax.tree.map(lambda leaf, part=part: leaf[part], (episode, key)) for part in (slice(whole), slice(whole, None))
    )
    total = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(value_and_grad, episode, key))
    total, _ = jax.lax.scan(add, total, jax.tree.map(lambda leaf: leaf.reshape(-1, at_once, *leaf.shape[1:]), first))
    return add(total, rest)[0] if whole < tasks else total


def task_bytes(adapter: Adapter, episode: Episode, kept: int) -> int:
    """About how many bytes one task takes, by its shapes: parameters of `kept` steps and the results of a pass."""
    loss, (moving, fixed) = adapter.task_loss(), partition(adapter.method, adapter.meta.init)
    parameters = sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(moving))
    batches = (jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype), batch) for batch in episode)
    passes = sum(_intermediate_bytes(jax.make_jaxpr(loss)(moving, fixed, batch).jaxpr) for batch in batches)
    # Adapted parameters and their cotangent, and of the rest what the compiler did not fuse. Against the compiled program's own
    # figure: 1.1 to 1.8 times for networks 40 and 512 wide at 1 and 5 steps; Conv4, where much is fused, 2.8, first order 5.5.
    return (kept + 2) * parameters + passes


def _intermediate_bytes(jaxpr) -> int:
    """Of all values that are computed in a program, those of the programs that it calls instead of their results."""
    total = 0
    for equation in jaxpr.eqns:
        inner = [program for value in equation.params.values() if (program := getattr(value, "jaxpr", None)) is not None]
        total += sum(map(_intermediate_bytes, inner)) or sum(
            math.prod(variable.aval.shape) * variable.aval.dtype.itemsize for variable in equation.outvars
        )
    return total


def interpolation(adapter: Adapter, episode: Episode, *, key: jax.Array | None = None) -> tuple[jax.Array, MetaParams]:
    """Reptile's direction, theta - theta_K averaged over tasks (Nichol et al., 2018, eq. 4 and algorithm 2).

    Nothing is divided by the inner step size: under plain SGD with step size epsilon the outer step is the paper's
    theta + epsilon (theta_K - theta). The query loss is reported, not used. A learned rule gets a zero gradient.
    """
    loss = meta_loss(adapter, episode, key=key, mode=MODES["plain"])
    adapted = adapted_tasks(adapter, episode, key=key)
    meta = adapter.meta
    chord = jax.tree.map(lambda start, end: jnp.mean(start - end, axis=0), meta.init, adapted)
    return loss, MetaParams(chord, jax.tree.map(jnp.zeros_like, meta.rule))


class Solved(NamedTuple):
    """How well an implicit gradient's two problems were solved, for each task.

    inner_residual: norm of the proximal objective's gradient where the inner loop ended.
    cg_residual: norm of (I + H/lambda) g - query gradient, relative to the query gradient's.
    least_curvature: smallest p'Ap / p'p met by conjugate gradients; at most 0 means that lambda is too small for the
      loss's negative curvature, and the direction is not to be trusted.
    """

    inner_residual: jax.Array
    cg_residual: jax.Array
    least_curvature: jax.Array


def implicit(adapter: Adapter, episode: Episode, *, key: jax.Array | None = None) -> tuple[jax.Array, MetaParams, Solved]:
    """The gradient of the query loss at the solution of the proximal problem (Rajeswaran et al., 2019, eq. 6 and algorithm 2).

    g = (I + H/lambda)^-1 q, with H the support loss's Hessian and q the query gradient at the solution. Memory does not
    depend on the inner steps. Parameters that do not move get the query gradient's own part alone.
    """
    method, meta, loss = adapter.method, adapter.meta, adapter.task_loss()

    def one_task(support: Batch, query: Batch, key: jax.Array | None):
        solution = inner_loop(adapter, support, method.inner_steps, key=key)
        moving, fixed = partition(method, solution)
        start, _ = partition(method, meta.init)
        query_loss, (query_gradient, fixed_gradient) = jax.value_and_grad(loss, argnums=(0, 1))(moving, fixed, query)

        def support_gradient(at: PyTree) -> PyTree:
            return jax.grad(loss)(at, fixed, support)

        def system(direction: PyTree) -> PyTree:
            _, product = jax.jvp(support_gradient, (moving,), (direction,))
            return jax.tree.map(lambda v, hv: v + hv / method.proximal, direction, product)

        gradient, cg_residual, curvature = conjugate_gradients(system, query_gradient, method.cg_steps)
        pull = jax.tree.map(lambda g, a, b: g + method.proximal * (a - b), support_gradient(moving), moving, start)
        return query_loss, merge(gradient, fixed_gradient), Solved(optax.tree.norm(pull), cg_residual, curvature)

    keys = _task_keys(key, episode)
    outcome = jax.vmap(one_task, in_axes=(0, 0, None if keys is None else 0))(episode.support, episode.query, keys)
    query_loss, gradient, solved = outcome
    mean = jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), gradient)
    return jnp.mean(query_loss), MetaParams(mean, jax.tree.map(jnp.zeros_like, meta.rule)), solved


def adapted_tasks(adapter: Adapter, episode: Episode, *, key: jax.Array | None = None) -> PyTree:
    """Each task's adapted parameters, shaped like `adapter.meta.init` with a leading axis `[tasks]`."""

    def one_task(support: Batch, key: jax.Array | None) -> PyTree:
        return inner_loop(adapter, support, adapter.method.inner_steps, key=key)

    keys = _task_keys(key, episode)
    return jax.vmap(one_task, in_axes=(0, None if keys is None else 0))(episode.support, keys)


def _task_keys(key: jax.Array | None, episode: Episode) -> jax.Array | None:
    """A key for each task: `key` split, or `key` itself where it holds one for each already (a share of a larger batch)."""
    if key is None or (jnp.issubdtype(key.dtype, jax.dtypes.prng_key) and key.ndim == 1):
        return key
    return jax.random.split(key, episode.support.x.shape[0])


def meta_loss(adapter: Adapter, episode: Episode, *, mode: Mode, key: jax.Array | None = None) -> jax.Array:
    """Mean over tasks of the query loss after adaptation, `[]`.

    Args:
      adapter: the method and the meta-parameters to start from.
      episode: tasks on a leading axis `[tasks]`.
      mode: how the gradient is to flow back.
      key: one for all, or one for each, `[tasks]`.
    """
    method, loss = adapter.method, adapter.task_loss()
    gradient = mode.inner_gradient(loss)
    step_weights = method.step_weights(adapter.iteration)
    first = None
    if method.inner_steps:
        moving, fixed = partition(method, adapter.meta.init)
        first = mode.first_gradients(loss)(moving, method.fixed_at(adapter.meta.rule, fixed, 0), episode.support)

    def one_task(support: Batch, query: Batch, key: jax.Array | None, first: PyTree) -> jax.Array:
        flow = {"gradient": gradient, "first": first, "scan": mode.scan, "key": key}
        adapt_to = partial(inner_loop, adapter, support, method.inner_steps, **flow)
        if step_weights is None:
            return loss(*partition(method, adapt_to()), query)
        losses = jax.vmap(lambda params: loss(*partition(method, params), query))(adapt_to(along=lambda params: params))
        return jnp.sum(step_weights * losses)

    keys = _task_keys(key, episode)
    return jnp.mean(jax.vmap(one_task)(episode.support, episode.query, keys, first))


@partial(jax.jit, static_argnames="mode")
def _compiled(adapter: Adapter, episode: Episode, key: jax.Array | None, *, mode: str | None) -> tuple[jax.Array, MetaParams]:
    setting = {"network": adapter.network, "loss_fn": adapter.loss_fn, "iteration": adapter.iteration}
    return adapter.method.meta_gradient(adapter.meta, episode, **setting, key=key, mode=mode)


def meta_value_and_grad(
    method,
    model: nnx.Module,
    episode: Episode,
    loss_fn: LossFn = mean_squared_error,
    *,
    rule: PyTree = None,
    iteration: int = 0,
    key: jax.Array | None = None,
    mode: str | None = None,
) -> tuple[jax.Array, MetaParams]:
    """The meta-loss of a batch of tasks, and its gradient as `method` defines it.

    Args:
      method: `MAML(...)` or another of the family.
      model: any NNX module; untouched.
      episode: support and query sets with a leading axis `[tasks]`.
      loss_fn: one number an example.
      rule: what the inner loop has learned; None takes the method's start.
      iteration, key: for methods that schedule or draw.
      mode: how an exact gradient is computed, a name in `MODES`; None lets the engine choose. The gradient is the same.

    Returns:
      The meta-loss `[]`, and `MetaParams` whose `init` is shaped like `nnx.state(model, nnx.Param)`.

    Raises:
      ValueError: an empty episode, unequal numbers of tasks, or an unknown mode.
    """
    if mode is not None:
        check_choice("mode", mode, MODES)
    tasks = {leaf.shape[0] for leaf in jax.tree.leaves(episode)}
    if len(tasks) != 1 or 0 in tasks:
        raise ValueError(f"`episode` must hold one number of tasks, at least 1, in all its arrays, got {sorted(tasks)}.")
    return _compiled(Adapter.of_model(method, model, loss_fn, rule=rule, iteration=iteration), episode, key, mode=mode)
