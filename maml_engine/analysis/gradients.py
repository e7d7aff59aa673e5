"""What the first-order meta-gradient leaves out, measured on the real network.

One pass backwards gives both gradients and everything between them. With theta_0 .. theta_K the inner loop's path,

    v_K = gradient of the query loss at theta_K                the first-order gradient
    v_k = v_{k+1} - alpha H(theta_k) v_{k+1}                   one step back: H is the support loss's Hessian
    v_0                                                        the exact gradient

so the correction of step k is `v_{k+1} - v_k`. Each step back is the transposed derivative of the method's own inner step: for
MAML the formula above, for a learned step size what that one makes of it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from maml_engine.analysis.angles import degrees_between
from maml_engine.analysis.compiled_steps import MAX_STEPS, with_room_for
from maml_engine.analysis.layers import layer_places
from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter, InnerStep, merge, partition
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.exact import mixed_gradient
from maml_engine.core.inner_loop import adapted_path
from maml_engine.runtime.parallel import parallel_map

PyTree = Any

TASKS_AT_ONCE = 25  # in one program; more of them are several calls of it


@dataclass(frozen=True, eq=False)
class Agreement:
    """How two gradients agree, layer by layer (`[layers]`) or as a whole (`[]`).

    exact_norm: `[layers]` or `[]`, Euclidean norm.
    first_order_norm: `[layers]` or `[]`, Euclidean norm.
    cosine: `[layers]` or `[]`, between -1 and 1; NaN where a norm is 0 or not finite.
    angle: `[layers]` or `[]`, degrees; NaN where a norm is 0 or not finite.
    """

    exact_norm: np.ndarray | np.floating
    first_order_norm: np.ndarray | np.floating
    cosine: np.ndarray | np.floating
    angle: np.ndarray | np.floating

    @classmethod
    def of(cls, exact: np.ndarray, first_order: np.ndarray) -> "Agreement":
        """Compares two vectors `[params]`."""
        exact, first_order = exact.astype(np.float64), first_order.astype(np.float64)
        norms = np.linalg.norm(exact), np.linalg.norm(first_order)
        angle = degrees_between(exact, first_order)
        return cls(*norms, np.cos(np.radians(angle)), angle)


@dataclass(frozen=True, eq=False)
class GradientComparison:
    """The exact and the first-order meta-gradient of a batch of tasks, and the way from one to the other.

    inner_steps: K.
    meta_loss: mean query loss after `inner_steps` steps.
    exact: `[params]`, by `init` alone, in the order of `jax.tree.leaves(meta.init)`.
    first_order: `[params]`, likewise.
    layers: names `[layers]`.
    by_layer: how the two agree in each layer.
    overall: how they agree as a whole.
    vector_norm: `[inner_steps + 1]`, norm of v_k, mean over tasks.
    correction_norm: `[inner_steps]`, norm of `v_{k+1} - v_k`, mean over tasks.
    vector_angle: `[inner_steps + 1]`, degrees between v_k and v_K, mean over tasks.
    """

    inner_steps: int
    meta_loss: float
    exact: np.ndarray
    first_order: np.ndarray
    layers: tuple[str, ...]
    by_layer: Agreement
    overall: Agreement
    vector_norm: np.ndarray
    correction_norm: np.ndarray
    vector_angle: np.ndarray


@dataclass(frozen=True, eq=False)
class GradientSweep:
    """How the two gradients part as the inner loop grows; NaN where it overflowed.

    inner_lr: `[sizes]`, step sizes.
    inner_steps: `[steps]`, numbers of steps.
    angle: `[steps, sizes]`, degrees between the two meta-gradients.
    ratio: `[steps, sizes]`, norm of the exact over the norm of the first-order one.
    meta_loss: `[steps, sizes]`, mean query loss after so many steps of that size.
    """

    inner_lr: np.ndarray
    inner_steps: np.ndarray
    angle: np.ndarray
    ratio: np.ndarray
    meta_loss: np.ndarray


def compare_gradients(
    adapter: Adapter, episode: Episode, inner_steps: int | None = None, *, num_tasks: int | None = None
) -> GradientComparison:
    """Computes both meta-gradients and the corrections between them.

    Args:
      adapter: the method and the meta-parameters to start from.
      episode: tasks on a leading axis `[tasks]`.
      inner_steps: None takes the method's own. Up to `MAX_STEPS` all numbers share one compiled program.
      num_tasks: only so many of the tasks count; None counts all.

    Raises:
      ValueError: a number out of range, or a method whose inner loop carries a state.
    """
    steps = int(adapter.method.inner_steps) if inner_steps is None else inner_steps
    adapter = with_room_for(adapter, steps)
    pieces = _pieces(episode, num_tasks)
    meta_loss, exact, first_order, *along = _mean_over(pieces, lambda some, counts: _compare(adapter, some, steps, counts))
    places = layer_places(adapter.meta.init)
    by_layer = [Agreement.of(exact[own], first_order[own]) for own in places.values()]
    fields = ("exact_norm", "first_order_norm", "cosine", "angle")
    return GradientComparison(
        inner_steps=steps,
        meta_loss=float(meta_loss),
        exact=exact,
        first_order=first_order,
        layers=tuple(places),
        by_layer=Agreement(*(np.array([getattr(layer, name) for layer in by_layer]) for name in fields)),
        overall=Agreement.of(exact, first_order),
        vector_norm=along[0][: steps + 1],
        correction_norm=along[1][:steps],
        vector_angle=along[2][: steps + 1],
    )


def sweep_gradients(
    adapter: Adapter,
    episode: Episode,
    inner_lr: Sequence[float],
    inner_steps: Sequence[int] = tuple(range(1, MAX_STEPS + 1)),
    *,
    num_tasks: int | None = None,
) -> GradientSweep:
    """Computes the two meta-gradients for every inner step size and number of inner steps, in one compiled call.

    Args:
      adapter: the method and the meta-parameters to start from.
      episode: tasks on a leading axis `[tasks]`.
      inner_lr: step sizes `[sizes]`, each > 0; they replace the method's own.
      inner_steps: numbers of steps `[steps]`.
      num_tasks: only so many of the tasks count; None counts all.

    Raises:
      ValueError: a number out of range, or a method whose inner loop carries a state.
    """
    for size in inner_lr:
        check_number("inner_lr", size, above=0)
    for number in inner_steps:
        check_number("inner_steps", number, low=0, integer=True)
    adapter = with_room_for(adapter, max(inner_steps))
    sizes, steps = np.asarray(inner_lr, adapter.dtype), np.asarray(inner_steps)
    pieces = _pieces(episode, num_tasks)
    results = _mean_over(pieces, lambda some, counts: _sweep(adapter, some, sizes, steps, counts=counts))
    meta_loss, exact, first_order = (np.swapaxes(result, 0, 1) for result in results)  # [steps, sizes, ..]
    with np.errstate(all="ignore"):  # some inner loops overflow
        angle = degrees_between(exact, first_order)
        ratio = np.linalg.norm(exact, axis=-1) / np.linalg.norm(first_order, axis=-1)
    return GradientSweep(np.asarray(inner_lr), steps, angle, ratio, meta_loss)


@jax.jit
def _compare(adapter: Adapter, episode: Episode, inner_steps: jax.Array, counts: jax.Array):
    def one_task(support: Batch, query: Batch):
        path = _path(adapter, support)
        losses, ends = _query_gradients(adapter, jax.tree.map(lambda leaf: leaf[inner_steps][None], path), query)
        vectors = _pull_back(adapter, path, support, ends=ends, inner_steps=jnp.array([inner_steps]))[
            :, 0
        ]  # [MAX_STEPS + 1, params]
        norms = jnp.linalg.norm(vectors, axis=-1)
        corrections = jnp.linalg.norm(jnp.diff(vectors, axis=0), axis=-1)
        angles = degrees_between(vectors, vectors[-1], jnp)
        return losses[0], vectors[0], vectors[-1], norms, corrections, angles

    return _task_mean(jax.vmap(one_task)(*episode), counts)


@jax.jit
def _sweep(adapter: Adapter, episode: Episode, inner_lr: jax.Array, inner_steps: jax.Array, *, counts: jax.Array):
    def one_size(inner_lr: jax.Array):
        resized = adapter.replace(method=adapter.method.replace(inner_lr=inner_lr))

        def one_task(support: Batch, query: Batch):
            path = _path(resized, support)
            losses, ends = _query_gradients(resized, jax.tree.map(lambda leaf: leaf[inner_steps], path), query)
            return losses, _pull_back(resized, path, support, ends=ends, inner_steps=inner_steps)[0], ends

        return _task_mean(jax.vmap(one_task)(*episode), counts)

    # Tasks and numbers of steps side by side, step sizes one after the other: what one size needs fits a core's cache, which is
    # a third faster than all at once.
    return jax.lax.map(one_size, inner_lr)


def _path(adapter: Adapter, support: Batch) -> PyTree:
    """One task's theta_0, theta_1, .. on a leading axis, for all the steps that there is room for."""
    return adapted_path(adapter, support, adapter.method.inner_steps)


