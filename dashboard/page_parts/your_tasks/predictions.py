"""What a learner makes of the rows of a new task: editors' rows in, predictions and files out."""

import dataclasses
import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.page_parts.your_tasks.engine_calls import Predictions, predicted
from dashboard.page_parts.your_tasks.run import TrainedVerdict
from dashboard.page_parts.your_tasks.table import UserTable
from dashboard.widgets import session
from maml_engine.io.readings.numbers import POINT
from maml_engine.tables import Sheet, read_sheet, table_csv

GRID = 61
FILE = "predictions.csv"
MAX_KNOWN, MAX_ASKED = 10, 10
NUMBER = r"[+-]?\d*[.,]?\d+(e[+-]?\d+)?"


class NewTask(NamedTuple):
    """A task that the learner is used on.

    known: its known rows, with the columns of inputs and target.
    asked: the rows to predict, with those of the inputs.
    source: where the rows are from, in words.
    """

    known: pd.DataFrame
    asked: pd.DataFrame
    source: str = ""


def begun() -> dict[str, NewTask]:
    """What this session's editors began with, by id."""
    return st.session_state.setdefault(session.BEGUN, {})


def begin(task: NewTask) -> str:
    """Keeps what the editors begin with, in place of what they began with before, and gives back its id."""
    begun().clear()
    begun()[name := secrets.token_urlsafe(6)] = task
    return name


def first_task(table: UserTable, k_shot: int) -> tuple[str, NewTask]:
    """A task of the table to begin with, and its name: some of its rows as known ones, the inputs of the others."""
    roles = table.roles
    ids = table.sheet.text(roles.task)
    name = ids[0]
    frame = typed(table, [*roles.inputs, roles.target])[ids == name].dropna().reset_index(drop=True)
    spread = np.unique(np.linspace(0, len(frame) - 1, min(k_shot, MAX_KNOWN)).round().astype(int))
    known = frame.iloc[spread].reset_index(drop=True)
    asked = frame.drop(index=spread).head(MAX_ASKED)[list(roles.inputs)].reset_index(drop=True)
    return name, NewTask(known, asked)


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


def complete(table: UserTable, task: NewTask) -> tuple[NewTask, list[str]]:
    """The rows in which nothing is missing, and one sentence for each editor that holds others.

    A text that is empty is a category like any that training has not seen. Numbers and dates have to be there, but in a column
    of which the table itself has cells missing: they are filled as there. Targets have to be there.

    Args:
      table: whose columns they are.
      task: as the editors hold it; rows without anything in them are passed over in silence.
    """
    roles, sentences = table.roles, []
    sheet = table.sheet
    inputs = [name for name in roles.inputs if sheet.kind(name) != "text" and not sheet.missing(name).any()]
    kept = {}
    for which, label, names in (("known", "Known rows", [*inputs, roles.target]), ("asked", "Rows to predict", inputs)):
        frame = getattr(task, which).dropna(how="all")
        empty = pd.DataFrame({name: frame[name].map(_is_empty) for name in names}, index=frame.index, dtype=bool)
        kept[which] = frame[~empty.any(axis=1)]
        if lacking := [place for place, is_short in enumerate(empty.any(axis=1), start=1) if is_short]:
            first = next(name for name in names if empty[name].iloc[lacking[0] - 1])
            more = f", and {len(lacking) - 1} more are not complete" if len(lacking) > 1 else ""
            sentences.append(f"{label}: row {lacking[0]} has no {first} yet{more}. What is not complete is left out.")
    return task._replace(**kept), sentences


def _is_empty(cell: Any) -> bool:
    return not cell.strip() if isinstance(cell, str) else bool(pd.isna(cell))


def predict(trained: TrainedVerdict, task: NewTask) -> Predictions:
    """Adapts to the known rows, of which there may be none, and predicts the others.

    Raises:
      ValueError: no rows at all, or cells that do not fit, named.
    """
    known, asked = task.known.dropna(how="all"), task.asked.dropna(how="all")
    if known.empty and asked.empty:
        raise ValueError("There must be at least one row: a known one, complete, or one to predict.")
    inputs, x = list(trained.table.roles.inputs), None
    if len(inputs) == 1 and trained.table.sheet.kind(inputs[0]) == "number" and not trained.table.roles.classes:
        x = grid(trained.table, known[inputs[0]], asked[inputs[0]])
    return predicted(trained.learner, known.to_dict("list"), asked[inputs].to_dict("list"), x)


def grid(table: UserTable, *shown: pd.Series) -> np.ndarray:
    """Where the curve of a table with one input is drawn, `[GRID]`: over the table's rows and those shown."""
    values = np.concatenate([table.sheet.numbers(table.roles.inputs[0]), *(part.to_numpy(float) for part in shown)])
    low, high = np.nanmin(values), np.nanmax(values)
    is_log = table.roles.inputs[0] in table.roles.log
    return np.geomspace(low, high, GRID) if is_log else np.linspace(low, high, GRID)


