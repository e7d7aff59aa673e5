"""The inner loop: from meta-parameters and a support set to the parameters adapted to one task."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine.checks import check_number
from maml_engine.core.episode import Batch
from maml_engine.core.losses import LossFn, mean_loss, mean_squared_error
from maml_engine.models import Network

PyTree = Any


class MetaParams(NamedTuple):
    """What the outer loop learns.

    init: the initialisation theta, shaped like `nnx.state(model, nnx.Param)`.
    rule: what the inner loop has learned (step sizes and the like); empty for MAML.
    """

    init: PyTree
    rule: PyTree


class InnerStep(NamedTuple):
    """Where the inner loop stands, for rules that depend on it.

    index: 0 at the first step. iteration: the meta-iteration. key: a random key, or None.
    """

    index: jax.Array | int
    iteration: jax.Array | int
    key: jax.Array | None


class InnerRule(Protocol):
    """What the inner loop asks of a method; `methods.Method` says what each means."""

    inner_steps: int

    def moving(self, params: PyTree) -> nnx.filterlib.Filter: ...

    def fixed_at(self, rule: PyTree, fixed: PyTree, index: jax.Array | int) -> PyTree: ...

    def init_inner(self, rule: PyTree, moving: PyTree) -> PyTree: ...

    def inner_update(
        self, rule: PyTree, moving: PyTree, gradient: PyTree, state: PyTree, step: InnerStep
    ) -> tuple[PyTree, PyTree]: ...


class InnerProblem(NamedTuple):
    """One task's support loss as a function of what moves.

    loss: `(moving, fixed, batch) -> []`. gradient: its gradient by `moving`; how that is differentiated in turn is
    the outer gradient's choice (`meta_gradient`). batch: the support set. scan: runs the later steps, as `jax.lax.scan` does;
    what it keeps for the way back is likewise the outer gradient's choice. first: the gradient at the start, where it is known.
    """

    loss: Callable[[PyTree, PyTree, Batch], jax.Array]
    gradient: Callable[[PyTree, PyTree, Batch], PyTree]
    batch: Batch
    scan: Callable = jax.lax.scan
    first: PyTree = None


def task_loss(network: Network, loss_fn: LossFn) -> Callable[[PyTree, PyTree, Batch], jax.Array]:
    """`(moving, fixed, batch) -> []`: the mean loss of one task's batch under the two halves of the parameters.

    A pytree, so that a function with a derivative rule of its own can take it as an argument: such a function must not
    close over arrays, and `network` may hold some.
    """

    def loss(network: Network, moving: PyTree, fixed: PyTree, batch: Batch) -> jax.Array:
        return mean_loss(loss_fn, network.predict(join(moving, fixed), batch.x), batch)

    return jax.tree_util.Partial(loss, network)


def part(method: InnerRule, params: PyTree) -> tuple[PyTree, PyTree]:
    """Parameters that move in the inner loop, and those that stay (empty where all move)."""
    moving = method.moving(params)
    return (params, ()) if moving is ... else nnx.split_state(params, moving, ...)


def join(moving: PyTree, fixed: PyTree) -> PyTree:
    """The inverse of `part`."""
    return nnx.merge_state(moving, fixed) if fixed else moving


def inner_loop(
    method: InnerRule,
    meta: MetaParams,
    problem: InnerProblem,
    inner_steps: int,
    *,
    iteration: jax.Array | int = 0,
    key: jax.Array | None = None,
    along: Callable[[PyTree], PyTree] | None = None,
) -> PyTree:
    """Adapts to one task (Finn et al., 2017, eq. 1, repeated `inner_steps` times).

    Args:
      problem: the task's support loss, its gradient and its data.
      along: what to give of each step's parameters; None gives the last ones as they are.

    Returns:
      The adapted parameters theta_K; with `along`, what it makes of theta_0 .. theta_K, on a leading axis `[inner_steps + 1]`.
      It is asked at each step, so that the parameters of all steps need not be held. The backward pass takes one cotangent
      for each.
    """
    moving, fixed = part(method, meta.init)

    def seen(moving: PyTree, index: jax.Array | int) -> PyTree:
        return None if along is None else along(join(moving, method.fixed_at(meta.rule, fixed, index)))

    def inner_step(carry: tuple[PyTree, PyTree], index: jax.Array | int, gradient: PyTree = None):
        moving, state = carry
        step_key = None if key is None else jax.random.fold_in(key, index)
        if gradient is None:
            gradient = problem.gradient(moving, method.fixed_at(meta.rule, fixed, index), problem.batch)
        moving, state = method.inner_update(meta.rule, moving, gradient, state, InnerStep(index, iteration, step_key))
        return (moving, state), seen(moving, index + 1)

    carry, path = (moving, method.init_inner(meta.rule, moving)), [_alone(seen(moving, 0))]
    if inner_steps > 0:
        # The first step stays out of the scan: there all tasks still share their weights, and under `vmap` their
        # products fold into one.
        carry, first = inner_step(carry, 0, problem.first)
        path.append(_alone(first))
    if inner_steps > 1:
        carry, later = problem.scan(inner_step, carry, jnp.arange(1, inner_steps))
        path.append(later)
    if along is None:
        return join(carry[0], method.fixed_at(meta.rule, fixed, inner_steps))
    return jax.tree.map(lambda *pieces: jnp.concatenate(pieces), *path)


def _alone(tree: PyTree) -> PyTree:
    """With a leading axis of one."""
    return jax.tree.map(lambda leaf: leaf[None], tree)


def plain_problem(network: Network, loss_fn: LossFn, support: Batch) -> InnerProblem:
    """The support problem with JAX's own gradient, however it may be differentiated afterwards."""
    loss = task_loss(network, loss_fn)
    return InnerProblem(loss, jax.grad(loss), support)