def _query_gradients(adapter: Adapter, ends: PyTree, query: Batch) -> tuple[jax.Array, jax.Array]:
    """Query losses `[ends]` and their gradients `[ends, params]` at adapted parameters with a leading axis `[ends]`."""

    def query_loss(params: PyTree) -> jax.Array:
        return adapter.task_loss()(params, (), query)

    losses, gradients = jax.vmap(jax.value_and_grad(query_loss))(ends)
    return losses, jax.vmap(lambda tree: ravel_pytree(tree)[0])(gradients)


def _pull_back(adapter: Adapter, path: PyTree, support: Batch, *, ends: jax.Array, inner_steps: jax.Array) -> jax.Array:
    """The pass backwards along one task's path, for several ends of it at once.

    Args:
      adapter: whose inner steps the path is made of.
      path: theta_0, theta_1, .. on a leading axis `[steps + 1]`.
      support: the task's examples.
      ends: `[ends, params]`, query gradients, the first-order ones.
      inner_steps: `[ends]`, at which step of the path each belongs.

    Returns:
      v_0 .. v_K, `[steps + 1, ends, params]`. An end stays as it is until its own step is reached: what overflows later on the
      path cannot reach it, and costs nothing.
    """
    latest_first = jnp.argsort(-inner_steps)

    def one_step_back(vectors: jax.Array, index: jax.Array):
        params = jax.tree.map(lambda leaf: leaf[index], path)
        _, transposed = jax.vjp(lambda params: ravel_pytree(_inner_step(adapter, params, support, index))[0], params)

        def those_reached(count: int, vectors: jax.Array) -> jax.Array:
            if not count:
                return vectors
            pulled = jax.vmap(lambda vector: ravel_pytree(transposed(vector)[0])[0])(vectors[:count])
            return jnp.concatenate([pulled, vectors[count:]])

        ways = [partial(those_reached, count) for count in range(len(vectors) + 1)]
        vectors = jax.lax.switch(jnp.sum(index < inner_steps), ways, vectors)
        return vectors, vectors

    ends = ends[latest_first]
    _, vectors = jax.lax.scan(one_step_back, ends, jnp.arange(adapter.method.inner_steps), reverse=True)
    return jnp.concatenate([vectors, ends[None]])[:, jnp.argsort(latest_first)]


