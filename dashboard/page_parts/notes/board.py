"""The board of checks on the Notes page: one sentence over all, a picture, and a line a check."""

import dataclasses
from functools import partial

import streamlit as st

from dashboard.engine_calls import resources
from dashboard.figures import notes as figures
from dashboard.jobs import STOPPED, Snapshot
from dashboard.page_parts.notes.engine_calls import Measured, measured
from dashboard.widgets import job_view, page, session
from dashboard.widgets.job_view import Progress
from maml_engine import Experiment
from maml_engine.verification.board import CHECKS, TIMES
from maml_engine.verification.check import Check, CheckResult
from maml_engine.verification.record import recorded

RUN = job_view.LinkedJobs(session.CHECK_JOB)


def live_results() -> dict[str, CheckResult]:
    """The checks that were measured here for this session, by name; those of a run that is under way among them."""
    found = st.session_state.get(session.CHECKED, {})
    for job_id in RUN.ids():
        report = resources.jobs().snapshot(job_id).report
        if isinstance(report, Measured):  # a link may name a run of another kind
            found |= {result.name: result for result in report.results if result.name in CHECKS}
    st.session_state[session.CHECKED] = found
    return found


def last_results() -> dict[str, CheckResult]:
    """The last run of the board that comes with the package, by name."""
    fields = [spec.name for spec in dataclasses.fields(CheckResult)]
    results = [CheckResult(**{name: row[name] for name in fields}) for row in recorded("checks")["results"]]
    return {result.name: result for result in results if result.name in CHECKS}


def start(*names: str) -> None:
    """A callback: measures checks here and now, as a job; the one before it ends, and what it has measured stays."""
    live_results()
    RUN.start(lambda: job_view.submit_work([Experiment()], partial(measured, names)))


def watch() -> None:
    """The checks that are being measured, until all are."""
    RUN.show_refusal()
    if ids := RUN.ids():
        job_view.watch(ids, progress, key="stop_checks", message=how_it_ended)


def progress(snapshot: Snapshot) -> Progress:
    """How many checks are measured, and which one is now."""
    report = snapshot.report
    if not isinstance(report, Measured) or report.done:
        return Progress(0.0, "Starting ...")
    done, number = report.iteration, len(report.names)
    return Progress(done / number, f"{done + 1} of {number}: {CHECKS[report.names[done]].title} ...")


def how_it_ended(snapshot: Snapshot) -> str:
    """In words, where a run of checks did not come to its end."""
    report = snapshot.report
    if snapshot.status != STOPPED or not isinstance(report, Measured):
        return snapshot.message
    return f"Stopped after {report.iteration} of {len(report.names)} checks, which are shown below."


def verdict(results: dict[str, CheckResult]) -> tuple[int, int, int]:
    """How many of the board's checks hold, how many are wrong, and how many times are longer than they should be."""
    short = [name for name, result in results.items() if not result.ok]
    slow = [name for name in short if CHECKS[name].group == TIMES]
    return len(results) - len(short), len(short) - len(slow), len(slow)


def show_verdict(results: dict[str, CheckResult], num_live: int) -> None:
    """One sentence over all, `num_live` of which were measured here, and the picture."""
    holding, wrong, slow = verdict(results)
    here = f"{num_live} of them measured here and now" if num_live else "as measured in the last recorded run"
    late = f" {slow} {'time is' if slow == 1 else 'times are'} longer than on a machine that does nothing else." if slow else ""
    if wrong:
        st.error(f"**{wrong} of {len(results)} checks are wrong**, {here}.{late}", icon=":material/error:")
    else:
        st.success(f"**{holding} of {len(results)} checks hold**, {here}.{late}", icon=":material/check_circle:")
    measured = [name for name in results if CHECKS[name].group != TIMES]
    labels = [name.replace("_", " ") for name in measured]
    errors = [results[name].error for name in measured]
    tolerances = [results[name].tolerance for name in measured]
    listed = ", ".join(f"{label} {spell_number(error)}" for label, error in zip(labels, errors, strict=True))
    alt = f"Error of each check beside what is allowed: {listed}."
    page.chart(figures.board_figure(labels, errors, tolerances), "board", alt)


def show_check(check: Check, result: CheckResult | None, *, is_live: bool) -> None:
    """One line of the board.

    Args:
      check: what is claimed.
      result: its last one; None before there is any.
      is_live: whether it was measured here and now.
    """
    claim, measured, button = st.columns([6, 3, 2], vertical_alignment="center")
    claim.markdown(f"{_icon(check, result)} **{check.title}**  \n{check.claim}")
    if result is None:
        measured.markdown(f"Not run yet; allowed {spell_number(check.tolerance)} {check.unit}")
    else:
        when = f"here, in {result.seconds:.2g} s" if is_live else "last recorded run"
        measured.markdown(
            f"**{spell_number(result.error)}** of {spell_number(check.tolerance)} allowed ({check.unit})  \n:gray[{when}]"
        )
    if check.name in CHECKS:
        button.button(
            "Run",
            icon=":material/play_arrow:",
            key=f"run_{check.name}",
            on_click=start,
            args=(check.name,),
            help=f"Measures “{check.title}” here and now.",
        )


def _icon(check: Check, result: CheckResult | None) -> str:
    """What came of it, also in words for who does not see colours."""
    if result is None:
        return ":material/pending: To be run:"
    if result.ok:
        return ":green[:material/check_circle:] Holds:"
    return ":red[:material/error:] Wrong:" if check.decides else ":orange[:material/timer:] Slower:"


def spell_number(value: float) -> str:
    """An error or a time for reading."""
    return "0" if value == 0 else f"{value:.1e}".replace(".0e", "e") if value < 1e-3 else f"{value:.3g}"
