"""Whether a skewed target is better predicted by its logarithm: what a simple fit errs by says, in the target's own units."""

import numpy as np

from maml_engine.tables.baselines import Pooled
from maml_engine.tables.mixed_model import mixed_model
from maml_engine.tables.outcomes import Limits
from maml_engine.tables.task_arrays import TaskArrays, few_tasks
from maml_engine.tables.taskset import TaskSet

PARTS, SEED = 3, 0


def error_of(tasks: TaskSet, k_shot: int) -> float:
    """Squared error in the target's own units of a linear mixed model on tasks left out, the mean over rows.

    Args:
      tasks: of a table.
      k_shot: known rows of a task.
    """
    few = few_tasks(tasks.arrays, k_shot)
    parts = np.array_split(np.random.default_rng(SEED).permutation(len(few.x)), PARTS)
    return sum(_error_on(tasks, few, test, k_shot) for test in parts) / max(1, few.query(k_shot).sum())


def _error_on(tasks: TaskSet, few: TaskArrays, test: np.ndarray, k_shot: int) -> float:
    fit, own = few.take(np.setdiff1d(np.arange(len(few.x)), test)), few.take(test)
    pooled = Pooled.fit(fit, SEED)
    mean = mixed_model(fit, pooled, k_shot, SEED).predictor().predict(own, k_shot)
    mean = Limits.of(fit, tasks.encoding.room).kept(mean, own, k_shot)
    wrong = (tasks.encoding.decode_target(mean) - tasks.encoding.decode_target(own.y))[..., 0] ** 2
    return float(np.sum(wrong, where=own.query(k_shot)))
