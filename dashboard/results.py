"""What adapting gives, as plain numbers. Imports neither the engine nor streamlit, so that a page can draw before either is
loaded."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

MAX_STEPS, MAX_SHOTS = 20, 20
CURVE_POINTS = 201


@dataclass(frozen=True, eq=False)
class Fit:
    """One learner on one task: what it predicts after 0, 1, .. gradient steps on the support points.

    x, truth: `[points]`. support_x, support_y: `[k_shot]`. path: `[steps + 1, points]`.
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
    """Mean loss over tasks after each step, with its 95 % interval; all `[steps + 1]`."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray


def spell_loss(loss: float) -> str:
    """A loss for reading: three figures, or that there is none."""
    if not np.isfinite(loss) or loss >= 1e6:
        return "diverged"
    return f"{loss:,.0f}" if loss >= 100 else f"{loss:.2f}" if loss >= 0.1 else f"{loss:.3f}"
