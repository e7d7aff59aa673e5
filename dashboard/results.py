"""What figures draw, as plain numbers.

Imports neither the engine nor streamlit, so that a page can draw before either is loaded.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from maml_engine.analysis.loss_slices import Slice

MAX_STEPS, MAX_SHOTS = 20, 20
CURVE_POINTS = 201
ZERO_SHOT = 3.006  # the least error before any step, on average over the tutorial's waves (`maml_engine.baselines.ZeroShot`)
MAX_FALL = 0.1  # share of its loss by which a method that has converged may still fall over the last half of its training


# Learners adapting.


@dataclass(frozen=True, eq=False)
class Fit:
    """One learner on one task: what it predicts after 0, 1, .. gradient steps on the support points.

    x: where it predicts, `[points]`.
    truth: the task's function there, `[points]`.
    support_x: of the support points, `[k_shot]`.
    support_y: of the support points, `[k_shot]`.
    path: predictions after each step, `[steps + 1, points]`.
    """

    x: np.ndarray
    truth: np.ndarray
    support_x: np.ndarray
    support_y: np.ndarray
    path: np.ndarray

    @cached_property
    def loss(self) -> np.ndarray:
        """Mean squared error over `x` after each step, `[steps + 1]`; infinite where the steps blew up."""
        with np.errstate(all="ignore"):
            error = np.square(self.path - self.truth, dtype=np.float64).mean(axis=1)
        return np.where(np.isfinite(error), error, np.inf)


@dataclass(frozen=True, eq=False)
class LossCurve:
    """Mean loss over tasks after each step.

    mean: `[steps + 1]`.
    low: lower end of its 95 % interval, `[steps + 1]`.
    high: upper end, `[steps + 1]`.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


# Pictures.


@dataclass(frozen=True, eq=False)
class PictureTask:
    """One learner on one task of pictures.

    support: `[ways, shots, height, width]`, ink 255 on paper 0.
    query: `[queries, height, width]`, in an order that says nothing of their classes.
    truth: class of each query, `[queries]`.
    shares: how likely the learner holds each class after 0, 1, .. steps, `[steps + 1, queries, ways]`.
    """

    support: np.ndarray
    query: np.ndarray
    truth: np.ndarray
    shares: np.ndarray

    @property
    def answers(self) -> np.ndarray:
        """The likeliest class of each query after each step, `[steps + 1, queries]`."""
        return self.shares.argmax(axis=-1)

    @property
    def accuracy(self) -> np.ndarray:
        """Share of right answers after each step, `[steps + 1]`."""
        return (self.answers == self.truth).mean(axis=-1)

    def confusion(self, step: int) -> np.ndarray:
        """How many queries of a class (row) were taken for each class (column) after a step, `[ways, ways]`."""
        counts = np.zeros((self.shares.shape[-1],) * 2, int)
        np.add.at(counts, (self.truth, self.answers[step]), 1)
        return counts


@dataclass(frozen=True, eq=False)
class AccuracyCurve:
    """Share of right answers over tasks after each step.

    mean: `[steps + 1]`, in [0, 1].
    low: lower end of its 95 % interval, `[steps + 1]`.
    high: upper end, `[steps + 1]`.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


# Methods beside each other.


@dataclass(frozen=True)
class Row:
    """A method's or a baseline's line in a table of losses after k steps, and what it took.

    name: among `method_names.NAMES`.
    mean: loss, the mean over tasks.
    low: lower end of its 95 % interval over tasks.
    high: upper end.
    adapted: how many parameters it adapts to a task.
    kilobytes: working memory of a meta-gradient; None where the compiler does not say.
    microseconds: of a meta step; None where it was not timed.
    iterations: meta-iterations that it was trained for.
    fall: by which share its loss still fell over the last half of its training; NaN where it is too early to say, None where
      nothing was trained here.
    has_learned: whether adapting is better than the best guess without a point; also for what need not learn that.
    """

    name: str
    mean: float
    low: float
    high: float
    adapted: int | None = None
    kilobytes: float | None = None
    microseconds: float | None = None
    iterations: int | None = None
    fall: float | None = None
    has_learned: bool = True

    @property
    def is_converged(self) -> bool:
        """Whether its loss had stopped falling: until then its place says how fast it learns, not what it reaches."""
        return self.fall is None or (self.has_learned and self.fall <= MAX_FALL)


@dataclass(frozen=True)
class Difference:
    """Loss minus the baseline's, task by task.

    name: among `method_names.NAMES`.
    mean: over tasks; below 0 it is better than the baseline.
    low: lower end of the 95 % interval of that mean.
    high: upper end.
    unpaired: half the width of the interval as if the baseline had been measured on other tasks.
    """

    name: str
    mean: float
    low: float
    high: float
    unpaired: float

    @property
    def half(self) -> float:
        """Half the width of the paired interval."""
        return (self.high - self.low) / 2

    @property
    def verdict(self) -> str:
        """In one word."""
        return "better" if self.high < 0 else "worse" if self.low > 0 else "no difference seen"


@dataclass(frozen=True, eq=False)
class Band:
    """Loss after k steps along a budget.

    x: what was spent, `[points]`.
    mean: over seeds, `[points]`.
    low: the least of the seeds, `[points]`.
    high: the largest of the seeds, `[points]`.
    """

    x: np.ndarray
    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


# Planes through a network's parameters.


@dataclass(frozen=True, eq=False)
class AdaptationSlice:
    """The plane through theta and two tasks' adapted parameters.

    losses: of the two tasks, over the plane.
    paths: from theta to where each task's steps end, in the plane's coordinates, `[2, steps + 1, 2]`.
    off: the farthest that a path leaves the plane, in units of the parameters.
    angle: between the directions from theta to the two tasks' parameters, in degrees.
    """

    losses: "Slice"
    paths: np.ndarray
    off: float
    angle: float


@dataclass(frozen=True, eq=False)
class TrainingSlice:
    """The plane in which theta moved most while it was trained.

    losses: of two held-out tasks, over the plane.
    path: theta in the plane's coordinates, `[n, 2]`.
    iterations: the meta-iterations at which it stood there, `[n]`.
    share: of the path's variance that lies along each axis, `[2]`.
    """

    losses: "Slice"
    path: np.ndarray
    iterations: np.ndarray
    share: np.ndarray


def spell_loss(loss: float) -> str:
    """A loss for reading: three figures, or that there is none."""
    if not np.isfinite(loss) or loss >= 1e6:
        return "diverged"
    return f"{loss:,.0f}" if loss >= 100 else f"{loss:.2f}" if loss >= 0.1 else f"{loss:.3f}"


def spell_norm(norm: float) -> str:
    """The length of a gradient for reading; a dash where it has overflowed."""
    return f"{norm:.3g}" if np.isfinite(norm) else "–"


def spell_angle(degrees: float) -> str:
    """An angle for reading; a dash where there is none, since one of the two vectors is zero or has overflowed."""
    if not np.isfinite(degrees):
        return "–"
    return f"{degrees:.0f}°" if degrees >= 9.95 or degrees < 0.05 else f"{degrees:.1f}°"
