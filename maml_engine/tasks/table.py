"""A CSV of many small related tasks."""

import dataclasses
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.checks import check_choice, check_number, listed, shown
from maml_engine.core.episode import Episode, float_type
from maml_engine.io.read_csv import MAX_BYTES, Source
from maml_engine.io.sheet import Sheet, read_sheet
from maml_engine.pytrees import Replaceable, pytree, static_field
from maml_engine.tasks.family import SPLITS
from maml_engine.tasks.padded_rows import PaddedRows, draw_tasks, show
from maml_engine.tasks.roles import Roles
from maml_engine.tasks.rows import pad_rows, rows_by_task
from maml_engine.tasks.scaling import Scaling

if TYPE_CHECKING:
    import pandas as pd

MAX_CELLS = 50_000_000  # numbers that a padded table may hold: 200 MB


@dataclass(frozen=True)
class Origin:
    """What a table was made from and how; all else follows from the fields that are compared, so it hashes at once.

    digest: SHA-256 of the file's bytes.
    columns: which column of the file is what.
    k_shot: what the smallest task must leave a query row for.
    seed: of the split.
    task_names: training tasks first, then validation, then test; in each, as the file has them.
    left_out: tasks with too few rows.
    fewest_rows: of the tasks that were kept.
    """

    digest: str
    columns: Roles
    k_shot: int
    seed: int
    task_names: tuple[str, ...] = field(compare=False)
    left_out: tuple[str, ...] = field(compare=False)
    fewest_rows: int = field(compare=False)


