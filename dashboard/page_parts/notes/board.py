"""The board of checks on the Notes page: one sentence over all, a picture, and a line a check."""

import dataclasses

import streamlit as st

from dashboard.figures import notes as figures
from dashboard.widgets import page, session
from maml_engine.verification.board import CHECKS, TIMES
from maml_engine.verification.check import Check, CheckResult
from maml_engine.verification.record import recorded


def live_results() -> dict[str, CheckResult]:
    """The checks that this session has run here, by name."""
    return st.session_state.get(session.CHECKED, {})


def last_results() -> dict[str, CheckResult]:
    """The last run of the board that comes with the package, by name."""
    fields = [spec.name for spec in dataclasses.fields(CheckResult)]
    results = [CheckResult(**{name: row[name] for name in fields}) for row in recorded("checks")["results"]]
    return {result.name: result for result in results if result.name in CHECKS}


def run_one(name: str) -> None:
    """A callback: measures one check here and now."""
    st.session_state[session.CHECKED] = live_results() | {name: CHECKS[name].run()}


def run_all() -> None:
    """Measures every check, with the number of those that are done."""
    progress = st.progress(0.0, text="Measuring ...")
    for done, check in enumerate(CHECKS.values()):
        progress.progress(done / len(CHECKS), text=f"{done + 1} of {len(CHECKS)}: {check.title} ...")
        run_one(check.name)
    progress.empty()


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
            on_click=run_one,
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