def adapted_path(
    method: InnerRule, meta: MetaParams, network: Network, loss_fn: LossFn, support: Batch, inner_steps: int, iteration=0
) -> PyTree:
    """Every step's parameters for one task, theta_0 .. theta_K on a leading axis."""
    problem = plain_problem(network, loss_fn, support)
    return inner_loop(method, meta, problem, inner_steps, iteration=iteration, along=lambda params: params)


@partial(jax.jit, static_argnames=("loss_fn", "inner_steps"))
def path_predictions(
    method: InnerRule,
    meta: MetaParams,
    network: Network,
    support: Batch,
    query_x: jax.Array,
    *,
    loss_fn: LossFn,
    inner_steps: int,
    iteration: jax.Array | int = 0,
) -> jax.Array:
    """Predictions after 0, 1, .. `inner_steps` steps for each of many tasks.

    Args:
      support: `x` is `[tasks, k_shot, in_dim]`. query_x: `[tasks, k_query, in_dim]`.

    Returns:
      `[tasks, inner_steps + 1, k_query, out_dim]`.
    """

    def one_task(support: Batch, query_x: jax.Array) -> jax.Array:
        problem = plain_problem(network, loss_fn, support)
        predict = partial(network.predict, x=query_x)
        return inner_loop(method, meta, problem, inner_steps, iteration=iteration, along=predict)

    return jax.vmap(one_task)(support, query_x)


@partial(jax.jit, static_argnames=("loss_fn", "inner_steps"))
def adapted_params(
    method: InnerRule,
    meta: MetaParams,
    network: Network,
    support: Batch,
    *,
    loss_fn: LossFn,
    inner_steps: int,
    iteration: jax.Array | int = 0,
) -> PyTree:
    """The parameters adapted to one task, shaped like `meta.init`."""
    problem = plain_problem(network, loss_fn, support)
    return inner_loop(method, meta, problem, inner_steps, iteration=iteration)


def adapt(
    method: InnerRule,
    model: nnx.Module,
    support: Batch,
    inner_steps: int | None = None,
    loss_fn: LossFn = mean_squared_error,
    *,
    rule: PyTree = None,
) -> nnx.Module:
    """Adapts `model` to one task and leaves `model` itself untouched.

    Args:
      method: `MAML(...)` or another of the family.
      model: any NNX module.
      support: one task's examples, `x` of shape `[k_shot, in_dim]`.
      inner_steps: gradient steps; None takes the method's own.
      rule: what the inner loop has learned; None takes the method's start.

    Returns:
      A new module of the same kind with the adapted parameters.

    Raises:
      ValueError: `inner_steps` is negative, or the support set has no examples.
    """
    inner_steps = method.inner_steps if inner_steps is None else inner_steps
    check_number("inner_steps", inner_steps, low=0, integer=True)
    if support.x.shape[0] == 0:
        raise ValueError("`support` must hold at least one example, got none.")
    network, params = Network.split(model)
    meta = MetaParams(params, method.init_rule(params) if rule is None else rule)
    return network.merge(adapted_params(method, meta, network, support, loss_fn=loss_fn, inner_steps=inner_steps))
