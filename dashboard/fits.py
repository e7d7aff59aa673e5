"""What adapting gives, as plain numbers. Imports neither the engine nor streamlit, so that a page can draw before either is
loaded: the first picture of Home lies beside this file, and `python -m dashboard.adapting` makes it again."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np

MAX_STEPS, MAX_SHOTS = 20, 20
FIRST_FITS = Path(__file__).with_name("first_fits.npz")


@dataclass(frozen=True)
class Wave:
    """A sine wave and the points that a learner sees of it: what Home asks for.

    phase: radians. noise: standard deviation of what is added to the points, in units of y. seed: of the points.
    """

    amplitude: float = 3.0
    phase: float = 0.8
    shots: int = 5
    noise: float = 0.0
    seed: int = 9
    inner_lr: float = 0.001


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


def blew_up(fit: Fit, steps: int) -> bool:
    """Whether adapting made the fit worse than a line at 0 and worse than it was."""
    return bool(fit.loss[steps] > max(2 * fit.loss[0], 10 * np.mean(fit.truth**2)))


def save_fits(fits: Mapping[str, Fit], file: Path = FIRST_FITS) -> None:
    """Writes fits as plain arrays."""
    arrays = {f"{name}/{spec.name}": getattr(fit, spec.name) for name, fit in fits.items() for spec in fields(Fit)}
    np.savez_compressed(file, **arrays)


def first_fits(file: Path = FIRST_FITS) -> dict[str, Fit]:
    """The shipped learners on `Wave()`, computed beforehand; empty where the file is missing."""
    if not file.is_file():
        return {}
    with np.load(file, allow_pickle=False) as arrays:
        names = dict.fromkeys(key.split("/")[0] for key in arrays.files)
        return {name: Fit(**{spec.name: arrays[f"{name}/{spec.name}"] for spec in fields(Fit)}) for name in names}
