"""Meta-learning in a plane: tasks whose losses depend on two parameters, so that everything about it can be drawn.

A task is three numbers `(x, y, turn)`: where its loss is 0, and by how many radians its surface is turned. All functions here
are exact: losses have formulas, derivatives are JAX's. Everything is computed in 64 bits, and padded to `MAX_TASKS` tasks and
`MAX_STEPS` inner steps, so that one program serves a surface whatever is dragged.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.checks import check_choice, check_number

MAX_TASKS, MAX_STEPS = 8, 20
METHODS = ("maml", "fomaml", "reptile", "imaml")

# What the valleys and rivers are made of: curvatures across and along, height and frequency of a river's bends.
STEEP, FLAT = 2.0, 0.15
BANK, BED, BEND, WINDING = 1.0, 0.1, 1.0, 1.0

GRID = 61  # points a side, from the best of which the search for an optimum begins
NEWTON_STEPS, HALVINGS, LAST_STEP = 30, 12, 1e-5


def bowl(theta: jax.Array, task: jax.Array) -> jax.Array:
    """`|theta - optimum|^2 / 2`: of a sine wave `p sin x + q cos x`, the squared error over a whole period."""
    return jnp.sum((theta - task[:2]) ** 2) / 2


def valley(theta: jax.Array, task: jax.Array) -> jax.Array:
    """A quadratic that is steep across and flat along; `turn` is the angle between the steep direction and the x axis."""
    across, along = _own_axes(theta, task)
    return (STEEP * across**2 + FLAT * along**2) / 2


def river(theta: jax.Array, task: jax.Array) -> jax.Array:
    """A valley that winds: its bed is a sine wave, so that its curvature changes from place to place and may be negative."""
    along, across = _own_axes(theta, task)
    return (BED * along**2 + BANK * (across - BEND * jnp.sin(WINDING * along)) ** 2) / 2


def wave(theta: jax.Array, task: jax.Array) -> jax.Array:
    """Half the squared error between sine waves over a whole period, by `theta = (phase, amplitude)`, phases in radians.

    The functions are the bowl's; the coordinates are not, and they alone make the curvature.
    """
    (phase, amplitude), (true_phase, true_amplitude, _) = theta, task
    return (amplitude**2 + true_amplitude**2 - 2 * amplitude * true_amplitude * jnp.cos(phase - true_phase)) / 2


def _own_axes(theta: jax.Array, task: jax.Array) -> jax.Array:
    """`theta` as the task sees it: from its optimum, along its own axes."""
    cos, sin = jnp.cos(task[2]), jnp.sin(task[2])
    return jnp.array([[cos, sin], [-sin, cos]]) @ (theta - task[:2])


class Surface(NamedTuple):
    """A family of tasks in the plane.

    loss: `(theta [2], task [3]) -> []`. window: low and high end of x, then of y; a square, so that angles look as they are.
    axes: what the two parameters are.
    """

    loss: Callable[[jax.Array, jax.Array], jax.Array]
    window: tuple[tuple[float, float], tuple[float, float]]
    axes: tuple[str, str]


_SQUARE = ((-5.0, 5.0), (-5.0, 5.0))
SURFACES = {
    "bowls": Surface(bowl, _SQUARE, ("weight of sin x", "weight of cos x")),
    "valleys": Surface(valley, _SQUARE, ("first parameter", "second parameter")),
    "rivers": Surface(river, _SQUARE, ("first parameter", "second parameter")),
    "waves": Surface(wave, ((-1.9, 5.1), (-0.75, 6.25)), ("phase (radians)", "amplitude")),
}

Task = tuple[float, float, float]


@dataclass(frozen=True)
class Landscape:
    """Some tasks in the plane, and how an inner loop moves there.

    surface: a name in `SURFACES`.
    tasks: `(x, y, turn)` each, x and y inside the surface's window, turn in radians; 1 to `MAX_TASKS` of them.
    inner_lr, inner_steps: alpha and K of MAML, first-order MAML and Reptile.
    proximal: lambda of iMAML, which adapts to the solution of its proximal problem whatever alpha and K are.
    gap: how far the optimum of a task's support loss lies from that of its query loss: few points give a wrong impression.
    """

    surface: str
    tasks: tuple[Task, ...]
    inner_lr: float = 0.1
    inner_steps: int = 1
    proximal: float = 1.0
    gap: float = 0.0

    def __post_init__(self):
        check_choice("surface", self.surface, SURFACES)
        if not 1 <= len(self.tasks) <= MAX_TASKS:
            raise ValueError(f"`tasks` must hold 1 to {MAX_TASKS} tasks, got {len(self.tasks)}.")
        (low_x, high_x), (low_y, high_y) = SURFACES[self.surface].window
        for x, y, turn in self.tasks:
            check_number("x of a task", x, low=low_x, high=high_x)
            check_number("y of a task", y, low=low_y, high=high_y)
            check_number("turn of a task", turn, low=-2 * math.pi, high=2 * math.pi)
        check_number("inner_lr", self.inner_lr, above=0, high=10)
        check_number("inner_steps", self.inner_steps, low=0, high=MAX_STEPS, integer=True)
        check_number("proximal", self.proximal, low=1e-3, high=1e3)
        check_number("gap", self.gap, low=0, high=10)


@dataclass(frozen=True, eq=False)
class Direction:
    """Where a method would go uphill; its outer step is against it.

    gradient: `[2]`; of Reptile theta - theta_K, averaged over tasks, as the engine has it (nothing is divided by alpha).
    norm: its length. angle: degrees between it and MAML's; NaN where one of them is 0.
    """

    gradient: np.ndarray
    norm: float
    angle: float


@dataclass(frozen=True, eq=False)
class View:
    """A landscape as seen from one theta.

    path: `[tasks, inner_steps + 1, 2]`, theta_0 .. theta_K of each task. loss: `[tasks, inner_steps + 1]`, query losses there.
    jacobian: `[tasks, 2, 2]`, of theta_K by theta: the product of I - alpha H.
    solution: `[tasks, 2]`, where iMAML's inner problem ends; solution_loss: `[tasks]`, the query losses there.
    direction: of each of `METHODS`. meta_loss: mean query loss after the inner steps.
    """

    path: np.ndarray
    loss: np.ndarray
    jacobian: np.ndarray
    solution: np.ndarray
    solution_loss: np.ndarray
    direction: dict[str, Direction] = field(repr=False)
    meta_loss: float


@dataclass(frozen=True, eq=False)
class Optimum:
    """The theta of the window with the least meta-loss.

    theta: `[2]`. meta_loss: there. distance: `[tasks]`, to each task's optimum.
    is_flat: the meta-loss is the same everywhere, to rounding; theta is then one of many.
    """

    theta: np.ndarray
    meta_loss: float
    distance: np.ndarray
    is_flat: bool


def view(landscape: Landscape, theta: tuple[float, float]) -> View:
    """Every task's inner loop from `theta`, and the direction of each method."""
    with jax.enable_x64(True):
        seen = jax.tree.map(np.asarray, _view(landscape.surface, np.asarray(theta, float), _setting(landscape)))
    count, steps = len(landscape.tasks), landscape.inner_steps
    gradients = dict(zip(METHODS, seen["gradients"], strict=True))
    return View(
        path=seen["path"][:count, : steps + 1],
        loss=seen["loss"][:count, : steps + 1],
        jacobian=seen["jacobian"][:count],
        solution=seen["solution"][:count],
        solution_loss=seen["solution_loss"][:count],
        direction={
            name: Direction(gradient, float(np.linalg.norm(gradient)), _degrees(gradient, gradients["maml"]))
            for name, gradient in gradients.items()
        },
        meta_loss=float(seen["meta_loss"]),
    )


