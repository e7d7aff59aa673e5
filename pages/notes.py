"""Notes: are the numbers right? A board of checks, each with what it allows, and the published tables beside ours."""

import streamlit as st

from dashboard.components.browser_check import browser_check
from dashboard.engine_calls import resources
from dashboard.figures import notes as figures
from dashboard.jobs import Snapshot
from dashboard.page_parts.notes import checks
from dashboard.page_parts.notes.checks import BROWSER_CHECKS, spell_number
from dashboard.widgets import controls, job_view, page
from maml_engine.experiment.presets import PRESETS
from maml_engine.verification.board import CHECKS, TIMES, Check, CheckResult
from maml_engine.verification.published import CARDS, Row
from maml_engine.verification.record import described, recorded

SHORT_RUN = job_view.LinkedJobs("card_job")
OWN = {"card": CARDS[0], "card_job": ""}
LIVE = "_notes_live"


# The board.


def run_one(name: str) -> None:
    """A callback: measures one check here and now."""
    st.session_state[LIVE] = st.session_state.get(LIVE, {}) | {name: CHECKS[name].run()}


def run_all() -> None:
    """Measures every check, with the number of those that are done."""
    progress = st.progress(0.0, text="Measuring ...")
    for done, check in enumerate(CHECKS.values()):
        progress.progress(done / len(CHECKS), text=f"{done + 1} of {len(CHECKS)}: {check.title} ...")
        run_one(check.name)
    progress.empty()


def show_verdict(results: dict[str, CheckResult], live: dict[str, CheckResult]) -> None:
    """One sentence over all, and the picture."""
    holding, wrong, slow = checks.verdict(results)
    here = f"{len(live)} of them measured here and now" if live else "as measured in the last recorded run"
    late = f" {slow} {'time is' if slow == 1 else 'times are'} longer than on a machine that does nothing else." if slow else ""
    if wrong:
        st.error(f"**{wrong} of {len(results)} checks are wrong**, {here}.{late}", icon=":material/error:")
    else:
        st.success(f"**{holding} of {len(results)} checks hold**, {here}.{late}", icon=":material/check_circle:")
    measured = [name for name in results if CHECKS[name].group != TIMES]
    labels = [name.replace("_", " ") for name in measured]
    errors = [results[name].error for name in measured]
    tolerances = [results[name].tolerance for name in measured]
    said = ", ".join(f"{label} {spell_number(error)}" for label, error in zip(labels, errors, strict=True))
    page.chart(
        figures.board_figure(labels, errors, tolerances), "board", f"Error of each check beside what is allowed: {said}."
    )


def show_check(check: Check, result: CheckResult | None, is_live: bool) -> None:
    """One line of the board."""
    said, measured, button = st.columns([6, 3, 2], vertical_alignment="center")
    with said:
        st.markdown(f"{icon(check, result)} **{check.title}**  \n{check.claim}")
    with measured:
        if result is None:
            st.markdown(f"Not run yet; allowed {spell_number(check.tolerance)} {check.unit}")
        else:
            when = f"here, in {result.seconds:.2g} s" if is_live else "last recorded run"
            st.markdown(
                f"**{spell_number(result.error)}** of {spell_number(check.tolerance)} allowed ({check.unit})  \n:gray[{when}]"
            )
    with button:
        if check.name in CHECKS:
            st.button(
                "Run",
                icon=":material/play_arrow:",
                key=f"run_{check.name}",
                on_click=run_one,
                args=(check.name,),
                help=f"Measures “{check.title}” here and now.",
            )


def icon(check: Check, result: CheckResult | None) -> str:
    """What came of it, also in words for who does not see colours."""
    if result is None:
        return ":material/pending: To be run:"
    if result.ok:
        return ":green[:material/check_circle:] Holds:"
    return ":red[:material/error:] Wrong:" if check.decides else ":orange[:material/timer:] Slower:"


def show_browser() -> None:
    """The checks that only the visitor's browser can answer."""
    st.subheader("The browser", anchor=False)
    answer = browser_check("browser_answer", **checks.browser_task())
    results = checks.browser_results(answer)
    for check in BROWSER_CHECKS.values():
        show_check(check, results.get(check.name), is_live=True)
    if answer is not None and not results:
        st.warning("What the browser sent is no answer to this; press the button again.", icon=":material/warning:")


# The published tables.


