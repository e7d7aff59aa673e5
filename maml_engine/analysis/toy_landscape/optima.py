"""The best start of a landscape, the one that is equally far from all tasks, and where each method ends."""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.analysis.toy_landscape.gradients import GRADIENTS, METHODS, mean_of, mean_query_loss
from maml_engine.analysis.toy_landscape.landscape import Landscape, Setting, setting_of
from maml_engine.analysis.toy_landscape.newton import newton
from maml_engine.analysis.toy_landscape.views import meta_losses
from maml_engine.checks import check_choice

GRID = 61  # points a side, from the best of which the search for an optimum begins


@dataclass(frozen=True, eq=False)
class Optimum:
    """The theta of the window with the least meta-loss.

    theta: `[2]`.
    meta_loss: the meta-loss there.
    distance: `[tasks]`, to each task's optimum.
    is_flat: the meta-loss is the same everywhere, to rounding; theta is then one of many.
    """

    theta: np.ndarray
    meta_loss: float
    distance: np.ndarray
    is_flat: bool


def optimum(landscape: Landscape) -> Optimum:
    """Finds the meta-optimum; with `inner_steps` 0 it is the joint optimum, which minimises the mean loss unadapted."""
    with jax.enable_x64(True):
        theta, meta_loss, is_flat = jax.tree.map(np.asarray, _optimum(setting_of(landscape)))
    distance = np.linalg.norm(np.array(landscape.tasks)[:, :2] - theta, axis=-1)
    return Optimum(theta, float(meta_loss), distance, bool(is_flat))


def equidistant(landscape: Landscape) -> np.ndarray | None:
    """Finds the theta that is equally far from all the tasks' optima.

    Three points that are not on a line have one, the centre of the circle through them; four have one only by chance.

    Returns:
      `[2]`; None where there is none, or more than one.
    """
    points = np.array(landscape.tasks)[:, :2]
    # |theta - p|^2 is the same for all p: linear in theta once the first is subtracted.
    system, target = 2 * (points[1:] - points[0]), np.sum(points[1:] ** 2 - points[0] ** 2, axis=-1)
    if np.linalg.matrix_rank(system, tol=1e-6) < 2:
        return None
    theta, *_ = np.linalg.lstsq(system, target, rcond=None)
    distance = np.linalg.norm(points - theta, axis=-1)
    return theta if np.ptp(distance) < 1e-6 * np.max(distance) else None


def descend(
    landscape: Landscape, method: str, theta: tuple[float, float], *, meta_lr: float, max_step: float, steps: int
) -> np.ndarray:
    """Leaves a method to itself: outer steps of plain gradient descent.

    Reptile's direction is divided by alpha K here, the mean of its inner gradients, so that one `meta_lr` suits all.

    Args:
      landscape: tasks and inner loop.
      method: one of `METHODS`.
      theta: where to begin.
      meta_lr: step size of the descent.
      max_step: no outer step is longer, in units of theta; it keeps its direction.
      steps: how many; another number compiles another program.

    Returns:
      `[steps + 1, 2]`, theta before and after each step.
    """
    check_choice("method", method, METHODS)
    with jax.enable_x64(True):
        start, index = np.asarray(theta, float), METHODS.index(method)
        path = _descend(start, setting_of(landscape), index, meta_lr=meta_lr, max_step=max_step, steps=steps)
        return np.asarray(path)


@jax.jit
def _optimum(setting: Setting) -> tuple[jax.Array, jax.Array, jax.Array]:
    (low_x, high_x), (low_y, high_y) = setting.window
    x, y = jnp.meshgrid(jnp.linspace(low_x, high_x, GRID), jnp.linspace(low_y, high_y, GRID))
    grid = jnp.stack([x.ravel(), y.ravel()], axis=-1)
    losses = meta_losses(grid, setting)
    losses = jnp.where(jnp.isfinite(losses), losses, jnp.inf)
    theta = newton(lambda theta: mean_query_loss(theta, setting), grid[jnp.argmin(losses)])
    unadapted = meta_losses(grid, setting._replace(inner_steps=0))
    is_flat = jnp.max(losses) - jnp.min(losses) < 1e-9 * jnp.max(unadapted)
    return theta, meta_losses(theta[None], setting)[0], is_flat


@partial(jax.jit, static_argnames="steps")
def _descend(theta: jax.Array, setting: Setting, index: int, *, meta_lr: float, max_step: float, steps: int) -> jax.Array:
    # Reptile's chord over alpha K steps; the others are gradients already.
    scale = jnp.where(index == METHODS.index("reptile"), setting.inner_lr * jnp.maximum(setting.inner_steps, 1), 1.0)

    def step(theta: jax.Array, _):
        move = meta_lr * mean_of(jax.lax.switch(index, list(GRADIENTS.values()), theta, setting), setting) / scale
        theta = theta - move * jnp.minimum(1.0, max_step / jnp.maximum(jnp.linalg.norm(move), 1e-300))
        return theta, theta

    _, rest = jax.lax.scan(step, theta, length=steps)
    return jnp.concatenate([theta[None], rest])
