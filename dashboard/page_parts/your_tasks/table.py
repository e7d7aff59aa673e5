"""The visitor's table: read, fixed, kept on a shelf of the session's own, and its rows as a picture takes them.

A table is named by an id; the session's state holds ids.
"""

import dataclasses
import secrets
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.page_parts.your_tasks.examples import EXAMPLES, example_csv
from dashboard.page_parts.your_tasks.user_table import UserTable
from dashboard.server import shelves
from dashboard.widgets import session
from maml_engine.io.readings.dates import CLOCK
from maml_engine.tables import Finding, Fix, Guess, Question, Roles, Sheet, guess, read_sheet, validate
from maml_engine.tables.finding import stops as stops_of
from maml_engine.tables.shapes import LOG, target_shape_of

FIRST_EXAMPLE = "Machines"
MAX_EDITED_ROWS = 5000
MAX_DRAWN_TASKS = 60
MAX_ON_SHELF = 4
REPEATED = 0.1  # of a column's cells, where it may name tasks after all


def shelf() -> dict[str, UserTable]:
    """This session's tables, the latest last."""
    return shelves.of_session(session.SHELF)


def put(table: UserTable) -> str:
    """Lays a table on the shelf and gives back its id; the oldest make room."""
    held = shelf()
    held[table.id] = table
    while len(held) > MAX_ON_SHELF:
        del held[next(iter(held))]
    return table.id


def read(content: bytes, name: str) -> UserTable:
    """A file as a table, its columns guessed; where that fails, the first column and the last are taken until somebody chooses.

    Raises:
      ValueError: one sentence with the row or the column.
    """
    sheet = read_sheet(content)
    try:
        guessed = guess(sheet)
    except ValueError as error:
        if not any(sheet.kind(name) != "empty" and sheet.cells(name).duplicated().mean() > REPEATED for name in sheet.names):
            raise  # whatever is chosen, each row is a task of its own
        first, *between, last = sheet.names
        guessed = Guess(Roles(first, tuple(between), last), (f"{error} Choose the columns.",))
    return UserTable(_new_id(), name, sheet, guessed.roles, guess=guessed)


def question(table: UserTable) -> Question | None:
    """What has to be asked before anything is trained; nothing where the columns were chosen by hand."""
    return table.guess.question if table.guess and table.guess.roles == table.roles else None


def answered(table: UserTable, roles: Roles) -> UserTable:
    """The table with one of the answers to its question."""
    return UserTable(_new_id(), table.name, table.sheet, roles)


@lru_cache(maxsize=8)
def example(name: str) -> UserTable:
    """A table on offer; the same value for all visitors, and never changed."""
    return UserTable(f"example-{name}", EXAMPLES[name].file, read_sheet(example_csv(name)), EXAMPLES[name].roles, name)


def fixed(table: UserTable, fix: Fix) -> UserTable:
    """The table after a change that `validate` offers."""
    sheet, roles = fix.apply(table.sheet, table.roles)
    return _changed(table, sheet, roles)


def edited(table: UserTable, frame: pd.DataFrame) -> UserTable:
    """The table with the cells of the editor.

    Raises:
      ValueError: as for `read`.
    """
    sheet = dataclasses.replace(Sheet.from_frame(frame), decimal_comma=table.sheet.decimal_comma)
    return _changed(table, sheet.read_as(table.sheet.forms, sure=table.sheet.sure), table.roles)


def _changed(table: UserTable, sheet: Sheet, roles: Roles) -> UserTable:
    """Another table, with an id of its own; no example any more."""
    return UserTable(_new_id(), table.name, sheet, roles)


def _new_id() -> str:
    return secrets.token_urlsafe(6)


def findings(table: UserTable, k_shot: int) -> tuple[Finding, ...]:
    """What its owner should know of a table."""
    return _findings(table.id, table.roles, k_shot, table.sheet)


def stops(table: UserTable, found: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Those of the findings that have to be settled before anything is trained."""
    return stops_of(found, table.sheet)


@st.cache_resource(scope="session", max_entries=8, show_spinner=False)
def _findings(table_id: str, roles: Roles, k_shot: int, _sheet: Sheet) -> tuple[Finding, ...]:
    return validate(_sheet, roles, k_shot)


class Rows(NamedTuple):
    """A table's rows for a picture, those without a number left out.

    tasks: by name x and y, `[rows]` each.
    x_name: the input along the axis.
    categories: names of x = 0, 1, .., where that input is text; else ().
    classes: names of y = 0, 1, .., where the target names classes; else ().
    log_y: whether the target lies so that its logarithm shows more.
    are_days: whether x is days since 1970.
    """

    tasks: dict[str, tuple[np.ndarray, np.ndarray]]
    x_name: str
    categories: tuple[str, ...]
    classes: tuple[str, ...]
    log_y: bool = False
    are_days: bool = False


def rows(table: UserTable) -> Rows:
    """`rows_along` of a table, once a session."""
    return _rows(table.id, table.roles, table.sheet)


@st.cache_resource(scope="session", max_entries=2, show_spinner=False)
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
    values = np.concatenate([y for _, y in tasks.values()]) if tasks else np.zeros(1)
    are_days = sheet.kind(x_name) == "date" and sheet.reading(x_name).form != CLOCK
    log_y = not classes and target_shape_of(values).get("shape") == LOG
    return Rows(tasks, x_name, categories, classes, log_y, are_days)


def _axis(sheet: Sheet, name: str, *, as_text: bool) -> tuple[np.ndarray, tuple[str, ...]]:
    if not as_text:
        return sheet.values(name), ()
    names, codes = np.unique(sheet.text(name), return_inverse=True)
    return codes.astype(float), tuple(names.tolist())
