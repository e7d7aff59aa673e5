"""The parts in which tasks are fitted on and judged."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Part:
    """Tasks to fit on and tasks to judge on, none in both.

    fit: `[n]` places of tasks.
    test: `[n]` places of tasks.
    members: the validation tasks of each network, `[n]` places, which together are all of `fit`; a network trains on the rest.
    """

    fit: np.ndarray
    test: np.ndarray
    members: tuple[np.ndarray, ...]


def cross_validation(num_tasks: int, folds: int, *, members: int, seed: int) -> list[Part]:
    """Parts in which each task is judged exactly once; and a last one that fits on all tasks and judges none, for use.

    Args:
      num_tasks: tasks in all.
      folds: parts that judge.
      members: networks of each part.
      seed: of what is drawn.
    """
    rng = np.random.default_rng(seed)
    tests = _folds(rng, num_tasks, folds)
    return [_part(rng, num_tasks, np.sort(test), members) for test in (*tests, np.zeros(0, int))]


def groups_of(num_tasks: int, folds: int, *, seed: int) -> np.ndarray:
    """`[tasks]` int, the part of `cross_validation` that judges each task."""
    groups = np.zeros(num_tasks, int)
    for place, test in enumerate(_folds(np.random.default_rng(seed), num_tasks, folds)):
        groups[test] = place
    return groups


def _folds(rng: np.random.Generator, num_tasks: int, folds: int) -> list[np.ndarray]:
    return np.array_split(rng.permutation(num_tasks), folds)


def random_splits(num_tasks: int, splits: int, *, members: int, seed: int, share: float = 0.7) -> list[Part]:
    """Parts that fit on tasks drawn anew each time and judge the others; and a last one that fits on all, for use.

    Args:
      num_tasks: tasks in all.
      splits: parts that judge.
      members: networks of each part.
      seed: of what is drawn.
      share: of the tasks that a part fits on.
    """
    rng = np.random.default_rng(seed)
    count = round(share * num_tasks)
    tests = [np.sort(rng.permutation(num_tasks)[count:]) for _ in range(splits)]
    return [_part(rng, num_tasks, test, members) for test in (*tests, np.zeros(0, int))]


def _part(rng: np.random.Generator, num_tasks: int, test: np.ndarray, members: int) -> Part:
    fit = np.setdiff1d(np.arange(num_tasks), test)
    return Part(fit, test, tuple(np.sort(part) for part in np.array_split(rng.permutation(fit), members)))
