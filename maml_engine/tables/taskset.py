"""The rows of a table by task, padded to one length, and the parts in which tasks are fitted on and judged."""

from dataclasses import dataclass

import numpy as np

from maml_engine.io.sheet import Sheet
from maml_engine.tables.encoding import Encoding, usable
from maml_engine.tasks.roles import Roles
from maml_engine.tasks.rows import pad_rows, rows_by_task

MIN_TASKS = 6
MAX_TASKS = 1000
MAX_ROWS_A_TASK = 100


@dataclass(frozen=True, eq=False)
class TaskSet:
    """Rows by task, as numbers (`Encoding`); zeros follow after a task's rows.

    x: `[tasks, max_rows, in_dim]` float64. y: `[tasks, max_rows, 1]`, in units of the spread, or class codes.
    rows: `[tasks]`. names: of the tasks, in order of appearance. left_out: tasks that are too small.
    ordered: whether a task's rows are in the order of time.
    """

    x: np.ndarray
    y: np.ndarray
    rows: np.ndarray
    names: tuple[str, ...]
    left_out: tuple[str, ...]
    encoding: Encoding
    ordered: bool

    @classmethod
    def of(cls, sheet: Sheet, roles: Roles, k_shot: int, seed: int = 0) -> "TaskSet":
        """From a sheet that `validate` has no error about.

        Args:
          k_shot: tasks with fewer rows than one more are left out.
          seed: of the rows and tasks that are drawn where there are too many.
        """
        kept = sheet.take(usable(sheet, roles))
        ids, _ = task_ids(kept, roles.task)
        rng = np.random.default_rng(seed)
        by_task = rows_by_task(ids)
        names, rows_of = list(by_task), list(by_task.values())
        is_large = np.array([len(rows) > k_shot for rows in rows_of])
        chosen = np.flatnonzero(is_large)
        if len(chosen) > MAX_TASKS:
            chosen = np.sort(rng.choice(chosen, MAX_TASKS, replace=False))
        rows_of = [_in_time(kept, roles.time, _at_most(rng, rows_of[task])) for task in chosen]
        rows = np.concatenate(rows_of)
        encoding, used = Encoding.of(kept.take(np.sort(rows)), roles), kept.take(rows)
        places = np.split(np.arange(len(rows)), np.cumsum([len(some) for some in rows_of])[:-1])
        x, counts = pad_rows(encoding.encode_inputs(used), places)
        y, _ = pad_rows(encoding.encode_target(used), places)
        left_out = tuple(names[task] for task in np.flatnonzero(~is_large))
        return cls(x, y, counts, tuple(names[task] for task in chosen), left_out, encoding, bool(roles.time))

    def __len__(self) -> int:
        return len(self.names)

    @property
    def is_row(self) -> np.ndarray:
        """`[tasks, max_rows]`, False on padding."""
        return np.arange(self.x.shape[1]) < self.rows[:, None]

    def examples(self, tasks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """All rows of some tasks: `[n, in_dim]` and `[n]`."""
        real = self.is_row[tasks]
        return self.x[tasks][real], self.y[tasks][real][:, 0]


@dataclass(frozen=True, eq=False)
class Part:
    """Tasks to fit on and tasks to judge on, none in both. members: the validation tasks of each network, which together are
    all of `fit`; a network trains on the rest of `fit`."""

    fit: np.ndarray
    test: np.ndarray
    members: tuple[np.ndarray, ...]


def cross_validation(num_tasks: int, folds: int, members: int, seed: int) -> list[Part]:
    """Parts in which each task is judged exactly once; and a last one that fits on all tasks and judges none, for use."""
    rng = np.random.default_rng(seed)
    tests = np.array_split(rng.permutation(num_tasks), folds)
    return [_part(rng, num_tasks, np.sort(test), members) for test in (*tests, np.zeros(0, int))]


def random_splits(num_tasks: int, splits: int, members: int, seed: int, share: float = 0.7) -> list[Part]:
    """Parts that fit on `share` of the tasks, drawn anew each time, and judge the others; and a last one for use."""
    rng = np.random.default_rng(seed)
    count = round(share * num_tasks)
    tests = [np.sort(rng.permutation(num_tasks)[count:]) for _ in range(splits)]
    return [_part(rng, num_tasks, test, members) for test in (*tests, np.zeros(0, int))]


def support_orders(tasks: TaskSet, draws: int, seed: int) -> np.ndarray:
    """`[draws, tasks, max_rows]` orders of each task's rows, the first ones being its support; by time where there is one."""
    rng = np.random.default_rng(seed)
    chance = np.broadcast_to(np.arange(tasks.x.shape[1]) / 1e6, (draws, *tasks.is_row.shape))
    chance = chance if tasks.ordered else rng.random(chance.shape)
    return np.argsort(np.where(tasks.is_row, chance, 2.0), axis=-1, kind="stable")


def task_ids(sheet: Sheet, name: str) -> tuple[np.ndarray, list[str]]:
    """Each row's task as text, and how ids were respelt: "7.0" is "7" where both are written, "007" is not."""
    ids = sheet.text(name).copy()
    written = dict.fromkeys(ids)
    respelt = {}
    for spelling in written:
        if spelling.endswith(".0") and (whole := spelling[:-2]) in written:
            respelt[spelling] = whole
    for spelling, whole in respelt.items():
        ids[ids == spelling] = whole
    return ids, [f"{spelling} and {whole}" for spelling, whole in respelt.items()]


def _at_most(rng: np.random.Generator, rows: np.ndarray) -> np.ndarray:
    return rows if len(rows) <= MAX_ROWS_A_TASK else np.sort(rng.choice(rows, MAX_ROWS_A_TASK, replace=False))


def _in_time(sheet: Sheet, time: str, rows: np.ndarray) -> np.ndarray:
    return rows[np.argsort(sheet.values(time)[rows], kind="stable")] if time else rows


def _part(rng: np.random.Generator, num_tasks: int, test: np.ndarray, members: int) -> Part:
    fit = np.setdiff1d(np.arange(num_tasks), test)
    return Part(fit, test, tuple(np.sort(part) for part in np.array_split(rng.permutation(fit), members)))
