"""The Compare page's pictures, each with its numbers in words: curves, losses, paired differences, twelve tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import streamlit as st

from dashboard.figures import compare as figures
from dashboard.figures import parts
from dashboard.method_names import NAMES
from dashboard.page_parts.compare import choices, statistics
from dashboard.page_parts.compare.contest import JUDGED_KEY, JUDGED_TASKS, twelve
from dashboard.page_parts.compare.shown import Shown
from dashboard.results import MAX_FALL, Row, spell_loss
from dashboard.widgets import page
from maml_engine import Experiment, Learner

TASKS_WORDS = f"{JUDGED_TASKS} test tasks (key {JUDGED_KEY})"
COSTS_WORDS = (
    "Memory: what one compiled meta-gradient asks for besides its arguments. Time: one meta-iteration of one run, seeds "
    "trained side by side."
)


def show_curves(shown: Shown, against: str, k: int) -> None:
    """Loss after `k` steps against a kind of budget, as training went on."""
    bands = {name: statistics.band(ranking, against, k) for name, ranking in shown.rankings.items()}
    references = {name: float(loss[:, k].mean()) for name, loss in shown.losses.items() if name not in bands}
    now = ", ".join(f"{NAMES[name]} {spell_loss(band.mean[-1])}" for name, band in bands.items())
    figure = figures.budget_figure(bands, references, against, k)
    page.chart(figure, "curves", f"Held-out loss after {k} steps against {figures.AXES[against]}; now {now}.")
    seeds = max(ranking.curves.shape[1] for ranking in shown.rankings.values())
    band_words = f"Bands: the range of {seeds} seeds. " if seeds > 1 else ""
    st.caption(f"{band_words}{TASKS_WORDS}, the same for all; lines across are what trains for nothing.")


def show_losses(shown: Shown, k: int) -> None:
    """Loss after `k` steps of all: the picture and the table."""
    rows = statistics.table(shown.losses, shown.rankings, k)
    if not shown.is_over:  # meanwhile all of them fall
        rows = [replace(row, fall=None) for row in rows]
    st.subheader("On the same tasks", anchor=False)
    listed = ", ".join(f"{NAMES[row.name]} {spell_loss(row.mean)}" for row in rows)
    page.chart(figures.losses_figure(rows, k), "losses", f"Mean loss after {k} steps with 95 % intervals: {listed}.")
    _say_what_has_not_converged(rows, k)
    columns = _columns(k)
    if not shown.rankings:
        st.caption(
            "Until something is trained here: MAML and the pretrained network that come with the app (both trained on sine "
            "waves), a random start, the best guess without seeing a point (zero-shot) and a predictor that knows the family "
            "(oracle)."
        )
    st.dataframe(
        [_cells(row) for row in rows],
        hide_index=True,
        width="stretch",
        column_config=columns,
        # What was not trained here took nothing here.
        column_order=list(columns) if shown.rankings else ["method", "loss", "interval"],
        placeholder="",
        alt=f"The same numbers: {listed}.",
    )
    st.caption(
        f"Intervals: 95 %, Student, over {TASKS_WORDS}, a task's loss averaged over the seeds."
        + (f" {COSTS_WORDS}" if shown.rankings else "")
    )


def _say_what_has_not_converged(rows: Sequence[Row], k: int) -> None:
    """Which methods are ranked before they have learned, by their own curves."""
    falling = [row for row in rows if not row.is_converged and np.isfinite(row.mean)]
    if falling:
        listed = ", ".join(f"**{NAMES[row.name]}** ({_why_not_converged(row)})" for row in falling)
        st.warning(
            f"Not converged: {listed}. A method has converged where its loss after {parts.count_steps(k)} fell by less than "
            f"{MAX_FALL:.0%} over the last half of the training, and is below that of zero-shot. Until then its place here "
            "says how fast it learns, not what it reaches.",
            icon=":material/hourglass_top:",
        )


def _why_not_converged(row: Row) -> str:
    if not row.has_learned:
        return "not below zero-shot yet"
    return "too early to say" if np.isnan(row.fall) else f"still fell by {row.fall:.0%}"


def _cells(row: Row) -> dict[str, Any]:
    return {
        "method": NAMES[row.name],
        "loss": row.mean if np.isfinite(row.mean) else None,
        "interval": f"{spell_loss(row.low)} to {spell_loss(row.high)}" if np.isfinite(row.mean) else "diverged",
        "adapted": row.adapted,
        "memory": row.kilobytes,
        "time": row.microseconds,
        "iterations": row.iterations,
        "converged": None if row.fall is None else "yes" if row.is_converged else "no",
    }


def _columns(k: int) -> dict[str, Any]:
    column = st.column_config
    return {
        "method": column.TextColumn("Method", pinned=True),
        "loss": column.NumberColumn(f"Loss after {k}", format="%.4f"),
        "interval": column.TextColumn("95 % interval"),
        "adapted": column.NumberColumn("Parameters adapted", format="localized"),
        "memory": column.NumberColumn("Memory (kB)", format="%.0f"),
        "time": column.NumberColumn("Time (µs)", format="%.0f", help="Of one meta-iteration"),
        "iterations": column.NumberColumn("Meta-iterations", format="localized"),
        "converged": column.TextColumn("Converged", help="How much the loss still fell over the last half of the training"),
    }


@st.fragment
def show_differences(shown: Shown, k: int) -> None:
    """Paired differences after `k` steps to the pinned baseline, which is a matter of this part alone."""
    with page.pictures_of(shown.words):
        _show_differences(shown, k)


def _show_differences(shown: Shown, k: int) -> None:
    pinned = choices.choose_pinned(list(shown.losses))
    rows = [row for row in statistics.differences(shown.losses, pinned, k) if np.isfinite(row.mean)]
    st.markdown(f"**Against {NAMES[pinned]}, task by task**")
    listed = ", ".join(f"{NAMES[row.name]} {row.mean:+.3g} ({row.verdict})" for row in rows)
    alt = f"Paired differences to {NAMES[pinned]}: {listed}."
    page.chart(figures.differences_figure(rows, pinned, k), "differences", alt)
    if rows:
        first = max(rows, key=lambda row: row.unpaired / max(row.half, 1e-9))
        st.caption(
            f"Left of the line is better. {NAMES[first.name]} − {NAMES[pinned]}: {first.mean:+.3g} ± {first.half:#.2g}, "
            f"{first.verdict}. With tasks of its own for each, the same difference would be known to ± {first.unpaired:#.2g}."
        )


def show_twelve(learners: Mapping[str, Learner], names: Sequence[str], base: Experiment, k: int) -> None:
    """The same twelve tasks under several methods, laid over each other.

    Args:
      learners: by name.
      names: of those to draw.
      base: what all share.
      k: inner steps.
    """
    fits = {name: twelve(learners[name], base) for name in names}
    losses = {name: np.mean([fit.loss[k] for fit in some]) for name, some in fits.items()}
    listed = ", ".join(f"{NAMES[name]} {spell_loss(loss)}" for name, loss in losses.items())
    alt = f"Twelve held-out tasks after {k} steps. Mean loss on them: {listed}."
    page.chart(figures.tasks_figure(fits, k), "twelve", alt)
    st.caption(f"Mean loss on these twelve: {listed}.")
