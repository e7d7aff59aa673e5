"""The visitor's own table: the file, which column is what, and what the link says of them."""

import csv
import io
from typing import Any, NamedTuple

import streamlit as st

from dashboard import escape
from dashboard.engine_calls.cache import digest
from dashboard.server import shelves
from dashboard.server.uploads import MAX_TABLE_MB
from dashboard.widgets import controls
from dashboard.widgets.links import FIELDS
from dashboard.widgets.session import TABLE_NAMED, TRAIN_SHELF
from maml_engine.tasks.table import Table


class Chosen(NamedTuple):
    """A table that can be trained on.

    table: its tasks.
    fields: those of the Experiment that describe it.
    """

    table: Table
    fields: dict[str, Any]


def table_controls() -> Chosen | None:
    """Asks for the file and its columns; None, with one sentence that says why, until there is a table."""
    uploaded = st.file_uploader(
        "Table (CSV): one row an example, one column that names the task",
        type=["csv"],
        max_upload_size=MAX_TABLE_MB,
        key="_table_file",
        help="The rows stay in your session and in the runs that you start from it; nothing is written to disk.",
    )
    st.caption("Your rows stay in your session and in the runs that you start here. They are not written to disk.")
    named = {name: controls.current(name) for name in ("data", "task", "inputs", "target", "log")}
    if uploaded is None:
        st.info(escape.markdown(_which_file(named), 1000), icon=":material/upload_file:")
        return None
    header = _header(uploaded.getvalue()[:65536])
    if len(header) < 3:
        st.error(f"The table must have at least three columns (a task, an input, a target), got {len(header)}.")
        return None
    columns = _columns(header, named)
    if columns is None:
        return None
    setting = {name: controls.current(name) for name in ("k_shot", "seed")}
    try:
        table = _read(uploaded.getvalue(), **columns, **setting)
    except ValueError as error:
        st.error(escape.sentence(error), icon=":material/error:")
        return None
    if named["data"] and named["data"] != table.digest and st.session_state.get(TABLE_NAMED) != uploaded.file_id:
        st.info(f"The link names another file (SHA-256 {named['data'][:12]}...); this one takes its place.")
        st.session_state[TABLE_NAMED] = uploaded.file_id
    sizes = ", ".join(f"{table.split(split).num_tasks} {split}" for split in ("train", "validation", "test"))
    st.caption(f"{len(table.task_names)} tasks ({sizes}). {escape.markdown(table.note)}")
    return Chosen(table, {"tasks": "table", "data": table.digest, **columns})


def _columns(header: list[str], named: dict[str, Any]) -> dict[str, Any] | None:
    """The visitor's choice of columns; what the link says comes first."""
    left, right = st.columns(2)
    task_at = header.index(named["task"]) if named["task"] in header else 0
    task = left.selectbox("Task column (`task`)", header, index=task_at, key="_table_task")
    others = [name for name in header if name != task]
    target_at = others.index(named["target"]) if named["target"] in others else len(others) - 1
    target = right.selectbox("Column to predict (`target`)", others, index=target_at, key="_table_target")
    candidates = [name for name in others if name != target]
    default = [name for name in named["inputs"] if name in candidates] or candidates[:1]
    inputs = left.multiselect("Input columns (`inputs`)", candidates, default=default, key="_table_inputs")
    numbers = [*inputs, target]
    log = right.multiselect(
        "Take the logarithm of (`log`)", numbers, default=[name for name in named["log"] if name in numbers], key="_table_log"
    )
    if not inputs:
        st.info("Choose at least one input column.")
        return None
    return {"task": task, "inputs": tuple(inputs), "target": target, "log": tuple(log)}


def _read(content: bytes, **columns: Any) -> Table:
    shelf, name = shelves.of_session(TRAIN_SHELF), digest((content, columns)).hex()
    table = shelf.get(name)
    if table is None:
        table = Table.read(content, **columns)
        shelf.clear()
        shelf[name] = table
    return table


def _header(content: bytes) -> list[str]:
    """The names in the first line, as far as they can be read; the table itself is judged by `Table.read`."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = content[: len(content) // 2 * 2].decode(encoding, errors="replace")
    first_line = text.partition("\n")[0]
    try:
        names = next(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first_line.count)), [])
    except csv.Error:
        return []
    return [name for name in dict.fromkeys(name.strip() for name in names) if name]


def _which_file(named: dict[str, Any]) -> str:
    if named["data"] == FIELDS["data"].default:
        return (
            "Bring a CSV of many small related tasks, and choose its columns. Until then the picture shows the shipped learner."
        )
    inputs = ", ".join(repr(name) for name in named["inputs"])
    return (
        f"This link is about a table that is not here: bring the file whose SHA-256 begins with {named['data'][:12]} "
        f"(task column {named['task']!r}, inputs {inputs}, target {named['target']!r})."
    )
