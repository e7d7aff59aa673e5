"""Which tasks each network of a plan may see, as arrays for `ensemble`."""

from collections.abc import Sequence

import numpy as np

from maml_engine.tables.ensemble import Runs
from maml_engine.tables.splits import Part


def runs_of(parts: Sequence[Part], y: np.ndarray, drawn: np.ndarray | None = None) -> Runs:
    """One run a member of each part, in this order.

    Args:
      parts: what they are fitted on.
      y: `[runs, tasks, rows, outputs]`, what each predicts.
      drawn: `[runs, versions, tasks, rows, outputs]`, targets drawn in their stead; None for none.
    """
    pairs = [(group, part, held) for group, part in enumerate(parts) for held in part.members]
    train = np.zeros((len(pairs), y.shape[1]), np.float32)
    for run, (_, part, held) in enumerate(pairs):
        train[run, np.setdiff1d(part.fit, held)] = 1.0
    return Runs(
        groups=np.array([group for group, _, _ in pairs]),
        train=train,
        validation=padded([held for _, _, held in pairs]),
        counts=np.array([len(held) for _, _, held in pairs]),
        y=y,
        drawn=np.zeros((len(pairs), 0, *y.shape[1:]), np.float32) if drawn is None else drawn,
    )


def padded(tasks: Sequence[np.ndarray], size: int = 0) -> np.ndarray:
    """`[runs, n]` from the tasks of each run, `[..]` places; short ones are filled up with their first task."""
    size = max(size, *(len(some) for some in tasks))
    return np.stack([np.concatenate([some, np.full(size - len(some), some[0])]) for some in tasks])
