"""The visitor's table on its way: brought, mended, judged in the background, and a learner in use. Answers as plain numbers.

A table is named by an id and lies on a shelf of the session's own; the session's state holds ids.
"""

import dataclasses
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.page_parts.your_tasks.examples import EXAMPLES, example_csv
from maml_engine import Learner
from maml_engine.learner import Prediction
from maml_engine.tables import (
    RECOMMENDED,
    Finding,
    Fix,
    Progress,
    Roles,
    Settings,
    Sheet,
    Verdict,
    guess_roles,
    judge,
    read_sheet,
    table_csv,
    validate,
)

FIRST_EXAMPLE = "Machines"
SHIPPED = Path(__file__).with_name("shipped_verdicts")
MAX_EDITED_ROWS = 5000
MAX_DRAWN_TASKS = 60
MAX_ON_SHELF = 4
MAX_KEPT_CELLS = 300_000
GRID = 61
MAX_KNOWN, MAX_ASKED = 10, 10


@dataclass(frozen=True, eq=False)
class UserTable:
    """A table at hand.

    id: names it in the session. name: the file's, or the example's. example: its name among `EXAMPLES`, as long as nothing
    was changed; else "".
    """

    id: str
    name: str
    sheet: Sheet
    roles: Roles
    example: str = ""


class Told(NamedTuple):
    """What the background work tells: the engine's progress, and on what."""

    table: UserTable
    settings: Settings
    progress: Progress

    @property
    def iteration(self) -> int:
        """Meta-iterations so far."""
        return self.progress.iteration

    @property
    def done(self) -> bool:
        """Whether the verdict is there."""
        return self.progress.done


class TrainedVerdict(NamedTuple):
    """A verdict with what it was reached on, and its learner."""

    table: UserTable
    settings: Settings
    verdict: Verdict
    learner: Any


# Bringing.


@st.cache_resource(scope="session", show_spinner=False)
def shelf() -> dict[str, UserTable]:
    """This session's tables, the latest last."""
    return {}


def put(table: UserTable) -> str:
    """Lays a table on the shelf and gives back its id; the oldest make room."""
    held = shelf()
    held[table.id] = table
    while len(held) > MAX_ON_SHELF:
        del held[next(iter(held))]
    return table.id


def bring(content: bytes, name: str) -> UserTable:
    """A file as a table, its columns guessed.

    Raises:
      ValueError: one sentence with the row or the column.
    """
    sheet = read_sheet(content)
    return UserTable(secrets.token_urlsafe(6), name, sheet, guess_roles(sheet))


def mended(table: UserTable, mend: Fix) -> UserTable:
    """The table after a change that the report offers."""
    sheet, roles = mend.apply(table.sheet, table.roles)
    return changed(table, sheet, roles)


def edited(table: UserTable, frame: pd.DataFrame) -> UserTable:
    """The table with the cells of the editor.

    Raises:
      ValueError: as for `bring`.
    """
    return changed(table, Sheet.from_frame(frame), table.roles)


def changed(table: UserTable, sheet: Sheet, roles: Roles) -> UserTable:
    """Another table, with an id of its own."""
    return UserTable(secrets.token_urlsafe(6), table.name, sheet, roles)


@lru_cache(maxsize=8)
def example(name: str) -> UserTable:
    """A table on offer; the same value for all visitors, and never changed."""
    return UserTable(f"example-{name}", EXAMPLES[name].file, read_sheet(example_csv(name)), EXAMPLES[name].roles, name)


def findings(table: UserTable, k_shot: int) -> tuple[Finding, ...]:
    """What its owner should know of a table."""
    return _findings(table.id, table.roles, k_shot, table.sheet)


@st.cache_resource(scope="session", max_entries=8, show_spinner=False)
def _findings(table_id: str, roles: Roles, k_shot: int, _sheet: Sheet) -> tuple[Finding, ...]:
    return validate(_sheet, roles, k_shot)


class Rows(NamedTuple):
    """A table's rows for a picture: by task `x [rows]` and `y [rows]`, rows without a number left out.

    x_name: the input along the axis. categories: of x, where that input is text; of y, where the target names classes.
    """

    tasks: dict[str, tuple[np.ndarray, np.ndarray]]
    x_name: str
    categories: tuple[str, ...]
    classes: tuple[str, ...]


def rows(table: UserTable) -> Rows:
    """`rows_along` of a table, once a session."""
    return _rows(table.id, table.roles, table.sheet)


@st.cache_resource(scope="session", max_entries=4, show_spinner=False)
def _rows(table_id: str, roles: Roles, _sheet: Sheet) -> Rows:
    return rows_along(_sheet, roles)


