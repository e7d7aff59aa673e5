"""Some tasks in the plane and how an inner loop moves among them, as a visitor describes it and as arrays."""

import math
from dataclasses import dataclass
from typing import NamedTuple

import jax
import numpy as np

from maml_engine.analysis.toy_landscape.surfaces import SURFACES, Task
from maml_engine.checks import check_choice, check_number
from maml_engine.core.episode import Array

MAX_TASKS, MAX_STEPS = 8, 20


@dataclass(frozen=True)
class Landscape:
    """Some tasks in the plane, and how an inner loop moves there.

    surface: a name in `SURFACES`.
    tasks: `(x, y, turn)` each, x and y inside the surface's window, turn in radians; 1 to `MAX_TASKS` of them.
    inner_lr: alpha of MAML, first-order MAML and Reptile; > 0.
    inner_steps: K of the same; 0 to `MAX_STEPS`.
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


class Setting(NamedTuple):
    """A landscape as arrays, padded to `MAX_TASKS` tasks.

    form: `[4]`, of the surface's loss.
    window: `[axes, ends]`, low and high end of x, then of y.
    query: `[MAX_TASKS, 3]`, tasks by their query losses.
    support: `[MAX_TASKS, 3]`, the same by their support losses.
    weight: `[MAX_TASKS]`, how much each counts in a mean; 0 where it is padding.
    inner_lr: `[]`, alpha.
    inner_steps: `[]`, K.
    proximal: `[]`, lambda.
    """

    form: Array
    window: Array
    query: Array
    support: Array
    weight: Array
    inner_lr: jax.Array | float
    inner_steps: jax.Array | int
    proximal: jax.Array | float


def setting_of(landscape: Landscape) -> Setting:
    """A landscape as arrays of 64 bits, on the host."""
    count = len(landscape.tasks)
    query = np.zeros((MAX_TASKS, 3))
    query[:count] = landscape.tasks
    support = query.copy()
    angle = query[:, 2] + math.pi / 4
    support[:, :2] += landscape.gap * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    weight = (np.arange(MAX_TASKS) < count) / count
    surface = SURFACES[landscape.surface]
    return Setting(
        form=np.asarray(surface.form, float),
        window=np.asarray(surface.window, float),
        query=query,
        support=support,
        weight=weight,
        inner_lr=landscape.inner_lr,
        inner_steps=landscape.inner_steps,
        proximal=landscape.proximal,
    )
