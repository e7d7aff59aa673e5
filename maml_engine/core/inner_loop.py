"""The inner loop: from meta-parameters and a support set to the parameters adapted to one task."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter, InnerRule, InnerStep, TaskLoss, merge, partition
from maml_engine.core.arguments import check_batch, check_loss_fn, check_method, check_model, check_one_task, explained
from maml_engine.core.episode import Array, Batch, unknown
from maml_engine.core.losses import LossFn, mean_squared_error

PyTree = Any


def inner_loop(
    adapter: Adapter,
    support: Batch,
    inner_steps: int,
    *,
    gradient: Callable[[TaskLoss], TaskLoss] = jax.grad,
    first: PyTree = None,
    scan: Callable = jax.lax.scan,
    key: jax.Array | None = None,
    along: Callable[[PyTree], PyTree] | None = None,
) -> PyTree:
    """Adapts to one task (Finn et al., 2017, eq. 1, repeated `inner_steps` times).

    Args:
      adapter: the method and the meta-parameters to start from.
      support: the task's examples, `x` `[k_shot, in_dim]`.
      inner_steps: gradient steps; static.
      gradient: makes of the support loss its gradient by what moves. How that is differentiated in turn is the outer
        gradient's choice.
      first: the gradient at the start, where it is known; shaped like what moves.
      scan: runs the later steps, as `jax.lax.scan` does; what it keeps for the way back is the outer gradient's choice too.
      key: for methods and networks that draw; each step gets one of its own.
      along: what to give of each step's parameters; None gives the last ones as they are.

    Returns:
      The adapted parameters theta_K; with `along`, what it makes of theta_0 .. theta_K, on a leading axis `[inner_steps + 1]`.
      It is asked at each step, so that the parameters of all steps need not be held. The backward pass takes one cotangent
      for each.
    """
    method: InnerRule = adapter.method
    rule, asked = adapter.meta.rule, _asking(adapter, support, key)
    if method.support_gives == "solution":
        return _solution(asked, inner_steps, along)
    moving, fixed = partition(method, asked(inner_steps > 0))
    at_every_step = None if adapter.network.is_random else gradient(adapter.task_loss())

    def seen(moving: PyTree, index: jax.Array | int) -> PyTree:
        return None if along is None else along(merge(moving, method.fixed_at(rule, fixed, index)))

    def inner_step(carry: tuple[PyTree, PyTree], index: jax.Array | int, slope: PyTree = None):
        moving, state = carry
        step_key = None if key is None else jax.random.fold_in(key, index)
        if slope is None:
            gradient_of = at_every_step or gradient(adapter.task_loss(step_key))
            slope = gradient_of(moving, method.fixed_at(rule, fixed, index), support)
        moving, state = method.inner_update(rule, moving, slope, state, InnerStep(index, adapter.iteration, step_key))
        return (moving, state), seen(moving, index + 1)

    before = partition(method, asked(False))[0] if along else None
    carry, path = (moving, method.init_inner(rule, moving)), [_alone(seen(before, 0))]
    if inner_steps > 0:
        # The first step stays out of the scan: there all tasks still share their weights, and under `vmap` their
        # products fold into one.
        carry, after_first = inner_step(carry, 0, first)
        path.append(_alone(after_first))
    if inner_steps > 1:
        carry, later = scan(inner_step, carry, jnp.arange(1, inner_steps))
        path.append(later)
    if along is None:
        return merge(carry[0], method.fixed_at(rule, fixed, inner_steps))
    return jax.tree.map(lambda *pieces: jnp.concatenate(pieces), *path)


def _asking(adapter: Adapter, support: Batch, key: jax.Array | None) -> Callable[[bool], PyTree]:
    """What to start from: what the support gives where it is known, and what it gives where nothing is known of the task."""
    if adapter.method.support_gives == "nothing":
        return lambda is_known: adapter.meta.init
    drawn = adapter.replace(network=adapter.network.drawing(key))
    return lambda is_known: adapter.method.from_support(drawn, support if is_known else unknown(support))


def _solution(asked: Callable[[bool], PyTree], inner_steps: int, along: Callable[[PyTree], PyTree] | None) -> PyTree:
    """A path of one step, the solution; all later ones stay there. Arguments and result as in `inner_loop`."""
    if along is None:
        return asked(inner_steps > 0)
    before = _alone(along(asked(False)))
    if inner_steps == 0:
        return before
    return jax.tree.map(
        lambda start, end: jnp.concatenate([start, jnp.broadcast_to(end, (inner_steps, *end.shape))]),
        before,
        along(asked(True)),
    )


def _alone(tree: PyTree) -> PyTree:
    """With a leading axis of one."""
    return jax.tree.map(lambda leaf: leaf[None], tree)


def adapted_path(adapter: Adapter, support: Batch, inner_steps: int) -> PyTree:
    """Every step's parameters for one task, theta_0 .. theta_K on a leading axis `[inner_steps + 1]`."""
    return inner_loop(adapter, support, inner_steps, along=lambda params: params)


