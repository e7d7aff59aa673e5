"""Boosted trees that know of tasks: a tree ensemble is the mean of a Gaussian process whose draws the tasks are.

As in tree boosting with random effects (Sigrist, 2022), trees explain what is common to tasks, and a level and a smooth
function of each task's own explain the rest. Here the two are fitted in turn instead of at once.
"""

from dataclasses import replace

import numpy as np

from maml_engine.runtime.extras import brought_by
from maml_engine.runtime.parallel import one_thread
from maml_engine.tables.functions import Trees
from maml_engine.tables.gaussian_process import KernelPredictor, gaussian_process
from maml_engine.tables.task_arrays import TaskArrays

MAX_FITTED_ROWS = 20_000
PARTS = 3  # of the tasks, left out in turn: what trees leave of rows that they were fitted on is too little


def boosted_trees(tasks: TaskArrays, seed: int) -> KernelPredictor:
    """Trees, and the process of what they leave of tasks that they have not seen.

    Args:
      tasks: fitted on.
      seed: of what is drawn.
    """
    parts = np.array_split(np.random.default_rng(seed).permutation(len(tasks.x)), min(PARTS, len(tasks.x)))
    left, levels = np.zeros_like(tasks.y), np.zeros((len(tasks.x), 1, tasks.y.shape[-1]))
    counts = np.maximum(tasks.is_row.sum(axis=1), 1)[:, None, None]
    process = None
    for _ in range(2):  # the second time without the tasks' levels, by what the first time left
        for held in parts:
            rest = np.setdiff1d(np.arange(len(tasks.x)), held)
            trees = _fit(tasks.take(rest), levels[rest], seed)
            left[held] = (tasks.y[held] - trees(tasks.x[held])) * tasks.is_row[held][..., None]
        means = left.sum(axis=1, keepdims=True) / counts
        within = float(np.sum(np.where(tasks.is_row[..., None], left - means, 0.0) ** 2) / tasks.is_row.sum() / left.shape[-1])
        between = max(float(np.var(means)) - within / float(np.mean(counts)), 1e-9)
        levels = means * (between / (between + within / counts))
    process = gaussian_process(tasks._replace(y=left), None, seed)
    return replace(process, about=_fit(tasks, levels, seed))


def _fit(tasks: TaskArrays, levels: np.ndarray, seed: int) -> Trees:
    """On pooled rows without the tasks' levels `[tasks, 1, outputs]`, one ensemble an output."""
    with brought_by("tables"):
        from sklearn.ensemble import HistGradientBoostingRegressor

    x, y = tasks._replace(y=tasks.y - levels).rows()
    if len(x) > MAX_FITTED_ROWS:
        kept = np.random.default_rng(seed).choice(len(x), MAX_FITTED_ROWS, replace=False)
        x, y = x[kept], y[kept]
    options = {"max_iter": 100, "learning_rate": 0.1, "max_leaf_nodes": 15, "random_state": seed, "early_stopping": False}
    with one_thread():
        return Trees.of([HistGradientBoostingRegressor(**options).fit(x, column) for column in y.T])
