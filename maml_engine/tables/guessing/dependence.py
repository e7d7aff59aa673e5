"""How columns hang together within tasks: which one is predicted by which."""

from collections.abc import Sequence

import numpy as np

from maml_engine.tables.guessing.profiles import Profile, without_levels

BINS = 12
MEAN = 0.2  # of the spread between tasks: how far a mean that somebody wrote down may lie from the one of the rows here
EXACT = 1e-6  # of the spread: what is left of a column that is another one in other units


def explained(target: Profile, by: Profile, task: Profile) -> float:
    """Share of a column's variance within tasks that the value of another explains, whatever the curve; 0 for chance.

    Args:
      target: what is explained: numbers.
      by: numbers, in `BINS` of equal counts; or levels.
      task: whose level is taken off.
    """
    both = (target.codes >= 0) & (by.codes >= 0) & (task.codes >= 0)
    if both.sum() < 2 * BINS:
        return 0.0
    codes = task.codes[both]
    y = without_levels(target.values[both], codes, task.levels)
    total = np.sum(y**2)
    if total <= 0:
        return 0.0
    shares = [_share(y, total, _bins(by.values[both], by.levels))]
    if by.kind != "text":
        within = without_levels(by.values[both], codes, task.levels)
        shares.append(_share(y, total, _bins(within, len(within))))
    return max(0.0, *shares)


def _bins(values: np.ndarray, levels: int) -> np.ndarray:
    if levels <= 2 * BINS:
        return np.unique(values, return_inverse=True)[1]
    return np.searchsorted(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1]), values)


def _share(y: np.ndarray, total: float, bins: np.ndarray) -> float:
    counts = np.bincount(bins)
    means = np.bincount(bins, y) / np.maximum(1, counts)
    left = np.sum((y - means[bins]) ** 2)
    used = np.count_nonzero(counts)
    return float(1.0 - left / total * (len(y) - 1) / max(1, len(y) - used))


def is_copy(first: Profile, second: Profile) -> bool:
    """Whether two columns are one in different units, or one less a constant."""
    both = (first.codes >= 0) & (second.codes >= 0)
    if both.sum() < 5 or "text" in (first.kind, second.kind):
        return False
    x, y = first.values[both], second.values[both]
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return False
    return bool(abs(abs(np.corrcoef(x, y)[0, 1]) - 1) < EXACT)


def is_mean_of(mean: Profile, column: Profile, task: Profile) -> bool:
    """Whether a column that is the same in each task holds the task's mean of another, or nearly so."""
    both = (mean.codes >= 0) & (column.codes >= 0) & (task.codes >= 0)
    codes = task.codes[both]
    counts = np.bincount(codes, minlength=task.levels)
    seen = counts > 0
    if seen.sum() < 5:
        return False
    means = (np.bincount(codes, column.values[both], minlength=task.levels) / np.maximum(1, counts))[seen]
    told = (np.bincount(codes, mean.values[both], minlength=task.levels) / np.maximum(1, counts))[seen]
    return bool(np.ptp(means) > 0 and np.mean((means - told) ** 2) < MEAN**2 * np.var(means))


def is_total_of(column: Profile, others: Sequence[Profile]) -> bool:
    """Whether a column is the sum of some of the others."""
    parts = [other for other in others if other is not column]
    if len(parts) < 2:
        return False
    all_of = np.stack([column.values, *(other.values for other in parts)], axis=1)
    all_of = all_of[np.isfinite(all_of).all(axis=1)]
    if len(all_of) < 3 * len(parts) or np.ptp(all_of[:, 0]) == 0:
        return False
    y, x = all_of[:, 0], all_of[:, 1:]
    weights, *_ = np.linalg.lstsq(x, y, rcond=None)
    left = np.abs(y - x @ weights).max()
    counted = weights[np.abs(weights) > 1e-3]
    return bool(left < 1e-4 * np.ptp(y) and len(counted) > 1 and np.all(np.abs(counted - 1) < 1e-3))
