"""iMAML's gradient at the solution of its inner problem, against the gradient through the steps towards it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from maml_engine.core.adapter import Adapter
from maml_engine.core.conjugate_gradients import conjugate_gradients
from maml_engine.core.episode import Batch, Episode
from maml_engine.methods import IMAML


@dataclass(frozen=True, eq=False)
class ImplicitError:
    """Relative errors of meta-gradients against the gradient at the solved inner problem.

    inner_steps: `[n]`, numbers of inner steps.
    implicit: `[n]`, error of the implicit gradient after so many, by `max_cg_steps` conjugate-gradient steps.
    unrolled: `[n]`, error of the exact gradient through so many.
    cg_steps: `[m]`, numbers of conjugate-gradient steps.
    by_cg: `[m]`, error of the implicit gradient by so many, where the inner problem is solved.
    solved: norm of the proximal gradient there, largest over tasks; the errors mean something where it is small.
    """

    inner_steps: np.ndarray
    implicit: np.ndarray
    unrolled: np.ndarray
    cg_steps: np.ndarray
    by_cg: np.ndarray
    solved: float


def implicit_error(
    adapter: Adapter,
    episode: Episode,
    inner_steps: Sequence[int] = (1, 4, 16, 64, 256),
    cg_steps: Sequence[int] = (1, 2, 4, 8, 16),
    *,
    many_steps: int = 2000,
    max_cg_steps: int = 30,
) -> ImplicitError:
    """Measures how the two ways to iMAML's gradient close in on it (Rajeswaran et al., 2019, fig. 2).

    Args:
      adapter: of the method `IMAML`, with plain gradient steps.
      episode: tasks with a leading axis `[tasks]`.
      inner_steps: numbers of inner steps to look at, `[n]`.
      cg_steps: numbers of conjugate-gradient steps to look at, `[m]`.
      many_steps: inner steps that count as a solution.
      max_cg_steps: conjugate-gradient steps that count as one.

    Raises:
      ValueError: another method, or another inner optimiser.
    """
    if not isinstance(adapter.method, IMAML):
        raise ValueError(f"`adapter` must be of the method IMAML, got {type(adapter.method).__name__}.")
    if adapter.method.inner_optimizer != "sgd":
        raise ValueError(f"`inner_optimizer` must be 'sgd' here, got {adapter.method.inner_optimizer!r}.")
    adapter = adapter.replace(method=adapter.method.replace(inner_tolerance=0.0))
    sizes = {"cg_steps": tuple(cg_steps), "max_cg_steps": max_cg_steps, "many_steps": many_steps, "furthest": max(inner_steps)}
    results = _all_gradients(adapter, episode, np.asarray(inner_steps), **sizes)
    truth, implicit, unrolled, by_cg = (np.asarray(gradient, np.float64) for gradient in results[:4])

    def errors(gradients: np.ndarray) -> np.ndarray:
        return np.linalg.norm(gradients - truth, axis=-1) / np.linalg.norm(truth)

    steps = np.asarray(inner_steps), np.asarray(cg_steps)
    return ImplicitError(steps[0], errors(implicit), errors(unrolled), steps[1], errors(by_cg), float(np.max(results[4])))


@partial(jax.jit, static_argnames=("cg_steps", "max_cg_steps", "many_steps", "furthest"))
def _all_gradients(
    adapter: Adapter, episode: Episode, inner_steps: jax.Array, *, cg_steps, max_cg_steps: int, many_steps: int, furthest: int
):
    """Every gradient in one program, means over tasks: at the solution, implicit and unrolled at `inner_steps`, by `cg_steps`.

    The unrolled gradient is pulled back by hand, v <- v - alpha (H + lambda) v, and each step's own pull towards the start adds
    alpha lambda v: one pass for each number of steps, instead of one program.
    """
    method, loss = adapter.method, adapter.task_loss()
    start, unravel = ravel_pytree(adapter.meta.init)

    def one_task(support: Batch, query: Batch):
        def slope(at: jax.Array, batch: Batch) -> jax.Array:
            return jax.grad(lambda flat: loss(unravel(flat), (), batch))(at)

        def curve(at: jax.Array, vector: jax.Array) -> jax.Array:
            return jax.jvp(lambda flat: slope(flat, support), (at,), (vector,))[1]

        def inner_step(at: jax.Array, _):
            moved = at - method.inner_lr * (slope(at, support) + method.proximal * (at - start))
            return moved, at

        def implicit(at: jax.Array, steps: int) -> jax.Array:
            system = lambda vector: vector + curve(at, vector) / method.proximal  # noqa: E731
            return conjugate_gradients(system, slope(at, query), steps)[0]

        def unrolled(steps: jax.Array) -> jax.Array:
            def back(carry: tuple[jax.Array, jax.Array], index: jax.Array):
                vector, pulled = carry
                more = pulled + method.inner_lr * method.proximal * vector
                earlier = vector - method.inner_lr * (curve(path[index], vector) + method.proximal * vector)
                reached = index < steps
                return (jnp.where(reached, earlier, vector), jnp.where(reached, more, pulled)), None

            end = slope(path[steps], query)
            (vector, pulled), _ = jax.lax.scan(back, (end, jnp.zeros_like(end)), jnp.arange(furthest), reverse=True)
            return vector + pulled

        # The path as far as it is looked at; from there on only its end.
        end, path = jax.lax.scan(inner_step, start, length=furthest + 1)
        solution = jax.lax.fori_loop(furthest + 1, many_steps, lambda _, at: inner_step(at, None)[0], end)
        residual = jnp.linalg.norm(slope(solution, support) + method.proximal * (solution - start))
        along = jax.lax.map(lambda steps: (implicit(path[steps], max_cg_steps), unrolled(steps)), inner_steps)
        return implicit(solution, max_cg_steps), *along, jnp.stack([implicit(solution, steps) for steps in cg_steps]), residual

    *gradients, residual = jax.vmap(one_task)(*episode)
    return *(jnp.mean(gradient, axis=0) for gradient in gradients), residual
