"""How wide a prediction's interval must be, from what ensembles got wrong on tasks that they had not seen (split conformal)."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# Over the mean squared error. Not less than a third: blends that were chosen on other tasks know of more or less variance, and
# where intervals hang on that alone they held 87 % of the rows of some parts; so they are some 5 % wider, and hold 88 to 90 %.
FLOORS = (0.3, 1.0, 3.0)


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
    """An interval is `widths[k] * sqrt(variance + floors[k])` on either side.

    widths: by support rows.
    floors: by support rows, variance that the members do not know of.
    """

    widths: dict[int, float]
    floors: dict[int, float]

    def half(self, variance: np.ndarray, k: int) -> np.ndarray:
        """Half the interval's width, `[...]`, where the members have this variance, `[...]`."""
        return self.widths[k] * np.sqrt(variance + self.floors[k])


def calibrate(parts: Sequence[Residuals], nominal: float) -> Calibration:
    """Widths that hold a share `nominal` of the rows of unseen tasks.

    The floors are those of greatest likelihood. Each number of support rows has its own: with none, ways that agree about a
    task that none of them knows have no variance, and others that of all tasks.
    """
    found = {k: _calibrate_at(parts, place, nominal) for place, k in enumerate(parts[0].shots)}
    return Calibration({k: width for k, (width, _) in found.items()}, {k: floor for k, (_, floor) in found.items()})


def _calibrate_at(parts: Sequence[Residuals], place: int, nominal: float) -> tuple[float, float]:
    """Width and floor for the number of support rows at `place`; where no task here is so long, for the number before it."""
    wrong, variance = _rows(parts, place)
    if len(wrong) == 0:
        return _calibrate_at(parts, place - 1, nominal)
    floor = _floor(wrong, variance)
    # The finite-sample quantile: of n errors the ceil((n + 1) * nominal)-th.
    rank = min(1.0, np.ceil((len(wrong) + 1) * nominal) / len(wrong))
    return float(np.quantile(wrong / np.sqrt(variance + floor), rank, method="inverted_cdf")), floor


def _floor(wrong: np.ndarray, variance: np.ndarray) -> float:
    typical = float(np.mean(wrong**2)) + 1e-12

    def badness(floor: float) -> float:
        scale = variance + floor
        return float(np.log(np.mean(wrong**2 / scale)) + np.mean(np.log(scale)))

    return min((typical * share for share in FLOORS), key=badness)


def coverage(parts: Sequence[Residuals], k_shot: int, nominal: float) -> float:
    """Share of the rows of each part's tasks inside intervals that were calibrated on the other parts' other tasks."""
    inside, total, place = 0, 0, parts[0].shots.index(k_shot)
    for own in parts:
        others = [other.without(own.tasks) for other in parts if other is not own]
        width, floor = _calibrate_at([other for other in others if len(other.tasks)], place, nominal)
        wrong, variance = own.rows(place)
        inside += int(np.sum(wrong <= width * np.sqrt(variance + floor)))
        total += len(wrong)
    return inside / total


def _rows(parts: Sequence[Residuals], place: int) -> tuple[np.ndarray, np.ndarray]:
    pairs = [part.rows(place) for part in parts]
    return np.concatenate([wrong for wrong, _ in pairs]), np.concatenate([variance for _, variance in pairs])