def show_published(rows: list[Row]) -> None:
    """The picture, and the same as a table."""
    labels = [f"{PRESETS[row.card].title}, {steps(row.step)}" for row in rows]
    ours = [(row.mean, row.low, row.high) for row in rows]
    figure = figures.published_figure(
        [short(label) for label in labels], [row.published for row in rows], [row.margin for row in rows], ours
    )
    said = "; ".join(
        f"{label}: printed {row.published:g}, ours {row.mean:.3f}" for label, row in zip(labels, rows, strict=True)
    )
    page.chart(figure, "published", f"Printed losses beside ours. {said}.")
    table = ["| run | printed | ours |", "|---|---|---|"]
    for label, row in zip(labels, rows, strict=True):
        ours_said = f"{row.mean:.3f} ({row.low:.3f} to {row.high:.3f})"
        table.append(f"| {short(label)} | {printed(row)} | {ours_said}{'' if row.ok else ', **not reproduced**'} |")
    st.markdown("\n".join(table))
    remarks = dict.fromkeys(PRESETS[row.card].remark for row in rows if not row.ok)
    for remark in remarks:
        st.caption(remark)


def short(label: str) -> str:
    """A label that leaves room for the picture."""
    return label.replace(", varying frequency", "").replace(", the sinusoid of its paper", "")


def printed(row: Row) -> str:
    """A printed number, with its interval where there is one."""
    return f"{row.published:g}" + ("" if row.margin is None else f" ± {row.margin:g}")


def title_of(card: str) -> str:
    """For the choice of a card."""
    return PRESETS[card].title


def steps(count: int) -> str:
    """For a list."""
    return "1 step" if count == 1 else f"{count} steps"


def start(card: str) -> None:
    """A callback: a short run of a card as a job."""
    SHORT_RUN.start(lambda: resources.jobs().submit(checks.short_run(card)))


def show_short_run() -> None:
    """A card, run again here with a fraction of its meta-iterations."""
    controls.by_name("card", CARDS, title_of)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        card = st.selectbox("Protocol card", CARDS, format_func=title_of, key="card", bind="query-params")
        st.button(
            f"Run {checks.SHORT_ITERATIONS:,} meta-iterations of it",
            icon=":material/play_arrow:",
            type="primary",
            key="run_card",
            on_click=start,
            args=(card,),
        )
    whole = PRESETS[card].experiment.num_iterations
    st.caption(f"The whole run has {whole:,}: `python -m maml_engine train --preset {card}`, or the Train page.")
    SHORT_RUN.show_refusal()
    if (ids := SHORT_RUN.ids()) and job_view.watch(ids, job_view.iterations, key="stop_card"):
        show_reached(resources.jobs().snapshot(ids[0]))


def show_reached(snapshot: Snapshot) -> None:
    """A short run's numbers by its card's protocol."""
    card = card_of(snapshot)
    if card and snapshot.result is not None:
        for row in checks.judged(card, snapshot.result):
            st.markdown(
                f"**{PRESETS[card].title}, after {steps(row.step)}**: {row.mean:.3f} ({row.low:.3f} to {row.high:.3f}) with "
                f"{row.num_iterations:,} meta-iterations; printed {printed(row)} with "
                f"{PRESETS[card].experiment.num_iterations:,}."
            )


def card_of(snapshot: Snapshot) -> str:
    """The card that a short run is of; "" where it is of none."""
    return next((card for card in CARDS if checks.short_run(card) == snapshot.experiment), "")


page.opening(
    "Are the numbers right?",
    "**Press “Run all”**: the engine's gradients are measured against closed forms, against differences of the loss and "
    "against the tutorial's code, here and now. Below, what papers print beside what is reached here.",
)
if st.button("Run all", type="primary", icon=":material/play_arrow:", key="run_all"):
    run_all()
live = st.session_state.get(LIVE, {})
results = checks.last_results() | live
show_verdict(results, live)
for group in dict.fromkeys(check.group for check in CHECKS.values()):
    st.subheader(group, anchor=False)
    for check in CHECKS.values():
        if check.group == group:
            show_check(check, results.get(check.name), check.name in live)
show_browser()
st.caption(f"Last recorded run: {described(recorded('checks'))}")

st.subheader("Published tables beside ours", anchor=False)
show_published(checks.last_rows())
st.caption(
    "Intervals are of 95 %. A card is reproduced where ours reaches as low as the printed number, give or take the printed "
    "interval. Meta-SGD's table and the MAML beside it are on waves of varying frequency. Recorded by "
    f"{described(recorded('published'))}"
)
show_short_run()
page.equation(
    r"\text{error} \;=\; \frac{\lVert g - g^\ast \rVert}{\lVert g^\ast \rVert}, \qquad "
    r"g^\ast_{\text{MAML}} = (I - \alpha H)^K\, Q\,(\theta_K - c), \quad \theta_K = a + (I - \alpha H)^K (\theta - a)",
    "How most of the checks measure: the engine's gradient **g** beside **g\\***, the one that is known. On tasks whose losses "
    "are quadratic, with Hessians **H** and **Q** and minima **a** and **c** for support and query, it is known in closed form "
    "after **K** steps of size **α**.",
)
page.finish(OWN)
