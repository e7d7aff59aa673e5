"""The table of runs: the filter, the cells, and which rows are chosen."""

import hashlib
from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard.page_parts.runs import kept, rows
from dashboard.runs import Run
from dashboard.widgets import session
from dashboard.widgets.control_tables import LABELS

MAX_HEIGHT, ROW, HEAD = 430, 35, 38  # pixels


def filtered(runs: Sequence[Run]) -> list[Run]:
    """The runs that the filter's field lets through."""
    text = st.text_input(
        "Filter",
        key=session.FIND_RUNS,
        bind="query-params",
        placeholder="a name, a note, reptile, inner_lr=0.01, diverged ...",
        icon=":material/search:",
        max_chars=200,
        help="Each word must stand in a run’s name, note, method, kind, tasks or status, or be a setting like `inner_lr=0.01`.",
    )
    return [run for run in runs if rows.matches(run, text)] if text.strip() else list(runs)


def show(runs: Sequence[Run], baseline: Run | None) -> None:
    """The table, one row a run; what is chosen there is chosen on the page.

    Args:
      runs: the rows.
      baseline: that is pinned; None for none.
    """
    if not runs:
        st.info("No run is like that: change the filter, or what is brushed.", icon=":material/search_off:")
        return
    only = len(runs) > 1 and st.toggle(
        "Differences only",
        key=session.ONLY_DIFFERENCES,
        bind="query-params",
        help="Of the settings, those alone in which these runs differ; beside a baseline, values like its own are left out.",
    )
    cells = rows.columns(runs, baseline, only_differences=only)
    ids = [run.id for run in runs]
    chosen = set(kept.chosen())
    picked = [place for place, run_id in enumerate(ids) if run_id in chosen]
    key = _key(ids, list(cells), picked)
    st.dataframe(
        cells,
        key=key,
        hide_index=True,
        width="stretch",
        height=min(MAX_HEIGHT, HEAD + ROW * max(1, len(runs))),
        column_config=_columns(cells, with_baseline=baseline is not None),
        placeholder="",
        on_select=lambda: _choose(ids, st.session_state[key]),
        selection_mode="multi-row",
        selection_default={"selection": {"rows": picked}},
        alt=f"{len(runs)} runs: name, held-out loss as it fell and at last, settings, status, time.",
    )
    if only and not (set(cells) & set(rows.FIELDS)):
        st.caption("These runs have the same settings.")


def _key(ids: Sequence[str], names: Sequence[str], picked: Sequence[int]) -> str:
    """Rows are chosen by their places, so another list of rows is another table, and what code chooses needs a new one, too."""
    digest = hashlib.sha256(repr((ids, names)).encode()).hexdigest()[:12]
    turn = st.session_state.get(session.TABLE_TURN, 0)
    held = st.session_state.get(session.RUNS_TABLE + digest + str(turn))
    if held is not None and sorted(held["selection"]["rows"]) != list(picked):
        turn = st.session_state[session.TABLE_TURN] = turn + 1
    return session.RUNS_TABLE + digest + str(turn)


def _choose(ids: list[str], said: Any) -> None:
    """A callback: the rows that are chosen now, and beside them what is chosen but not among these rows."""
    others = [run_id for run_id in kept.chosen() if run_id not in ids]
    kept.choose([*others, *(ids[row] for row in said["selection"]["rows"] if row < len(ids))])


def _columns(cells: dict[str, list[Any]], *, with_baseline: bool) -> dict[str, Any]:
    column = st.column_config
    known = {
        "name": column.TextColumn("run", pinned=True, width="medium"),
        "curve": column.LineChartColumn("held-out loss", help="As training went on, after the inner steps of the training."),
        rows.HELD_OUT: column.NumberColumn(
            "held out", format="%.3g", help="On 600 test tasks, as `maml evaluate` has it; before that, the end of the line."
        ),
        "interval": column.TextColumn("95 % interval", width="small", help="Of the mean over test tasks."),
        rows.RIGHT: column.NumberColumn(
            "right", format="%.1f %%", help="Of pictures: right answers on 600 test tasks, as `maml evaluate` has it."
        ),
        rows.RIGHT_INTERVAL: column.TextColumn("right, 95 %", width="small", help="Of the mean over test tasks."),
        "against": column.NumberColumn(
            "− baseline", format="%+.3g", help="Held out, minus the pinned run’s: below 0 is better."
        ),
        "status": column.TextColumn("ended", width="small"),
        "seconds": column.NumberColumn("time", format="%.3g s", help="That training took."),
        "created": column.DatetimeColumn("begun", format="distance"),
        "note": column.TextColumn("note", width="medium"),
    }
    for name in set(cells) & set(rows.FIELDS):
        head, help_ = rows.SHORT.get(name, name), f"{LABELS.get(name, name)} (`{name}`)"
        is_number = all(value is None or isinstance(value, int | float) for value in cells[name])
        known[name] = column.NumberColumn(head, help=help_, format="%g") if is_number else column.TextColumn(head, help=help_)
    return known