def optimum(landscape: Landscape) -> Optimum:
    """The meta-optimum; of a landscape with `inner_steps` 0 the joint optimum, which minimises the mean loss unadapted."""
    with jax.enable_x64(True):
        theta, meta_loss, is_flat = jax.tree.map(np.asarray, _optimum(landscape.surface, _setting(landscape)))
    distance = np.linalg.norm(np.array(landscape.tasks)[:, :2] - theta, axis=-1)
    return Optimum(theta, float(meta_loss), distance, bool(is_flat))


def meta_loss(landscape: Landscape, theta: np.ndarray) -> np.ndarray:
    """`[n, 2] -> [n]`: mean query loss after the inner steps, from each of many starts."""
    with jax.enable_x64(True):
        return np.asarray(_meta_losses(landscape.surface, np.asarray(theta, float), _setting(landscape)))


def equidistant(landscape: Landscape) -> np.ndarray | None:
    """The theta that is equally far from all the tasks' optima, `[2]`; None where there is none, or more than one.

    Three points that are not on a line have one, the centre of the circle through them; four have one only by chance.
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
    landscape: Landscape, method: str, theta: tuple[float, float], *, meta_lr: float, longest: float, steps: int
) -> np.ndarray:
    """A method left to itself: `[steps + 1, 2]`.

    Reptile's direction is divided by alpha K here, the mean of its inner gradients, so that one `meta_lr` suits all.

    Args:
      meta_lr: of plain gradient descent. longest: no outer step is longer; it keeps its direction.
    """
    check_choice("method", method, METHODS)
    with jax.enable_x64(True):
        index = METHODS.index(method)
        start = np.asarray(theta, float)
        return np.asarray(_descend(landscape.surface, start, _setting(landscape), index, meta_lr, longest, steps=steps))


class _Setting(NamedTuple):
    """A landscape as arrays: query and support tasks `[MAX_TASKS, 3]`, how much each counts `[MAX_TASKS]`, and scalars."""

    query: np.ndarray
    support: np.ndarray
    weight: np.ndarray
    inner_lr: float
    inner_steps: int
    proximal: float


def _setting(landscape: Landscape) -> _Setting:
    count = len(landscape.tasks)
    query = np.zeros((MAX_TASKS, 3))
    query[:count] = landscape.tasks
    support = query.copy()
    angle = query[:, 2] + math.pi / 4
    support[:, :2] += landscape.gap * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    weight = (np.arange(MAX_TASKS) < count) / count
    return _Setting(query, support, weight, landscape.inner_lr, landscape.inner_steps, landscape.proximal)


def _path(loss: Callable, theta: jax.Array, task: jax.Array, setting: _Setting) -> jax.Array:
    """theta_0, theta_1, .. `[MAX_STEPS + 1, 2]`; it stands still after `inner_steps`."""

    def step(theta: jax.Array, index: jax.Array):
        moved = theta - setting.inner_lr * jax.grad(loss)(theta, task)
        theta = jnp.where(index < setting.inner_steps, moved, theta)
        return theta, theta

    _, rest = jax.lax.scan(step, theta, jnp.arange(MAX_STEPS))
    return jnp.concatenate([theta[None], rest])


def _meta_loss(loss: Callable, theta: jax.Array, setting: _Setting) -> jax.Array:
    def one_task(query: jax.Array, support: jax.Array) -> jax.Array:
        return loss(_path(loss, theta, support, setting)[-1], query)

    losses = jax.vmap(one_task)(setting.query, setting.support)
    return jnp.sum(jnp.where(setting.weight > 0, setting.weight * losses, 0))


def _mean(values: jax.Array, setting: _Setting) -> jax.Array:
    """`[MAX_TASKS, 2] -> [2]`, over the tasks that count."""
    return jnp.sum(jnp.where(setting.weight[:, None] > 0, setting.weight[:, None] * values, 0), axis=0)


def _exact(loss: Callable, theta: jax.Array, setting: _Setting) -> jax.Array:
    return jax.grad(lambda theta: _meta_loss(loss, theta, setting))(theta)


def _first_order(loss: Callable, theta: jax.Array, setting: _Setting) -> jax.Array:
    def one_task(query: jax.Array, support: jax.Array) -> jax.Array:
        return jax.grad(loss)(_path(loss, theta, support, setting)[-1], query)

    return _mean(jax.vmap(one_task)(setting.query, setting.support), setting)


def _chord(loss: Callable, theta: jax.Array, setting: _Setting) -> jax.Array:
    return _mean(jax.vmap(lambda support: theta - _path(loss, theta, support, setting)[-1])(setting.support), setting)


def _implicit(loss: Callable, theta: jax.Array, setting: _Setting) -> jax.Array:
    def one_task(query: jax.Array, support: jax.Array) -> jax.Array:
        solution = _proximal_solution(loss, theta, support, setting.proximal)
        system = jnp.eye(2) + jax.hessian(loss)(solution, support) / setting.proximal
        return jnp.linalg.solve(system, jax.grad(loss)(solution, query))  # Rajeswaran et al., 2019, eq. 6

    return _mean(jax.vmap(one_task)(setting.query, setting.support), setting)


_GRADIENTS = {"maml": _exact, "fomaml": _first_order, "reptile": _chord, "imaml": _implicit}


def _proximal_solution(loss: Callable, theta: jax.Array, task: jax.Array, proximal: jax.Array) -> jax.Array:
    """The phi with the least `loss(phi) + lambda / 2 |phi - theta|^2`, or a local least one, downhill from theta."""

    def objective(phi: jax.Array) -> jax.Array:
        return loss(phi, task) + proximal / 2 * jnp.sum((phi - theta) ** 2)

    return _newton(objective, theta)


def _newton(objective: Callable, start: jax.Array) -> jax.Array:
    """Newton's method that only goes downhill: curvature is lifted above 0, and a step is halved until it pays."""
    lengths = jnp.append(0.5 ** jnp.arange(HALVINGS), 0.0)

    def whole_step(point: jax.Array) -> jax.Array:
        hessian = jax.hessian(objective)(point)
        least, largest = _eigenvalues(hessian)
        floor = 1e-3 * jnp.maximum(jnp.abs(least), jnp.abs(largest)) + 1e-30
        lifted = hessian + jnp.maximum(0.0, floor - least) * jnp.eye(2)
        return jnp.linalg.solve(lifted, jax.grad(objective)(point))

    def step(carry):
        count, point, _ = carry
        candidates = point - lengths[:, None] * whole_step(point)
        values = jax.vmap(objective)(candidates)
        best = candidates[jnp.argmin(jnp.where(jnp.isfinite(values), values, jnp.inf))]
        return count + 1, best, jnp.any(best != point)

    def goes_on(carry) -> jax.Array:
        count, _, has_moved = carry
        return has_moved & (count < NEWTON_STEPS)

    _, point, _ = jax.lax.while_loop(goes_on, step, (0, start, True))
    # Values of the objective cannot tell points closer than 1e-8 apart; its gradient can.
    last = whole_step(point)
    return jnp.where(jnp.linalg.norm(last) < LAST_STEP, point - last, point)