@pytree
class Table(Replaceable):
    """Tasks of a table, split by task into training, validation and test tasks. A pytree: hand it to compiled functions.

    Numbers are in the units of the data (of `float_type`), after the logarithm where one was asked for: with a log target,
    predictions and losses are those of log(target). `scaling` is fitted on rows of training tasks only, whatever the split.

    The table as read holds all tasks, training tasks first; a split holds its own, and `sample` of the table as read draws
    training tasks. A split remembers the whole: any split can be taken of any other.

    whole: the rows of all tasks, whatever split is held.
    scaling: of the rows of training tasks.
    origin: what the table was made from.
    stream: the split that is held, or "all".
    """

    whole: PaddedRows
    scaling: Scaling
    origin: Origin = static_field()
    stream: str = static_field(default="all")

    @classmethod
    def read(
        cls,
        source: Source,
        *,
        task: str,
        inputs: tuple[str, ...],
        target: str,
        log: tuple[str, ...] = (),
        k_shot: int = 10,
        seed: int = 0,
        max_bytes: int = MAX_BYTES,
    ) -> "Table":
        """Reads a CSV (or a Parquet file) with one header line and one row an example.

        Args:
          source: a path, the file's bytes, or an open file; what is understood is said in `read_sheet`.
          task: column that says which task a row belongs to, compared as text.
          inputs: columns of numbers.
          target: a column of numbers.
          log: those of them to take the natural logarithm of.
          k_shot: support rows to come; tasks with fewer than `k_shot` + 1 rows are left out (`left_out`, `note`).
          seed: of the split by task: 70 % training, 15 % validation, 15 % test, at least one of each.
          max_bytes: larger files are refused unread.

        Raises:
          ValueError: one sentence with the row, the column and the value, and what is allowed.
        """
        roles = Roles(task, inputs, target, log)
        check_number("max_bytes", max_bytes, low=1, integer=True)
        return cls.of(read_sheet(source, max_bytes, columns=roles.columns), roles, k_shot=k_shot, seed=seed)

    @classmethod
    def of(cls, sheet: Sheet, roles: Roles, *, k_shot: int = 10, seed: int = 0) -> "Table":
        """The table of a sheet whose columns `roles` names: inputs and target are numbers, and rows have no order.

        Args:
          sheet: what was read.
          roles: which column is what.
          k_shot: as for `read`.
          seed: as for `read`.

        Raises:
          ValueError: as `read`.
        """
        for name, value, low in (("k_shot", k_shot, 1), ("seed", seed, 0)):
            check_number(name, value, low=low, integer=True)
        roles.check(sheet)
        if roles.classes or roles.time:
            raise ValueError("A `Table` holds numbers without an order: `classes` and `time` must be left out of its roles.")
        ids = sheet.checked_text(roles.task)
        if np.isnan(sheet.numbers(roles.target)).all() and not sheet.missing(roles.target).any():
            found = listed([shown(value) for value in dict.fromkeys(sheet.text(roles.target))])
            raise ValueError(
                f"Column {shown(roles.target)} must hold numbers, got {found}: for a loss of classes number them from 0 on."
            )
        values = sheet.matrix(roles.numbers, roles.log)
        rows_of = rows_by_task(ids)
        _check_precision(values, rows_of, roles.numbers)
        kept = _usable(rows_of, roles, int(k_shot))
        names = _in_split_order(list(kept), int(seed))
        padded, rows = pad_rows(values.astype(float_type()), [kept[name] for name in names])
        origin = Origin(
            digest=sheet.digest,
            columns=roles,
            k_shot=int(k_shot),
            seed=int(seed),
            task_names=names,
            left_out=tuple(name for name in rows_of if name not in kept),
            fewest_rows=int(rows.min()),
        )
        whole = PaddedRows(*(jnp.asarray(part) for part in (padded[..., :-1], padded[..., -1:], rows)))
        table = cls(whole=whole, scaling=Scaling(), origin=origin)
        x, y = table.split("train").examples()
        if np.ptp(y) == 0:
            raise ValueError(f"Column {shown(roles.target)} must vary over the training tasks, got {y[0, 0]:g} in every row.")
        return dataclasses.replace(table, scaling=Scaling.fit(x.astype(np.float64), y.astype(np.float64)))

    @classmethod
    def from_frame(cls, frame: "pd.DataFrame", **options) -> "Table":
        """The table of a pandas frame, judged as the CSV it would be written to; `options` are those of `read`."""
        return cls.read(frame.to_csv(index=False, lineterminator="\n").encode(), **options)

    def split(self, name: str) -> "Table":
        """The tasks of one split ("train", "validation" or "test") of the whole table; no task is in two."""
        check_choice("split", name, SPLITS)
        return dataclasses.replace(self, stream=name)

    def sample(self, key: jax.Array, meta_batch_size: int, k_shot: int, k_query: int | None = None) -> Episode:
        """Random tasks, each with random support rows and all its other rows as queries.

        No task is drawn twice before every task was drawn once.

        Args:
          key: of the tasks and of the rows.
          meta_batch_size: how many tasks.
          k_shot: support rows; each task keeps at least one query.
          k_query: no demand on a table, and not used: a task's queries are the rows that are not its support.

        Returns:
          `support` of `[meta_batch_size, k_shot, ...]`, `query` of `[meta_batch_size, max_rows - k_shot, ...]` with `weight`
          0 on padding; pure and traceable. The table as read shows training tasks.
        """
        check_number("meta_batch_size", meta_batch_size, low=1, integer=True)
        table = self.split("train") if self.stream == "all" else self
        key_tasks, key_rows = jax.random.split(key)
        return table._episode(key_rows, draw_tasks(key_tasks, table.num_tasks, meta_batch_size), k_shot)

    def every(self, key: jax.Array, k_shot: int) -> Episode:
        """Each task held once, in the order of `task_names`, with support rows drawn by `key`; otherwise as `sample`.

        Returns:
          `support` of `[tasks, k_shot, ...]`, `query` of `[tasks, max_rows - k_shot, ...]` with `weight` 0 on padding.
        """
        return _every(self, key, k_shot=k_shot)

    def examples(self) -> tuple[np.ndarray, np.ndarray]:
        """All rows of the tasks held, padding left out: `[n, in_dim]` and `[n, 1]`, task by task."""
        x, y, rows = (np.asarray(part)[self._held] for part in self.whole)
        real = np.arange(x.shape[1]) < rows[:, None]
        return x[real], y[real]

    @property
    def x(self) -> jax.Array:
        """`[tasks, max_rows, in_dim]`, zeros after a task's rows; `max_rows` is that of the whole table."""
        return self.whole.x[self._held]

    @property
    def y(self) -> jax.Array:
        """`[tasks, max_rows, 1]`, zeros after a task's rows."""
        return self.whole.y[self._held]

    @property
    def rows(self) -> jax.Array:
        """`[tasks]` int32: how many rows each task has."""
        return self.whole.rows[self._held]

    @property
    def task_names(self) -> tuple[str, ...]:
        """The tasks held."""
        return self.origin.task_names[self._held]

    @property
    def num_tasks(self) -> int:
        """How many tasks are held."""
        return len(self.task_names)

    @property
    def in_dim(self) -> int:
        """Input columns."""
        return len(self.columns.inputs)

    @property
    def out_dim(self) -> int:
        """Target columns: one."""
        return 1

    @property
    def columns(self) -> Roles:
        """Which column of the file is what."""
        return self.origin.columns

    @property
    def digest(self) -> str:
        """SHA-256 of the file, in hexadecimal."""
        return self.origin.digest

    @property
    def left_out(self) -> tuple[str, ...]:
        """Tasks that have too few rows."""
        return self.origin.left_out

    @property
    def note(self) -> str:
        """One sentence: how many tasks were left out and why; "" where none was."""
        if not self.left_out:
            return ""
        all_tasks = len(self.left_out) + len(self.origin.task_names)
        return (
            f"{len(self.left_out)} of {all_tasks} tasks left out, for fewer than `k_shot` + 1 = {self.origin.k_shot + 1} rows: "
            f"{listed([shown(name) for name in self.left_out], most=5)}."
        )

    @property
    def _held(self) -> slice:
        return _split_slices(len(self.origin.task_names))[self.stream]

    def _episode(self, key: jax.Array, tasks: jax.Array, k_shot: int) -> Episode:
        most = self.origin.fewest_rows - 1
        check_number("k_shot", k_shot, low=1, integer=True)
        if k_shot > most:
            raise ValueError(f"`k_shot` must be at most {most} (the smallest task has {most + 1} rows), got {k_shot}.")
        # Indexed from the whole: slicing out the split first would copy it at every step of a compiled loop.
        return show(self.whole, self._held.start + tasks, key, k_shot)