def rows_along(sheet: Sheet, roles: Roles) -> Rows:
    """The first `MAX_DRAWN_TASKS` tasks along the first input that is no text."""
    x_name = next((name for name in roles.inputs if sheet.kind(name) != "text"), roles.inputs[0])
    x, categories = _axis(sheet, x_name, as_text=sheet.kind(x_name) == "text")
    y, classes = _axis(sheet, roles.target, as_text=roles.classes)
    ids = sheet.text(roles.task)
    tasks = {}
    for name in list(dict.fromkeys(ids.tolist()))[:MAX_DRAWN_TASKS]:
        here = (ids == name) & np.isfinite(x) & np.isfinite(y)
        if here.any():
            tasks[name] = (x[here], y[here])
    return Rows(tasks, x_name, categories, classes)


def _axis(sheet: Sheet, name: str, *, as_text: bool) -> tuple[np.ndarray, tuple[str, ...]]:
    if not as_text:
        return sheet.values(name), ()
    names, codes = np.unique(sheet.text(name), return_inverse=True)
    return codes.astype(float), tuple(names.tolist())


# Training.


def work(table: UserTable, settings: Settings) -> Iterator[Told]:
    """What the background job runs; of a large table it keeps the first rows, so that ended runs stay small."""
    kept = first_part(table)
    for progress in judge(table.sheet, table.roles, settings):
        yield Told(kept, settings, progress)


def first_part(table: UserTable) -> UserTable:
    """The table, or as many of its rows as `MAX_KEPT_CELLS` allows, and its name says so."""
    rows = MAX_KEPT_CELLS // len(table.sheet.names)
    if len(table.sheet) <= rows:
        return table
    name = f"{table.name} (its first {rows:,} rows)"
    return dataclasses.replace(table, name=name, sheet=table.sheet.take(np.arange(rows)))


@lru_cache(maxsize=8)
def shipped(name: str, folder: Path = SHIPPED) -> TrainedVerdict | None:
    """The verdict on an example that comes with the app, made by `python -m` this module; None without one."""
    folder = folder / Path(EXAMPLES[name].file).stem
    if not (folder / "verdict.json").is_file():
        return None
    verdict = Verdict.from_json((folder / "verdict.json").read_text(encoding="utf-8"))
    return TrainedVerdict(example(name), Settings(k_shot=verdict.k_shot), verdict, Learner.load(folder / "learner"))


def ship(name: str, settings: Settings = RECOMMENDED, folder: Path = SHIPPED) -> None:
    """Judges an example and writes what `shipped` reads."""
    folder = folder / Path(EXAMPLES[name].file).stem
    *_, told = work(example(name), settings)
    told.progress.learner.save(folder / "learner")
    (folder / "verdict.json").write_text(told.progress.verdict.to_json(), encoding="utf-8")


# Using.


@st.cache_resource(scope="session", show_spinner=False)
def frames() -> dict[str, tuple[pd.DataFrame, pd.DataFrame, str]]:
    """What this session's editors of a new task began with: known rows, rows to predict, and where they are from."""
    return {}


def put_frames(beginning: tuple[pd.DataFrame, pd.DataFrame, str]) -> str:
    """Keeps one beginning, and gives back its id."""
    frames().clear()
    frames()[name := secrets.token_urlsafe(6)] = beginning
    return name


def first_rows(table: UserTable, k_shot: int) -> tuple[str, pd.DataFrame, pd.DataFrame]:
    """A task of the table to begin with: its name, its rows as known ones, and the inputs of its other rows."""
    roles = table.roles
    ids = table.sheet.text(roles.task)
    name = ids[0]
    frame = typed(table, [*roles.inputs, roles.target])[ids == name].dropna().reset_index(drop=True)
    spread = np.unique(np.linspace(0, len(frame) - 1, min(k_shot, MAX_KNOWN)).round().astype(int))
    known = frame.iloc[spread].reset_index(drop=True)
    asked = frame.drop(index=spread).head(MAX_ASKED)[list(roles.inputs)].reset_index(drop=True)
    return name, known, asked


def typed(table: UserTable, names: Sequence[str]) -> pd.DataFrame:
    """Columns of a table for an editor: numbers where they are numbers, else text."""
    sheet, roles = table.sheet, table.roles
    return pd.DataFrame(
        {
            name: sheet.text(name)
            if sheet.kind(name) != "number" or (roles.classes and name == roles.target)
            else sheet.numbers(name)
            for name in names
        }
    )


class Predicted(NamedTuple):
    """Predictions for the rows of a new task, `[rows]` each; `curve` is x, mean, low, high along a grid, with one input."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    curve: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None


def predicted(judged: TrainedVerdict, known: pd.DataFrame, asked: pd.DataFrame) -> Predicted:
    """Adapts to the known rows and predicts the others.

    Raises:
      ValueError: no known rows, or cells that do not fit, named.
    """
    known, asked = known.dropna(how="all"), asked.dropna(how="all")
    adapted = judged.learner.adapt_rows(known)
    inputs = list(judged.table.roles.inputs)
    mean, low, high = _flat(adapted.predict_rows(asked)) if len(asked) else (np.zeros(0),) * 3
    curve = None
    if len(inputs) == 1 and judged.table.sheet.kind(inputs[0]) == "number" and not judged.table.roles.classes:
        x = grid(judged.table, known[inputs[0]], asked[inputs[0]])
        curve = (x, *_flat(adapted.predict_rows(pd.DataFrame({inputs[0]: x}))))
    return Predicted(mean, low, high, curve)


def grid(table: UserTable, *shown: pd.Series) -> np.ndarray:
    """Where the curve of a table with one input is drawn: over the table's rows and those shown."""
    values = np.concatenate([table.sheet.numbers(table.roles.inputs[0]), *(part.to_numpy(float) for part in shown)])
    low, high = np.nanmin(values), np.nanmax(values)
    is_log = table.roles.inputs[0] in table.roles.log
    return np.geomspace(low, high, GRID) if is_log else np.linspace(low, high, GRID)