def _eigenvalues(matrix: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The smaller and the larger one of a symmetric `[2, 2]`."""
    middle = (matrix[0, 0] + matrix[1, 1]) / 2
    radius = jnp.hypot((matrix[0, 0] - matrix[1, 1]) / 2, matrix[0, 1])
    return middle - radius, middle + radius


@partial(jax.jit, static_argnames="surface")
def _view(surface: str, theta: jax.Array, setting: _Setting) -> dict[str, jax.Array]:
    loss = SURFACES[surface].loss
    path = jax.vmap(lambda task: _path(loss, theta, task, setting))(setting.support)
    end = jax.vmap(lambda task: jax.jacobian(lambda theta: _path(loss, theta, task, setting)[-1])(theta))
    solution = jax.vmap(lambda task: _proximal_solution(loss, theta, task, setting.proximal))(setting.support)
    return {
        "path": path,
        "loss": jax.vmap(lambda points, task: jax.vmap(loss, (0, None))(points, task))(path, setting.query),
        "jacobian": end(setting.support),
        "solution": solution,
        "solution_loss": jax.vmap(loss)(solution, setting.query),
        "gradients": jnp.stack([_GRADIENTS[name](loss, theta, setting) for name in METHODS]),
        "meta_loss": _meta_loss(loss, theta, setting),
    }


@partial(jax.jit, static_argnames="surface")
def _meta_losses(surface: str, theta: jax.Array, setting: _Setting) -> jax.Array:
    return jax.vmap(lambda each: _meta_loss(SURFACES[surface].loss, each, setting))(theta)


@partial(jax.jit, static_argnames="surface")
def _optimum(surface: str, setting: _Setting) -> tuple[jax.Array, jax.Array, jax.Array]:
    (low_x, high_x), (low_y, high_y) = SURFACES[surface].window
    x, y = jnp.meshgrid(jnp.linspace(low_x, high_x, GRID), jnp.linspace(low_y, high_y, GRID))
    grid = jnp.stack([x.ravel(), y.ravel()], axis=-1)
    losses = _meta_losses(surface, grid, setting)
    losses = jnp.where(jnp.isfinite(losses), losses, jnp.inf)
    theta = _newton(lambda theta: _meta_loss(SURFACES[surface].loss, theta, setting), grid[jnp.argmin(losses)])
    unadapted = _meta_losses(surface, grid, setting._replace(inner_steps=0))
    is_flat = jnp.max(losses) - jnp.min(losses) < 1e-9 * jnp.max(unadapted)
    return theta, _meta_losses(surface, theta[None], setting)[0], is_flat


@partial(jax.jit, static_argnames=("surface", "steps"))
def _descend(
    surface: str, theta: jax.Array, setting: _Setting, index: int, meta_lr: float, longest: float, *, steps: int
) -> jax.Array:
    # Reptile's chord over alpha K steps; the others are gradients already.
    scale = jnp.where(index == METHODS.index("reptile"), setting.inner_lr * jnp.maximum(setting.inner_steps, 1), 1.0)
    ways = [partial(_GRADIENTS[name], SURFACES[surface].loss) for name in METHODS]

    def step(theta: jax.Array, _):
        move = meta_lr * jax.lax.switch(index, ways, theta, setting) / scale
        theta = theta - move * jnp.minimum(1.0, longest / jnp.maximum(jnp.linalg.norm(move), 1e-300))
        return theta, theta

    _, rest = jax.lax.scan(step, theta, length=steps)
    return jnp.concatenate([theta[None], rest])


def _degrees(a: np.ndarray, b: np.ndarray) -> float:
    norms = np.linalg.norm(a), np.linalg.norm(b)
    if not min(norms) > 0:
        return math.nan
    a, b = a / norms[0], b / norms[1]
    return float(np.degrees(2 * np.arctan2(np.linalg.norm(a - b), np.linalg.norm(a + b))))
