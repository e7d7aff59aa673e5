"""Where the inner loop breaks: loss over step sizes and steps, on a hundred held-out tasks that are always the same."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from dashboard.engine_calls.adaptation import padded
from dashboard.engine_calls.cache import cached
from dashboard.results import CURVE_POINTS, MAX_SHOTS, Fit
from maml_engine import Episode, Learner
from maml_engine.analysis.divergence import Frontier, find_frontier, predictions_at
from maml_engine.core.keys import key_of
from maml_engine.evaluation import draw
from maml_engine.tasks import FunctionFamily

INNER_LRS = tuple(float(f"{digit}e{power}") for power in range(-4, 0) for digit in (1, 2, 5)) + (1.0,)
STEPS, LONG_STEPS = 10, 50
TASKS, QUERIES, KEY = 100, 32, 2017
# How the tasks are summed up: the mean, or a quantile.
SUMMARIES = {"mean": None, "median": 0.5, "worst tenth": 0.9}
# What `method_names.TUTORIAL` says of some.
CLAIMED = {
    0.001: "too small, slow",
    0.01: "good",
    0.05: "good",
    0.1: "too large, unstable",
}


class Shown(NamedTuple):
    """What the page looks at.

    learner: chosen in the sidebar.
    found: its losses over the map.
    shots: support points.
    summary: one of `SUMMARIES`.
    """

    learner: Learner
    found: Frontier
    shots: int
    summary: str


@cached
def frontier(learner: Learner, shots: int) -> Frontier:
    """`learner` over `INNER_LRS` and 0 .. 10 steps, on a hundred held-out tasks that are always the same."""
    return find_frontier(learner, _held_out(learner, shots, 0.0), INNER_LRS, STEPS)


@cached
def long_path(learner: Learner, shots: int, noise: float, inner_lr: float) -> Frontier:
    """The same tasks with one step size for fifty steps.

    Args:
      learner: what adapts.
      shots: support points, at most `MAX_SHOTS`.
      noise: standard deviation of what is added to the support's targets, in units of y.
      inner_lr: step size.
    """
    return find_frontier(learner, _held_out(learner, shots, noise), [inner_lr], LONG_STEPS)


@cached
def cell_fits(learner: Learner, shots: int, inner_lr: float, steps: int) -> tuple[Fit, Fit]:
    """Of one cell of the map: the task in the middle by its loss, and the worst one.

    Args:
      learner: what adapts.
      shots: support points, at most `MAX_SHOTS`.
      inner_lr: one of `INNER_LRS`.
      steps: after which the tasks are put in order.
    """
    loss = frontier(learner, shots).query_loss[INNER_LRS.index(inner_lr), :, steps]
    order = np.argsort(loss, kind="stable")
    chosen = order[[(len(order) - 1) // 2, -1]]
    episode, (grid, truth) = _held_out(learner, shots, 0.0), _on_grid(learner)
    support = jax.tree.map(lambda leaf: leaf[chosen], episode.support)
    path = predictions_at(learner, support, grid[chosen], inner_lr=inner_lr, inner_steps=STEPS)[..., 0]
    return tuple(
        Fit(grid[task, :, 0], truth[task, :, 0], support.x[i, :shots, 0], support.y[i, :shots, 0], path[i])
        for i, task in enumerate(chosen)
    )


def nearest(inner_lr: float) -> float:
    """The step size of the map that comes closest."""
    return min(INNER_LRS, key=lambda size: abs(np.log(size / inner_lr)))


def _held_out(learner: Learner, shots: int, noise: float) -> Episode:
    """The first `shots` support points count, the others are padding, so that no control compiles anything."""
    tasks = learner.default_tasks.split("test").replace(noise=noise)
    return padded(draw(tasks, key_of(KEY), TASKS, k_shot=MAX_SHOTS, k_query=QUERIES), shots)


def _on_grid(learner: Learner) -> tuple[np.ndarray, np.ndarray]:
    return tuple(map(np.asarray, _truths(learner.default_tasks.split("test").replace(noise=0.0))))


@jax.jit
def _truths(tasks: FunctionFamily) -> tuple[jax.Array, jax.Array]:
    grid = jnp.broadcast_to(jnp.linspace(*tasks.x, CURVE_POINTS)[:, None], (TASKS, CURVE_POINTS, 1))
    return grid, tasks.draw_split(jax.random.key(KEY), TASKS)(grid)


def claims(found: Frontier, summary: str) -> list[dict[str, Any]]:
    """The tutorial's rule for the inner step size against the map: a row a size, with the summary after 1, 5 and 10 steps."""
    loss = found.summary(SUMMARIES[summary])
    return [
        {"inner_lr": size, "claim": claim} | {steps: float(loss[INNER_LRS.index(size), steps]) for steps in (0, 1, 5, 10)}
        for size, claim in CLAIMED.items()
    ]
