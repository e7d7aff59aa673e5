"""What the engine says of the parameter plane: numbers for what stands there, each computed once."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from dashboard.engine_calls.cache import cached
from maml_engine.analysis import toy_landscape
from maml_engine.analysis.toy_landscape import METHODS, Landscape, Optimum, View


class Descent(NamedTuple):
    """How the methods are left to themselves.

    meta_lr: step size.
    max_step: no step is longer, in units of the plane.
    steps: how many.
    """

    meta_lr: float
    max_step: float
    steps: int


@dataclass(frozen=True, eq=False)
class Optima:
    """What moving theta does not move.

    best: the meta-optimum.
    joint: the optimum of the loss before adapting.
    joint_meta_loss: the meta-loss there.
    equidistant: the point as far from every task's optimum as from any other, `[2]`; None where there is none.
    equidistant_meta_loss: the meta-loss there; NaN where there is none.
    """

    best: Optimum
    joint: Optimum
    joint_meta_loss: float
    equidistant: np.ndarray | None
    equidistant_meta_loss: float


@cached
def optima(landscape: Landscape) -> Optima:
    """Where theta wants to be."""
    best, joint = toy_landscape.optimum(landscape), toy_landscape.optimum(replace(landscape, inner_steps=0))
    middle = toy_landscape.equidistant(landscape)
    points = np.stack([joint.theta, joint.theta if middle is None else middle])  # always two, so that nothing compiles anew
    joint_loss, middle_loss = toy_landscape.meta_loss(landscape, points).tolist()
    return Optima(best, joint, joint_loss, middle, np.nan if middle is None else middle_loss)


@cached
def view(landscape: Landscape, theta: tuple[float, float]) -> View:
    """What each method would do at theta."""
    return toy_landscape.view(landscape, theta)


@cached
def ends(landscape: Landscape, theta: tuple[float, float], descent: Descent) -> dict[str, tuple[np.ndarray, float]]:
    """By method, where it comes to when left to itself from theta, `[2]`, and the meta-loss there."""
    found = [toy_landscape.descend(landscape, method, theta, **descent._asdict())[-1] for method in METHODS]
    losses = toy_landscape.meta_loss(landscape, np.stack(found)).tolist()
    return dict(zip(METHODS, zip(found, losses, strict=True), strict=True))