def prediction_columns(judged: TrainedVerdict, asked: pd.DataFrame, predicted: Predicted) -> dict[str, Sequence[Any]]:
    """Columns of the predictions: the inputs, the target, and where its interval ends."""
    roles = judged.table.roles
    columns = {name: cells for name, cells in _spelled(asked).items() if name in roles.inputs} | {roles.target: predicted.mean}
    if predicted.low is not predicted.mean:
        columns |= {f"{roles.target}_low": predicted.low, f"{roles.target}_high": predicted.high}
    return columns


def files(judged: TrainedVerdict, known: pd.DataFrame, asked: pd.DataFrame, predicted: Predicted) -> dict[str, bytes]:
    """The editors' rows and the predictions as files, by name."""
    tables = {"known.csv": _spelled(known), "others.csv": _spelled(asked)}
    tables["predictions.csv"] = prediction_columns(judged, asked, predicted)
    return {name: table_csv(columns) for name, columns in tables.items()}


def along(table: UserTable, frame: pd.DataFrame, x_name: str) -> np.ndarray:
    """Where the rows of an editor lie on the axis of a picture: numbers, or places among the categories."""
    column = frame[x_name]
    if table.sheet.kind(x_name) == "number":
        return column.to_numpy(float)
    if table.sheet.kind(x_name) == "date":
        return Sheet(column.astype(str).to_frame(), "").days(x_name)
    return places(column, np.unique(table.sheet.text(x_name)).tolist())


def places(names: Iterable[Any], known: Sequence[str]) -> np.ndarray:
    """Where each name stands among the known ones; NaN where it is none of them."""
    place = {name: place for place, name in enumerate(known)}
    return np.array([place.get(str(name), np.nan) for name in names], float)


def read_rows(content: bytes, names: Sequence[str]) -> pd.DataFrame:
    """Rows of a new task from a file, for the editor.

    Raises:
      ValueError: what `read_sheet` refuses, or columns that are missing, named.
    """
    sheet = read_sheet(content, fewest_columns=1)
    if missing := [name for name in names if name not in sheet.names]:
        there = ", ".join(map(repr, sheet.names[:12]))
        raise ValueError(f"The file must have the column {missing[0]!r}, got {there}.")
    return pd.DataFrame({name: sheet.numbers(name) if sheet.kind(name) == "number" else sheet.text(name) for name in names})


def _spelled(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Cells with all their digits, so that what reads them sees the same numbers."""

    def spell(cell: Any) -> str:
        if not isinstance(cell, float):
            return "" if cell is None else str(cell)
        return "" if np.isnan(cell) else repr(cell).removesuffix(".0")

    return {name: [spell(cell) for cell in column] for name, column in frame.dropna(how="all").to_dict("list").items()}


def _flat(prediction: Prediction) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    mean = np.asarray(prediction.mean).reshape(len(prediction.mean), -1)[:, 0]
    sides = (mean if side is None else np.asarray(side)[:, 0] for side in (prediction.low, prediction.high))
    return (mean, *sides)


def script(judged: TrainedVerdict) -> str:
    """The same from Python: the table to the verdict, and the learner to predictions. Names are spelt as literals."""
    changes = {
        spec.name: getattr(judged.settings, spec.name)
        for spec in dataclasses.fields(Settings)
        if getattr(judged.settings, spec.name) != getattr(Settings(), spec.name)
    }
    settings = ", ".join(f"{name}={value!r}" for name, value in changes.items())
    return _SCRIPT.format(roles=repr(judged.table.roles), settings=f"Settings({settings})")


_SCRIPT = '''"""A verdict on a table, and its learner in use: python your_tasks.py TABLE.csv KNOWN.csv OTHERS.csv"""

import sys

from maml_engine.tables import Roles, Settings, judge, read_sheet

table, known, others = sys.argv[1:]
roles = {roles}

for progress in judge(read_sheet(table), roles, {settings}):
    print(f"{{progress.share:4.0%}} {{progress.doing}}", flush=True)
print(progress.verdict.sentence)

learner = progress.learner
learner.save("learner")
prediction = learner.adapt_rows(known).predict_rows(others)
for mean, low, high in zip(prediction.mean, prediction.low, prediction.high):
    print(*mean, *low, *high)
'''


if __name__ == "__main__":
    for each in EXAMPLES:
        ship(each)