def _inner_step(adapter: Adapter, params: PyTree, support: Batch, index: jax.Array) -> PyTree:
    """theta_k -> theta_{k+1} as a map of all parameters: those that do not move are passed through."""
    method, rule = adapter.method, adapter.meta.rule
    moving, fixed = partition(method, params)
    gradient = mixed_gradient(adapter.task_loss())(moving, fixed, support)
    state = method.init_inner(rule, moving)
    moving, _ = method.inner_update(rule, moving, gradient, state, InnerStep(index, adapter.iteration, None))
    return merge(moving, fixed)


def _pieces(episode: Episode, num_tasks: int | None) -> list[tuple[Episode, np.ndarray]]:
    """The tasks that count, at most `TASKS_AT_ONCE` together, each piece with which of it do, `[tasks]`."""
    tasks = episode.support.x.shape[0]
    counted = tasks if num_tasks is None else num_tasks
    check_number("num_tasks", counted, low=1, high=tasks, integer=True)
    counts = np.arange(tasks) < counted
    parts = [slice(start, start + TASKS_AT_ONCE) for start in range(0, counted, TASKS_AT_ONCE)]
    return [(jax.tree.map(lambda leaf, part=part: leaf[part], episode), counts[part]) for part in parts]


def _mean_over(pieces: list[tuple[Episode, np.ndarray]], means: Callable[[Episode, np.ndarray], PyTree]) -> list[np.ndarray]:
    """What `means` gives of each piece, averaged over all tasks that count; pieces are looked at on all cores."""

    def one(piece: tuple[Episode, np.ndarray]) -> PyTree:
        return jax.tree.map(np.asarray, means(*piece))

    found = [one(pieces[0]), *parallel_map(one, pieces[1:])]  # the first alone, so that what is compiled is compiled once
    counted = np.array([counts.sum() for _, counts in pieces])

    def mean(*parts: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):  # some inner loops overflow
            return np.tensordot((counted / counted.sum()).astype(parts[0].dtype), np.stack(parts), 1)

    return [mean(*parts) for parts in zip(*found, strict=True)]


def _task_mean(tree: PyTree, counts: jax.Array) -> PyTree:
    """Mean over the leading axis of those that count."""

    def mean(leaf: jax.Array) -> jax.Array:
        chosen = jnp.where(counts.reshape(-1, *[1] * (leaf.ndim - 1)), leaf, 0)
        return jnp.sum(chosen, axis=0) / jnp.sum(counts)

    return jax.tree.map(mean, tree)
