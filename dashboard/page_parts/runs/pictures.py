"""The pictures of runs: their curves one over the other, and parallel axes on which some are brushed."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.components.axis_brush import axis_brush
from dashboard.figures import runs as figures
from dashboard.page_parts.runs import kept, rows
from dashboard.results import spell_loss
from dashboard.runs import Run
from dashboard.widgets import page, session

MOST_LINES = 6  # where nothing is chosen


def brushed(runs: Sequence[Run]) -> list[Run]:
    """Parallel axes of the runs, where there are enough that differ; gives those that are brushed there, all where none is."""
    placed = rows.on_axes(runs)
    axes = rows.axes(placed)
    if not axes:
        return list(runs)
    turn = st.session_state.get(session.BRUSH_TURN, 0)
    st.subheader("What was set, and what came of it", anchor=False)
    figure = figures.parallel_figure(axes).update_layout(uirevision=f"keep {turn}")
    with page.pictures_of(kept.words(placed)):
        page.chart(figure, "axes", f"Parallel axes of {len(placed)} runs: {figures.describe_axes(axes)}")
    ranges = axis_brush(f"axes_brush_{turn}", "axes", {axis.label: axis.name for axis in axes})
    if not ranges:
        st.caption(
            "Each line is a run; blue came out low, orange high. **Drag along an axis** to keep the runs that cross it there."
        )
        return list(runs)
    within = rows.within(axes, ranges)
    found = [run for run, is_kept in zip(placed, within, strict=True) if is_kept]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{len(found)} of {len(placed)} runs are brushed, and the table has these.")
        st.button("Show all", icon=":material/filter_alt_off:", key="unbrush", on_click=_forget_brushes, type="tertiary")
    return found


def _forget_brushes() -> None:
    """A callback."""
    st.session_state[session.BRUSH_TURN] = st.session_state.get(session.BRUSH_TURN, 0) + 1


def show_curves(runs: Sequence[Run], chosen: Sequence[Run], colours: Mapping[str, str], baseline: Run | None) -> None:
    """Curves one over the other: of the chosen runs, or of the newest of the table.

    Args:
      runs: of the table.
      chosen: of the page.
      colours: by run.
      baseline: that is pinned, if any.
    """
    shown = list(chosen) or [run for run in runs if len(rows.losses(run))][:MOST_LINES]
    lines = rows.lines(shown, colours, baseline)
    if not lines:
        st.caption("What is chosen has no curve: nothing was measured as it trained.")
        return
    st.subheader("Curves", anchor=False)
    drawn = [run for run in ([baseline] if baseline else []) + shown if len(rows.losses(run))]
    title = figures.steps_title([rows.steps_of(run) for run in drawn])
    listed = ", ".join(f"{line.name} {spell_loss(line.losses[-1])}" for line in lines)
    with page.pictures_of(kept.words(list({run.id: run for run in drawn}.values()))):
        page.chart(figures.overlay_figure(lines, title), "curves", f"Held-out losses as training went on; at last {listed}")
    if not chosen:
        more = f"the newest {len(lines)}" if len(runs) > len(lines) else "all of them"
        st.caption(f"These are {more}; choose rows of the table to see others. A click on a name hides its line.")
