"""What is seen from one theta: every task's inner loop, and where each method would go."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.analysis.angles import CANCELLED, degrees_between
from maml_engine.analysis.toy_landscape.gradients import (
    GRADIENTS,
    METHODS,
    inner_end,
    inner_path,
    mean_of,
    mean_query_loss,
    proximal_solution,
)
from maml_engine.analysis.toy_landscape.landscape import Landscape, Setting, setting_of
from maml_engine.analysis.toy_landscape.newton import gradient
from maml_engine.analysis.toy_landscape.surfaces import of_form
from maml_engine.core.episode import Array


@dataclass(frozen=True, eq=False)
class Direction:
    """Where a method would go uphill; its outer step is against it.

    gradient: `[2]`; of Reptile theta - theta_K, averaged over tasks, as the engine has it (nothing is divided by alpha).
    norm: its length.
    angle: degrees between it and MAML's; NaN where one of them is 0, or as good as 0: where the tasks' own cancel.
    """

    gradient: np.ndarray
    norm: float
    angle: float


@dataclass(frozen=True, eq=False)
class View:
    """A landscape as seen from one theta.

    path: `[tasks, inner_steps + 1, 2]`, theta_0 .. theta_K of each task.
    loss: `[tasks, inner_steps + 1]`, query losses there.
    jacobian: `[tasks, 2, 2]`, of theta_K by theta: the product of I - alpha H.
    solution: `[tasks, 2]`, where iMAML's inner problem ends.
    solution_loss: `[tasks]`, the query losses there.
    direction: of each of `METHODS`.
    meta_loss: mean query loss after the inner steps.
    """

    path: np.ndarray
    loss: np.ndarray
    jacobian: np.ndarray
    solution: np.ndarray
    solution_loss: np.ndarray
    direction: dict[str, Direction] = field(repr=False)
    meta_loss: float


def view(landscape: Landscape, theta: tuple[float, float]) -> View:
    """Runs every task's inner loop from `theta` and takes the direction of each method."""
    with jax.enable_x64(True):
        seen = jax.tree.map(np.asarray, _view(np.asarray(theta, float), setting_of(landscape)))
    count, steps = len(landscape.tasks), landscape.inner_steps
    # Where the tasks' gradients cancel, rounding is left, which points anywhere.
    pointing = np.where(seen["norms"] > CANCELLED * seen["task_norms"], 1.0, 0.0)[:, None] * seen["gradients"]
    angles = degrees_between(pointing, pointing[METHODS.index("maml")])
    return View(
        path=seen["path"][:count, : steps + 1],
        loss=seen["loss"][:count, : steps + 1],
        jacobian=seen["jacobian"][:count],
        solution=seen["solution"][:count],
        solution_loss=seen["solution_loss"][:count],
        direction={
            name: Direction(gradient, float(norm), float(angle))
            for name, gradient, norm, angle in zip(METHODS, seen["gradients"], seen["norms"], angles, strict=True)
        },
        meta_loss=float(seen["meta_loss"]),
    )


def meta_loss(landscape: Landscape, theta: np.ndarray) -> np.ndarray:
    """The meta-loss from each of many starts.

    Args:
      landscape: tasks and inner loop.
      theta: `[starts, 2]`.

    Returns:
      `[starts]`, mean query loss after the inner steps.
    """
    with jax.enable_x64(True):
        return np.asarray(meta_losses(np.asarray(theta, float), setting_of(landscape)))


@jax.jit
def meta_losses(theta: jax.Array, setting: Setting) -> jax.Array:
    """`meta_loss`, traced: `theta` `[starts, 2]` gives `[starts]`."""
    return jax.vmap(lambda start: mean_query_loss(start, setting))(theta)


@jax.jit
def _view(theta: jax.Array, setting: Setting) -> dict[str, jax.Array]:
    path = jax.vmap(lambda task: inner_path(theta, task, setting))(setting.support)
    end = jax.vmap(gradient(inner_end), (None, 0, None))
    solution = jax.vmap(lambda task: proximal_solution(theta, task, setting))(setting.support)

    def losses(theta: jax.Array, task: Array) -> jax.Array:
        return of_form(theta, task, setting.form)

    by_task = jnp.stack([directions(theta, setting) for directions in GRADIENTS.values()])  # [methods, tasks, 2]
    gradients, task_norms = (
        jax.vmap(lambda values: mean_of(values, setting))(each) for each in (by_task, jnp.linalg.norm(by_task, axis=-1))
    )
    return {
        "path": path,
        "loss": jax.vmap(lambda points, task: jax.vmap(losses, (0, None))(points, task))(path, setting.query),
        "jacobian": end(theta, setting.support, setting),
        "solution": solution,
        "solution_loss": jax.vmap(losses)(solution, setting.query),
        "gradients": gradients,
        "norms": jnp.linalg.norm(gradients, axis=-1),
        "task_norms": task_norms,
        "meta_loss": mean_query_loss(theta, setting),
    }
