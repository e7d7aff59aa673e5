"""What the target is like in each level of a categorical column, so that a column of any number of levels is one number.

An effect is a level's mean, shrunk towards that of all levels by as much as chance moves it (the predictor of a random effect;
target encoding: Micci-Barreca, 2001): a rare level counts little, one that training has not seen nothing.
"""

import numpy as np

SEVERAL = 3  # rows of a level, on the mean, from which its effect can be told


def level_effects(codes: np.ndarray, y: np.ndarray, ids: np.ndarray, levels: int) -> np.ndarray:
    """By how much the target differs in each level from that in all.

    Where a column varies within tasks, each task's own level is taken off the targets first; where it does not, a task's mean
    counts as one observation.

    Args:
      codes: `[rows]` int, the level of each; -1 where it is missing.
      y: `[rows, outputs]` targets.
      ids: `[rows]` int, each one's task.
      levels: how many there are.

    Returns:
      `[levels, outputs]`; 0 where nothing is known.
    """
    there = codes >= 0
    codes, y, ids = codes[there], y[there], np.unique(ids[there], return_inverse=True)[1]
    effects = np.zeros((levels, y.shape[1]))
    if len(codes) == 0:
        return effects
    pairs, pair_of = np.unique(ids * levels + codes, return_inverse=True)
    varies = np.bincount(pairs // levels)[ids] > 1
    if np.mean(varies) >= 0.5:
        observed, at = (y - _means(y, ids, ids.max() + 1)[ids])[varies], codes[varies]
    else:
        observed, at = _means(y, pair_of, len(pairs)), pairs % levels
    observed = observed - observed.mean(axis=0)
    counts = np.bincount(at, minlength=levels)
    means = _means(observed, at, levels)
    seen = int(np.count_nonzero(counts))
    if len(at) <= seen or seen < 2:
        return effects
    # Variance within levels and between them, as the analysis of variance has it.
    within = np.sum((observed - means[at]) ** 2, axis=0) / (len(at) - seen)
    typical = (len(at) - np.sum(counts**2) / len(at)) / (seen - 1)
    between = (np.sum(counts[:, None] * means**2, axis=0) / (seen - 1) - within) / typical
    between = np.maximum(between, 0.0)
    return means * (counts[:, None] * between) / np.maximum(counts[:, None] * between + within, 1e-300)


def cross_fitted(codes: np.ndarray, y: np.ndarray, ids: np.ndarray, *, groups: np.ndarray, levels: int) -> np.ndarray:
    """The effect of each row's level as tasks of other groups tell it, so that no row is told anything of its own task.

    Args:
      codes: `[rows]` int, the level of each; -1 where it is missing.
      y: `[rows, outputs]` targets.
      ids: `[rows]` int, each one's task.
      groups: `[rows]` int, the group of each one's task.
      levels: how many there are.

    Returns:
      `[rows, outputs]`.
    """
    found = np.zeros((len(codes), y.shape[1]))
    for group in np.unique(groups):
        here = groups == group
        effects = level_effects(codes[~here], y[~here], ids[~here], levels)
        found[here] = np.where(codes[here, None] >= 0, effects[codes[here]], 0.0)
    return found


def _means(values: np.ndarray, codes: np.ndarray, size: int) -> np.ndarray:
    """`[size, outputs]`, the mean of the rows with each code; 0 where there are none."""
    sums = np.zeros((size, values.shape[1]))
    np.add.at(sums, codes, values)
    return sums / np.maximum(1, np.bincount(codes, minlength=size))[:, None]
