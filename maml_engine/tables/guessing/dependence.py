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
    y = without_levels(target.even[both], codes, task.levels)
    total = np.sum(y**2)
    if total <= 0:
        return 0.0
    shares = [_share(y, total, _bins(by.values[both], by.levels))]
    if by.kind != "text":
        within = without_levels(by.even[both], codes, task.levels)
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


def firsts_of(columns: Sequence[Profile]) -> dict[str, str]:
    """For each column the name of the first that it is a copy of: its own where it is none."""
    firsts: dict[str, str] = {}
    for place, column in enumerate(columns):
        alike = (other.name for other in columns[:place] if firsts[other.name] == other.name and is_copy(other, column))
        firsts[column.name] = next(alike, column.name)
    return firsts


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


def totals_among(columns: Sequence[Profile]) -> set[str]:
    """Names of columns that are the sum of some of the others."""
    values = np.stack([column.values for column in columns], axis=1) if columns else np.zeros((0, 0))
    values = values[np.isfinite(values).all(axis=1)]
    if len(columns) < 3 or len(values) < 3 * len(columns):
        return set()
    values = values - values.mean(axis=0)
    spread = values.std(axis=0)
    varies = np.flatnonzero(spread > 0)
    scaled = values[:, varies] / spread[varies]
    alike = scaled.T @ scaled / len(scaled)
    # What is left of a column once all others are taken off it: almost nothing where it hangs on them exactly.
    left = 1 / np.diag(np.linalg.inv(alike + EXACT * np.eye(len(varies))))
    exact = varies[left < 100 * EXACT]
    return {columns[place].name for place in exact if _is_total(values[:, place], np.delete(values, place, axis=1))}


def _is_total(y: np.ndarray, x: np.ndarray) -> bool:
    weights, *_ = np.linalg.lstsq(x, y, rcond=None)
    counted = weights[np.abs(weights) > 1e-3]
    exactly = np.abs(y - x @ weights).max() < 1e-4 * np.ptp(y)
    return bool(exactly and len(counted) > 1 and np.all(np.abs(counted - 1) < 1e-3))
