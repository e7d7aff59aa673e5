"""What first order leaves out, task by task."""

import jax
import numpy as np

from maml_engine.analysis.gradients import compare_gradients
from maml_engine.core.adapter import Adapter
from maml_engine.core.episode import Episode


def task_angles(adapter: Adapter, episode: Episode, inner_steps: int | None = None) -> np.ndarray:
    """The angle between each task's own exact and first-order gradient.

    Args:
      adapter: the method and the meta-parameters to start from.
      episode: tasks on a leading axis `[tasks]`.
      inner_steps: None takes the method's own.

    Returns:
      `[tasks]`, degrees; NaN where one of the two is 0 or overflowed.
    """
    tasks = episode.support.x.shape[0]
    singles = (jax.tree.map(lambda leaf, task=task: leaf[task : task + 1], episode) for task in range(tasks))
    return np.array([compare_gradients(adapter, single, inner_steps).overall.angle for single in singles])
