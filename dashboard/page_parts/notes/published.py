"""Published tables beside ours, and a short run of a protocol card."""

import dataclasses

import streamlit as st

from dashboard.engine_calls import resources
from dashboard.figures import notes as figures
from dashboard.jobs import Snapshot
from dashboard.page_parts.notes.engine_calls import by_protocol
from dashboard.widgets import controls, job_view, page, session
from maml_engine import Experiment
from maml_engine.experiment.presets import PRESETS
from maml_engine.verification.published import CARDS, Row
from maml_engine.verification.record import recorded

SHORT_ITERATIONS = 3000
SHORT_RUN = job_view.LinkedJobs(session.CARD_JOB)
GONE = "The short run of this link is no longer on this server: press the button to run it again."


def last_rows() -> list[Row]:
    """The last whole runs of the cards with a printed number that come with the package."""
    return [row for row in map(Row.read, recorded("published")["results"]) if row.published is not None]


def show_table(rows: list[Row]) -> None:
    """Printed and measured losses: the picture, and the same as a table."""
    labels = [f"{PRESETS[row.card].title}, {_spell_steps(row.step)}" for row in rows]
    printed, margins = [row.published for row in rows], [row.margin for row in rows]
    figure = figures.published_figure(
        [_short(label) for label in labels], printed, margins, [(row.mean, row.low, row.high) for row in rows]
    )
    listed = "; ".join(
        f"{label}: printed {row.published:g}, ours {row.mean:.3f}" for label, row in zip(labels, rows, strict=True)
    )
    page.chart(figure, "published", f"Printed losses beside ours. {listed}.")
    lines = ["| run | printed | ours |", "|---|---|---|"]
    for label, row in zip(labels, rows, strict=True):
        failed = "" if row.ok else ", **not reproduced**"
        lines.append(f"| {_short(label)} | {_spell_printed(row)} | {_spell_measured(row)}{failed} |")
    st.markdown("\n".join(lines))
    for remark in dict.fromkeys(PRESETS[row.card].remark for row in rows if not row.ok):
        st.caption(remark)


def short_run(card: str) -> Experiment:
    """The card's run with a fraction of its meta-iterations."""
    return dataclasses.replace(PRESETS[card].experiment, num_iterations=SHORT_ITERATIONS)


@st.fragment
def show_short_run() -> None:
    """A card, run again here with a fraction of its meta-iterations."""
    controls.by_name("published_card", CARDS, _title)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        card = st.selectbox("Protocol card", CARDS, format_func=_title, key="published_card", bind="query-params")
        st.button(
            f"Run {SHORT_ITERATIONS:,} meta-iterations of it",
            icon=":material/play_arrow:",
            type="primary",
            key="run_card",
            on_click=_start,
            args=(card,),
        )
    whole = PRESETS[card].experiment.num_iterations
    st.caption(f"The whole run has {whole:,}: `python -m maml_engine train --preset {card}`, or the Train page.")
    SHORT_RUN.show_refusal()
    if (ids := SHORT_RUN.ids(GONE)) and job_view.watch(ids, job_view.iterations, key="stop_card"):
        _show_reached(resources.jobs().snapshot(ids[0]))


def _start(card: str) -> None:
    """A callback."""
    SHORT_RUN.start(lambda: job_view.submit(short_run(card)))


def _show_reached(snapshot: Snapshot) -> None:
    """A short run's numbers by its card's protocol."""
    card = next((card for card in CARDS if short_run(card) == snapshot.experiment), None)
    if card is None or snapshot.result is None:
        return
    for row in by_protocol(card, snapshot.result):
        st.markdown(
            f"**{PRESETS[card].title}, after {_spell_steps(row.step)}**: {_spell_measured(row)} with "
            f"{row.num_iterations:,} meta-iterations; printed {_spell_printed(row)} with "
            f"{PRESETS[card].experiment.num_iterations:,}."
        )


def _spell_printed(row: Row) -> str:
    """A printed number, with its interval where there is one."""
    return f"{row.published:g}" + ("" if row.margin is None else f" ± {row.margin:g}")


def _spell_measured(row: Row) -> str:
    return f"{row.mean:.3f} ({row.low:.3f} to {row.high:.3f})"


def _spell_steps(count: int) -> str:
    return "1 step" if count == 1 else f"{count} steps"


def _title(card: str) -> str:
    return PRESETS[card].title


def _short(label: str) -> str:
    """A label that leaves room for the picture."""
    return label.replace(", varying frequency", "").replace(", the sinusoid of its paper", "")
