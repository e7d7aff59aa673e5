"""The tasks of a table as numbers, with their names."""

from dataclasses import dataclass

import numpy as np

from maml_engine.io.sheet import Sheet
from maml_engine.tables.encoding import Encoding, usable
from maml_engine.tables.splits import groups_of
from maml_engine.tables.task_arrays import TaskArrays
from maml_engine.tasks.roles import Roles
from maml_engine.tasks.rows import pad_rows, rows_by_task

MIN_TASKS = 6
MAX_TASKS = 1000
MAX_ROWS_A_TASK = 100


@dataclass(frozen=True, eq=False)
class TaskSet:
    """Tasks of a table.

    arrays: their rows as numbers (`Encoding`), and the orders in which these become known. What the levels of a category do to
      the target is told each task by others.
    in_use: `[tasks, rows, in_dim]`, the inputs as a learner in use sees them: told by all tasks.
    rows: `[tasks]`, how many each has.
    names: in order of appearance.
    left_out: names of tasks that are too small.
    encoding: from cells to numbers, and back.
    """

    arrays: TaskArrays
    in_use: np.ndarray
    rows: np.ndarray
    names: tuple[str, ...]
    left_out: tuple[str, ...]
    encoding: Encoding

    @classmethod
    def of(
        cls, sheet: Sheet, roles: Roles, k_shot: int, *, draws: int = 1, seed: int = 0, folds: int = 5, as_it_is: bool = False
    ) -> "TaskSet":
        """From a sheet that `validate` has no error about.

        Args:
          sheet: the table.
          roles: which column is what.
          k_shot: tasks with fewer rows than one more are left out.
          draws: orders of each task's rows.
          seed: of the orders, and of the rows and tasks that are drawn where there are too many.
          folds: parts of the cross-validation: a task is told of its categories by those of other parts.
          as_it_is: whether a skewed target stays so.
        """
        kept = sheet.take(usable(sheet, roles))
        by_task = rows_by_task(task_ids(kept, roles.task)[0])
        large = [name for name, rows in by_task.items() if len(rows) > k_shot]
        rng = np.random.default_rng(seed)
        if len(large) > MAX_TASKS:
            large = [large[place] for place in np.sort(rng.choice(len(large), MAX_TASKS, replace=False))]
        rows_of = [_in_time(kept, roles.time, _at_most(rng, by_task[name])) for name in large]
        rows = np.concatenate(rows_of)
        used, ids = kept.take(rows), np.repeat(np.arange(len(rows_of)), [len(some) for some in rows_of])
        encoding = Encoding.of(used, roles, ids, as_it_is=as_it_is)
        groups = groups_of(len(rows_of), max(2, min(folds, len(rows_of) // 2)), seed=seed)[ids]
        places = np.split(np.arange(len(rows)), np.cumsum([len(some) for some in rows_of])[:-1])
        targets = encoding.targets(encoding.encode_target(used))
        x, counts = pad_rows(encoding.filled(encoding.encode_training(used, targets, ids, groups), ids), places)
        in_use, _ = pad_rows(encoding.filled(encoding.encode_inputs(used), ids), places)
        y, _ = pad_rows(targets, places)
        is_row = np.arange(x.shape[1]) < counts[:, None]
        arrays = TaskArrays(x, y, is_row, support_orders(is_row, draws, seed, ordered=bool(roles.time)))
        left_out = tuple(name for name, rows in by_task.items() if len(rows) <= k_shot)
        return cls(arrays, in_use, counts, tuple(large), left_out, encoding)

    def __len__(self) -> int:
        return len(self.names)


def support_orders(is_row: np.ndarray, draws: int, seed: int, *, ordered: bool = False) -> np.ndarray:
    """Orders of each task's rows, the first ones being its support.

    Args:
      is_row: `[tasks, rows]`, False on padding.
      draws: how many orders.
      seed: of what is drawn.
      ordered: whether rows are in the order of time, and stay so.

    Returns:
      `[draws, tasks, rows]` places of rows, the padding last.
    """
    shape = (draws, *is_row.shape)
    in_order = np.broadcast_to(np.arange(is_row.shape[1]) / 1e6, shape)
    chance = in_order if ordered else np.random.default_rng(seed).random(shape)
    return np.argsort(np.where(is_row, chance, 2.0), axis=-1, kind="stable")


def task_ids(sheet: Sheet, name: str) -> tuple[np.ndarray, list[str]]:
    """`[rows]`, each row's task as text, and how ids were respelt: "7.0" is "7" where both are written, "007" is not."""
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
