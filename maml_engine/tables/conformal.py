"""How wide a prediction's interval must be, from what ensembles got wrong on tasks that they had not seen (split conformal)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Residuals(NamedTuple):
    """Errors on unseen tasks of one part.

    shots: support rows.
    tasks: `[n]`, places of the tasks.
    wrong: `[shots, draws, n, rows]` absolute errors.
    variance: `[shots, draws, n, rows]`, of the members' predictions.
    query: `[shots, draws, n, rows]`, where a row counts.
    """

    shots: tuple[int, ...]
    tasks: np.ndarray
    wrong: np.ndarray
    variance: np.ndarray
    query: np.ndarray

    def without(self, tasks: np.ndarray) -> "Residuals":
        """The other tasks than those at these places, `[n]`."""
        kept = ~np.isin(self.tasks, tasks)
        parts = (part[:, :, kept] for part in (self.wrong, self.variance, self.query))
        return Residuals(self.shots, self.tasks[kept], *parts)

    def rows(self, place: int) -> tuple[np.ndarray, np.ndarray]:
        """Errors and variances, `[n]` each, of the rows that count, for the number of support rows at `place`."""
        query = self.query[place]
        return self.wrong[place][query], self.variance[place][query]


class Calibration(NamedTuple):
    """An interval is `widths[k] * sqrt(variance + floor)` on either side.

    widths: by support rows.
    floor: variance that the members do not know of.
    """

    widths: dict[int, float]
    floor: float

    def half(self, variance: np.ndarray, k: int) -> np.ndarray:
        """Half the interval's width, `[...]`, where the members have this variance, `[...]`."""
        return self.widths[k] * np.sqrt(variance + self.floor)


def calibrate(parts: Sequence[Residuals], k_shot: int, nominal: float) -> Calibration:
    """Widths that hold a share `nominal` of the rows of unseen tasks.

    The floor is the one of greatest likelihood at `k_shot`.
    """
    shots = parts[0].shots
    wrong, variance = _rows(parts, shots.index(k_shot))
    typical = float(np.mean(wrong**2)) + 1e-12
    floors = [typical * share for share in (0.01, 0.03, 0.1, 0.3, 1.0, 3.0)]

    def badness(floor: float) -> float:
        scale = variance + floor
        return float(np.log(np.mean(wrong**2 / scale)) + np.mean(np.log(scale)))

    floor = min(floors, key=badness)
    widths = {}
    for place, k in enumerate(shots):
        wrong, variance = _rows(parts, place)
        if len(wrong) == 0:  # of the tasks here none is so long
            widths[k] = widths[shots[place - 1]]
            continue
        # The finite-sample quantile: of n errors the ceil((n + 1) * nominal)-th.
        rank = min(1.0, np.ceil((len(wrong) + 1) * nominal) / max(len(wrong), 1))
        widths[k] = float(np.quantile(wrong / np.sqrt(variance + floor), rank, method="inverted_cdf"))
    return Calibration(widths, floor)


def coverage(parts: Sequence[Residuals], k_shot: int, nominal: float) -> float:
    """Share of the rows of each part's tasks inside intervals that were calibrated on the other parts' other tasks."""
    inside = total = 0
    for own in parts:
        others = [other.without(own.tasks) for other in parts if other is not own]
        others = [other for other in others if len(other.tasks)]
        wrong, variance = own.rows(own.shots.index(k_shot))
        inside += int(np.sum(wrong <= calibrate(others, k_shot, nominal).half(variance, k_shot)))
        total += len(wrong)
    return inside / total


def _rows(parts: Sequence[Residuals], place: int) -> tuple[np.ndarray, np.ndarray]:
    pairs = [part.rows(place) for part in parts]
    return np.concatenate([wrong for wrong, _ in pairs]), np.concatenate([variance for _, variance in pairs])
