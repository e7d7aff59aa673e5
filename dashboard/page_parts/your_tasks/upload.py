"""A table arrives: a file, pasted text or an example; its columns, what there is to say of it, and its cells to change."""

import dataclasses
from contextlib import contextmanager
from functools import partial

import pandas as pd
import streamlit as st

from dashboard import escape
from dashboard.figures import your_tasks as figures
from dashboard.page_parts.your_tasks import table as tables
from dashboard.page_parts.your_tasks.examples import EXAMPLES
from dashboard.page_parts.your_tasks.table import MAX_EDITED_ROWS, UserTable
from dashboard.server.uploads import MAX_TABLE_MB
from dashboard.widgets import page, session
from maml_engine.tables import Finding, Fix, Roles, template_csv

GONE = "Your table is no longer on this server, which many people use at this moment: please bring it again."
EXAMPLE, A_FILE, TEXT = "An example", "A file", "Pasted text"
ICONS = {"error": ":red[:material/error:]", "warning": ":orange[:material/warning:]", "note": ":gray[:material/info:]"}
FEW_ASIDES = 2  # notes that are shown at once; more are folded away
TYPES = ["csv", "tsv", "txt", "parquet"]


def source_controls() -> None:
    """Where the table comes from. A table that cannot be read is answered by one sentence, and the one before stays."""
    source = st.segmented_control(
        "Where from",
        [EXAMPLE, A_FILE, TEXT],
        default=EXAMPLE,
        key=session.SOURCE,
        bind="query-params",
        on_change=switch_source,
        required=True,
        wrap=True,
        label_visibility="collapsed",
    )
    if source == EXAMPLE:
        chosen = st.selectbox(
            "Example",
            list(EXAMPLES),
            key=session.EXAMPLE,
            bind="query-params",
            on_change=choose_example,
            label_visibility="collapsed",
        )
        st.caption(EXAMPLES[chosen].words)
        if st.session_state.pop(session.SOURCE_SWITCHED, False):
            show(tables.example(chosen), afresh=True)
    elif source == A_FILE:
        st.file_uploader(
            "CSV or Parquet: one row an example, one column that names the task",
            type=TYPES,
            max_upload_size=MAX_TABLE_MB,
            key=session.TABLE_FILE,
            on_change=take_file,
        )
    else:
        st.text_area(
            "Rows with a header, as copied from a spreadsheet or a CSV",
            key=session.TABLE_PASTED,
            height=150,
            placeholder="machine,speed,vibration\nM01,1500,0.67\nM01,1220,0.32\n...",
        )
        st.button("Read it", icon=":material/content_paste_go:", key="read_pasted", on_click=take_pasted)
    show_refusal("source")
    st.caption(
        "What you bring stays in this session and in the runs that you start from it, and nothing is written to disk until you "
        "save it. Whoever has the link of a run can open it."
    )


def say_whose(table: UserTable) -> None:
    """That an example is shown where a file or a text was to come; a page that is loaded anew has lost what was brought."""
    source = st.session_state.get(session.SOURCE, EXAMPLE)
    if not table.example or source == EXAMPLE:
        return
    what = "file" if source == A_FILE else "text"
    is_refused = st.session_state.get(session.TABLE_REFUSED, ("",))[0] == "source"
    why = (
        f"The {what} was not taken: bring another."
        if is_refused
        else f"No {what} is here: bring one. What was brought before the page was loaded anew went with its session, unless it "
        "was trained on."
    )
    st.info(f"{why} Until then this is the example {table.example}.", icon=":material/upload_file:")


def switch_source() -> None:
    """A callback: who comes back to the examples sees the one that is chosen there."""
    st.session_state[session.SOURCE_SWITCHED] = st.session_state[session.SOURCE] == EXAMPLE


def choose_example() -> None:
    """A callback: the chosen example takes the place of whatever was there."""
    show(tables.example(st.session_state[session.EXAMPLE]), afresh=True)


def take_file() -> None:
    """A callback: the uploaded file."""
    uploaded = st.session_state[session.TABLE_FILE]
    if uploaded is not None:
        with refusing("source"):
            show(tables.read(uploaded.getvalue(), uploaded.name), afresh=True)


def take_pasted() -> None:
    """A callback: the pasted text."""
    with refusing("source"):
        show(tables.read(st.session_state[session.TABLE_PASTED].encode(), "pasted.csv"), afresh=True)