def columns(trained: TrainedVerdict, task: NewTask, predictions: Predictions) -> dict[str, Sequence[Any]]:
    """Columns of the predictions: the inputs, the target, and where its interval ends."""
    roles = trained.table.roles
    inputs = {name: cells for name, cells in _spelled(task.asked).items() if name in roles.inputs}
    ends = {f"{roles.target}_low": predictions.low, f"{roles.target}_high": predictions.high}
    return inputs | {roles.target: predictions.mean} | (ends if predictions.low is not predictions.mean else {})


def files(trained: TrainedVerdict, task: NewTask, predictions: Predictions) -> dict[str, bytes]:
    """The editors' rows and the predictions as files, by name."""
    tables = {"known.csv": _spelled(task.known), "others.csv": _spelled(task.asked)}
    tables[FILE] = columns(trained, task, predictions)
    return {name: table_csv(cells) for name, cells in tables.items()}


def along(table: UserTable, frame: pd.DataFrame, x_name: str) -> np.ndarray:
    """Where the rows of an editor lie on the axis of a picture, `[rows]`: numbers, or places among the categories."""
    column = frame[x_name]
    if table.sheet.kind(x_name) == "number":
        return column.to_numpy(float)
    if table.sheet.kind(x_name) == "date":
        form = table.sheet.reading(x_name).form
        return Sheet(column.astype(str).to_frame(), "").as_in({x_name: form}).days(x_name)
    return places(column, np.unique(table.sheet.text(x_name)).tolist())


def places(names: Iterable[Any], known: Sequence[str]) -> np.ndarray:
    """Where each name stands among the known ones, `[names]`; NaN where it is none of them."""
    place = {name: place for place, name in enumerate(known)}
    return np.array([place.get(str(name), np.nan) for name in names], float)


def read_rows(content: bytes, names: Sequence[str], forms: Mapping[str, str] | None = None) -> pd.DataFrame:
    """Rows of a new task from a file, for the editor; numbers are read as those of the table were.

    A header may be in another case, as long as one column alone can be meant; numbers may have decimal commas, in quotes where
    commas separate the columns.

    Args:
      content: of the file.
      names: columns that are needed.
      forms: how the table writes their numbers and dates, by name.

    Raises:
      ValueError: what `read_sheet` refuses, columns that are missing, named, or commas that may be of thousands.
    """
    sheet = read_sheet(content, fewest_columns=1)
    meant = {name: _meant(name, sheet.names) for name in names}
    if missing := [name for name, there in meant.items() if there is None]:
        there = ", ".join(map(repr, sheet.names[:12]))
        raise ValueError(f"The file must have the column {missing[0]!r}, got {there}.")
    told = {there: form for name, form in (forms or {}).items() if form and (there := meant.get(name))}
    sheet = sheet.as_in(told)
    return pd.DataFrame({name: _cells(sheet, there, is_told=told.get(there, POINT) != POINT) for name, there in meant.items()})


def _meant(name: str, there: Sequence[str]) -> str | None:
    """The column that a name means: itself, else the only one that differs from it in case alone."""
    alike = [column for column in there if column.casefold() == name.casefold()]
    return name if name in there else alike[0] if len(alike) == 1 else None


def _cells(sheet: Sheet, name: str, *, is_told: bool) -> np.ndarray:
    """A column, `[rows]`: numbers where it holds them, however their decimals are written, else text.

    Args:
      sheet: of the file.
      name: of the column.
      is_told: whether the table says how its numbers are written.
    """
    cells, written = sheet.frame[name], ~sheet.missing(name)
    if sheet.kind(name) == "date" or not cells[written].str.fullmatch(NUMBER, case=False).all():
        return sheet.numbers(name) if sheet.kind(name) == "number" else sheet.text(name)
    thousands = cells[written & cells.str.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}").to_numpy(bool)]
    if thousands.size and not is_told:
        raise ValueError(
            f"Column {name!r} holds {thousands.iloc[0]!r}, whose comma may be of thousands or of decimals: write a point."
        )
    if sheet.kind(name) != "number":  # points here, commas there
        sheet = dataclasses.replace(sheet, frame=sheet.frame.assign(**{name: cells.str.replace(",", ".")}), _parsed={})
    return sheet.numbers(name)


def _spelled(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Cells with all their digits, so that what reads them sees the same numbers."""

    def spell(cell: Any) -> str:
        if not isinstance(cell, float):
            return "" if cell is None else str(cell)
        return "" if np.isnan(cell) else repr(cell).removesuffix(".0")

    return {name: [spell(cell) for cell in column] for name, column in frame.dropna(how="all").to_dict("list").items()}