@partial(jax.jit, static_argnames="inner_steps")
def path_predictions(adapter: Adapter, support: Batch, query_x: Array, *, inner_steps: int) -> jax.Array:
    """Predictions after 0, 1, .. `inner_steps` steps for each of many tasks.

    Args:
      adapter: the method and the meta-parameters to start from.
      support: the tasks' examples, `x` `[tasks, k_shot, in_dim]`.
      query_x: `[tasks, k_query, in_dim]`.
      inner_steps: gradient steps; static.

    Returns:
      `[tasks, inner_steps + 1, k_query, out_dim]`.
    """

    def one_task(support: Batch, query_x: Array) -> jax.Array:
        def predict(params: PyTree) -> jax.Array:
            return adapter.network.settled(params, support.x).predict(params, query_x)

        return inner_loop(adapter, support, inner_steps, along=predict)

    return jax.vmap(one_task)(support, query_x)


@partial(jax.jit, static_argnames="inner_steps")
def adapted_params(adapter: Adapter, support: Batch, *, inner_steps: int) -> PyTree:
    """The parameters adapted to one task, shaped like `adapter.meta.init`."""
    return inner_loop(adapter, support, inner_steps)


def adapt(
    method: Any,
    model: nnx.Module,
    support: Batch,
    inner_steps: int | None = None,
    loss_fn: LossFn = mean_squared_error,
    *,
    rule: PyTree = None,
) -> nnx.Module:  # positional: a public signature, fixed
    """Adapts `model` to one task and leaves `model` itself untouched.

    Args:
      method: `MAML(...)` or another of the family.
      model: any NNX module.
      support: one task's examples, `x` of shape `[k_shot, ...]`.
      inner_steps: gradient steps; None takes the method's own.
      loss_fn: gives one number an example.
      rule: what the inner loop has learned; None takes the method's start.

    Returns:
      A new module of the same kind with the adapted parameters, ready for use: dropout is off, and normalisation layers go by
      the support's statistics.

    Raises:
      ValueError: no method, model or batch; `inner_steps` is negative, the support set has no examples or several arrays where
        there must be one, rows that the network does not take, or targets that are no classes where the loss is of classes.
    """
    check_method(method)
    check_model(model)
    check_batch("support", support)
    check_loss_fn(loss_fn)
    inner_steps = method.inner_steps if inner_steps is None else inner_steps
    check_number("inner_steps", inner_steps, low=0, integer=True)
    if support.x.shape[0] == 0:
        raise ValueError("`support` must hold at least one example, got none.")
    adapter = Adapter.of_model(method, model, loss_fn, rule=rule)
    with explained(adapter, support=support):
        adapter.check_targets("support.y", support)
        check_one_task(adapter, support)
        adapter = adapter.replace(network=adapter.network.quiet(adapter.meta.init))
        params = adapted_params(adapter, support, inner_steps=inner_steps)
        return adapter.network.settled(params, support.x).merge(params)