def show(table: UserTable, *, afresh: bool = False) -> None:
    """Makes a table the one that is shown; `afresh` leaves nothing to undo."""
    held = [] if afresh else [name for name in st.session_state.get(session.TABLES, []) if name in tables.shelf()]
    st.session_state[session.TABLES] = [*held, tables.put(table)][-tables.MAX_ON_SHELF :]
    st.session_state.pop(session.TABLE_REFUSED, None)


def undo() -> None:
    """A callback: the table before the last change."""
    st.session_state[session.TABLES] = st.session_state[session.TABLES][:-1]


@contextmanager
def refusing(place: str):
    """Keeps the sentence of a refusal for `show_refusal(place)`; what was there before stays as it is."""
    try:
        yield
    except ValueError as error:
        st.session_state[session.TABLE_REFUSED] = (place, str(error))


def show_refusal(place: str) -> None:
    """The sentence about what was refused here, until something else is done."""
    where, sentence = st.session_state.get(session.TABLE_REFUSED, ("", ""))
    if where == place:
        st.error(escape.sentence(sentence), icon=":material/error:")


def current(of_run: UserTable | None) -> UserTable:
    """The table that is shown: this session's, else the one of the run that the link names, else the example."""
    held = st.session_state.get(session.TABLES, [])
    if held and held[-1] in tables.shelf():
        return tables.shelf()[held[-1]]
    table = of_run or tables.example(st.session_state.get(session.EXAMPLE, tables.FIRST_EXAMPLE))
    show(table, afresh=True)
    if held:
        st.session_state[session.TABLE_REFUSED] = ("source", GONE)
    return table


# Columns.


def role_controls(table: UserTable) -> UserTable:
    """Which column is what; the table with the visitor's choice."""
    names, roles = list(table.sheet.names), table.roles
    left, right = st.columns(2)
    task = left.selectbox("Task column", names, index=names.index(roles.task), key=f"task_{table.id}")
    others = [name for name in names if name != task]
    place = others.index(roles.target) if roles.target in others else len(others) - 1
    target = right.selectbox("Predict", others, index=place, key=f"target_{table.id}")
    candidates = [name for name in others if name != target]
    default = [name for name in roles.inputs if name in candidates]
    inputs = st.multiselect("From (inputs)", candidates, default=default, key=f"inputs_{table.id}")
    with st.popover("More about the columns", icon=":material/tune:"):
        numbers = [name for name in (*inputs, target) if table.sheet.kind(name) == "number"]
        logs = [name for name in roles.log if name in numbers]
        log = st.multiselect("Take the logarithm of", numbers, default=logs, key=f"log_{table.id}")
        classes = st.toggle("What is predicted are classes", value=roles.classes, key=f"classes_{table.id}")
        ordering = ["", *(name for name in others if name != target)]
        time = st.selectbox(
            "Order of the rows in a task",
            ordering,
            index=ordering.index(roles.time) if roles.time in ordering else 0,
            format_func=lambda name: name or "None: known rows are drawn at random",
            key=f"time_{table.id}",
            help="With a time column, the known rows are the first ones of a task, and those to predict come later.",
        )
        st.download_button(
            "Template (CSV)",
            template_csv(roles.columns),
            "template.csv",
            "text/csv",
            icon=":material/download:",
            key="template",
            on_click="ignore",
            help="An empty table with these columns, to be filled in.",
        )
    if not inputs:
        st.info("Choose at least one input column.", icon=":material/info:")
        return table
    chosen = Roles(task, tuple(inputs), target, tuple(name for name in log if name != target or not classes), classes, time)
    if chosen == roles:
        return table
    table = dataclasses.replace(table, roles=chosen)
    tables.put(table)
    return table


def show_rows(table: UserTable) -> None:
    """The table as a picture."""
    rows = tables.rows(table)
    look = {"categories": rows.categories, "classes": rows.classes, "log_y": rows.log_y, "are_days": rows.are_days}
    draw = partial(figures.rows_figure, rows.tasks, rows.x_name, table.roles.target, **look)
    count = len(set(table.sheet.text(table.roles.task)[~table.sheet.missing(table.roles.task)]))
    alt = f"{table.roles.target} against {rows.x_name}, a line for each of {len(rows.tasks)} tasks."
    page.chart(draw(), "rows", alt, shown=lambda: {"": draw(are_apart=True)})
    drawn = f"the first {len(rows.tasks)} of {count} tasks" if count > len(rows.tasks) else f"{count} tasks"
    st.caption(f"{escape.markdown(table.name)}. {drawn.capitalize()}, a line each; the first one is blue.")