@partial(jax.jit, static_argnames="k_shot")
def _every(table: Table, key: jax.Array, *, k_shot: int) -> Episode:
    return table._episode(key, jnp.arange(table.num_tasks), k_shot)


def _split_slices(num_tasks: int) -> dict[str, slice]:
    held_out = max(1, round(0.15 * num_tasks))
    train, validation = num_tasks - 2 * held_out, num_tasks - held_out
    parts = (slice(0, train), slice(train, validation), slice(validation, num_tasks))
    return {"all": slice(0, num_tasks), **dict(zip(SPLITS, parts, strict=True))}


def _in_split_order(names: list[str], seed: int) -> tuple[str, ...]:
    """The names by split, training tasks first; in each split as they came."""
    shuffled = np.random.default_rng(seed).permutation(len(names))
    slices = _split_slices(len(names))
    return tuple(names[place] for split in SPLITS for place in sorted(shuffled[slices[split]]))


def _usable(rows_of: dict[str, np.ndarray], columns: Roles, k_shot: int) -> dict[str, np.ndarray]:
    """The tasks that leave a query row after `k_shot` support rows; at least 3 must, one for each split."""
    kept = {name: rows for name, rows in rows_of.items() if len(rows) > k_shot}
    column, need = shown(columns.task), f"at least 3 tasks of `k_shot` + 1 = {k_shot + 1} rows or more"
    largest = max(len(rows) for rows in rows_of.values())
    if len(rows_of) == 1:
        raise ValueError(f"Column {column} must name {need}, got one task only ({shown(next(iter(rows_of)))}).")
    if largest == 1:
        raise ValueError(f"Column {column} must name {need}, got a value of its own in each row (every task has one row).")
    if len(kept) < 3:
        found = f"{len(kept)} such among {len(rows_of)} tasks"
        raise ValueError(f"Column {column} must name {need}, got {found} (the largest task has {largest} rows).")
    cells = len(kept) * largest * (len(columns.inputs) + 1)
    if cells > MAX_CELLS:
        raise ValueError(
            f"The table must hold at most {MAX_CELLS:,} numbers with all tasks padded to the largest, "
            f"got {cells:,} ({len(kept)} tasks, the largest of {largest} rows)."
        )
    return kept


def _check_precision(values: np.ndarray, rows_of: dict[str, np.ndarray], names: tuple[str, ...]) -> None:
    """Refuses columns that 32-bit numbers would blur: times since 1970 to the second, or differences near 1e-20."""
    order = np.concatenate(list(rows_of.values()))
    starts = np.cumsum([0, *map(len, rows_of.values())])[:-1]
    for name, column in zip(names, values.T, strict=True):
        ranges = np.maximum.reduceat(column[order], starts) - np.minimum.reduceat(column[order], starts)
        spread = ranges.mean() or np.ptp(column)  # a column that is constant in each task may still tell tasks apart
        error = np.abs(column.astype(float_type()) - column).mean()
        if spread > 0 and (error > 0.005 * spread or spread < 1 / np.sqrt(np.finfo(np.float32).max)):
            raise ValueError(
                f"Column {shown(name)} must vary by more than 32-bit numbers blur, got values from {column.min():.9g} to "
                f"{column.max():.9g} that vary by {spread:.3g} in a task: subtract a constant or change the unit."
            )
