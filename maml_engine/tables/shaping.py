"""Whether a skewed target is better predicted by its logarithm: what a simple fit errs by says, in the target's own units."""

import numpy as np

from maml_engine.tables.baselines import Pooled
from maml_engine.tables.mixed_model import mixed_model
from maml_engine.tables.outcomes import Limits
from maml_engine.tables.task_arrays import TaskArrays, few_tasks
from maml_engine.tables.taskset import TaskSet

PARTS, SEED = 3, 0
# Of the errors as it is: a few of the largest targets rule the root mean square, so it may be a little greater; the mean must
# be clearly less, or chance decides.
MAX_SHARES = np.array([1.15, 0.9])


def is_better(shaped: TaskSet, plain: TaskSet, k_shot: int) -> bool:
    """Whether a linear mixed model errs clearly less on tasks left out, in the target's own units.

    Args:
      shaped: the tasks of a table, with what is done to the target.
      plain: without.
      k_shot: known rows of a task.
    """
    return bool(np.all(errors_of(shaped, k_shot) < MAX_SHARES * errors_of(plain, k_shot)))


def errors_of(tasks: TaskSet, k_shot: int) -> np.ndarray:
    """`[2]`, the root mean squared and the mean absolute error in the target's own units.

    Args:
      tasks: of a table.
      k_shot: known rows of a task.
    """
    few = few_tasks(tasks.arrays, k_shot)
    parts = np.array_split(np.random.default_rng(SEED).permutation(len(few.x)), PARTS)
    wrong = np.concatenate([_wrong_on(tasks, few, test, k_shot) for test in parts])
    return np.array([np.sqrt(np.mean(wrong**2)), np.mean(np.abs(wrong))])


def _wrong_on(tasks: TaskSet, few: TaskArrays, test: np.ndarray, k_shot: int) -> np.ndarray:
    """`[n]`, by how much the rows of some tasks are missed by a fit on the others."""
    fit, own = few.take(np.setdiff1d(np.arange(len(few.x)), test)), few.take(test)
    pooled = Pooled.fit(fit, SEED)
    mean = mixed_model(fit, pooled, k_shot, SEED).predictor().predict(own, k_shot)
    mean = Limits.of(fit, tasks.encoding.room).kept(mean, own, k_shot)
    return (tasks.encoding.decode_target(mean) - tasks.encoding.decode_target(own.y))[..., 0][own.query(k_shot)]