def show_guess(table: UserTable) -> None:
    """Why the columns were taken as they are; and two answers that are near, as buttons."""
    if table.guess is None or table.guess.roles != table.roles:
        return
    if (asked := tables.question(table)) is not None:
        with st.container(border=True, key="question"):
            st.markdown(f":orange[:material/help:] {escape.markdown(asked.sentence)}")
            with st.container(horizontal=True):
                for place, roles in enumerate(asked.choices):
                    answer = roles.task if asked.part == "task" else roles.target
                    label = f"Tasks are named by {answer!r}" if asked.part == "task" else f"Predict {answer!r}"
                    st.button(escape.markdown(label, 80), key=f"answer_{place}", on_click=answer_question, args=(table, roles))
    with st.expander("Why these columns", icon=":material/psychology_alt:", key=f"why_{table.id}"):
        st.markdown("\n".join(f"- {escape.markdown(reason)}" for reason in table.guess.reasons))


def answer_question(table: UserTable, roles: Roles) -> None:
    """A callback."""
    show(tables.answered(table, roles))


# The report.


def show_findings(table: UserTable, found: tuple[Finding, ...]) -> None:
    """What its owner should know of a table, a fix beside it where there is one."""
    stops = tables.stops(table, found)
    found = tuple(sorted(found, key=lambda one: (one not in stops, _is_aside(one))))
    asides = [place for place, finding in enumerate(found) if _is_aside(finding)]
    with st.container(border=True, key="findings"):
        for place in range(len(found) - len(asides)):
            _show_finding(table, found[place], place, stops=found[place] in stops)
        label = f"{len(asides)} notes on how it was read"
        is_long = len(asides) > FEW_ASIDES
        with st.expander(label, icon=":material/info:", key=f"asides_{table.id}") if is_long else st.container():
            for place in asides:
                _show_finding(table, found[place], place)
        if not any(finding.severity != "note" for finding in found):
            st.markdown(":green[:material/check_circle:] Nothing to mend.")
    show_refusal("findings")
    if len(st.session_state.get(session.TABLES, [])) > 1:
        st.button("Undo the last change", icon=":material/undo:", key="undo", on_click=undo)


def _is_aside(finding: Finding) -> bool:
    """Whether it may be folded away: a note that asks for nothing."""
    return finding.severity == "note" and not finding.fixes and finding.code != "tasks"


def _show_finding(table: UserTable, finding: Finding, place: int, *, stops: bool = False) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{ICONS['error' if stops else finding.severity]} {escape.markdown(finding.sentence)}")
        for other, fix in enumerate(finding.fixes):
            st.button(
                escape.markdown(fix.label, 80),
                icon=":material/build:",
                key=f"fix_{place}_{other}" if other else f"fix_{place}",
                on_click=apply_fix,
                args=(table, fix),
            )


def apply_fix(table: UserTable, fix: Fix) -> None:
    """A callback."""
    if fix.k_shot:
        st.session_state[session.KNOWN_ROWS] = fix.k_shot
        return
    with refusing("findings"):
        show(tables.fixed(table, fix))


def cell_editor(table: UserTable) -> None:
    """All cells of a table, to be changed by hand."""
    with st.expander("Mend cells by hand", icon=":material/edit:", key="edit_cells", on_change="rerun") as box:
        if not box.open:
            return
        if len(table.sheet) > MAX_EDITED_ROWS:
            st.info(f"The editor holds {MAX_EDITED_ROWS:,} rows, and this table has {len(table.sheet):,}.")
            return
        frame = st.data_editor(
            table.sheet.frame.reset_index(drop=True), num_rows="dynamic", hide_index=True, height=320, key=f"cells_{table.id}"
        )
        st.button(
            "Use these cells",
            icon=":material/check:",
            key="use_cells",
            on_click=apply_cells,
            args=(table, frame),
        )
        show_refusal("cells")


def apply_cells(table: UserTable, frame: pd.DataFrame) -> None:
    """A callback."""
    with refusing("cells"):
        show(tables.edited(table, frame))
