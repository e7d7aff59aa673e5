"""The map of step sizes and steps, the cell that is chosen on it, and the tutorial's rule of thumb beside it."""

import streamlit as st

from dashboard.figures import adaptation
from dashboard.figures import pitfalls as figures
from dashboard.page_parts.pitfalls import step_sizes
from dashboard.page_parts.pitfalls.step_sizes import INNER_LRS, STEPS, SUMMARIES, Shown
from dashboard.results import Fit, spell_loss
from dashboard.widgets import learners, links, page, run_words, session

OWN = {session.CELL_LR: 0.001, session.CELL_STEPS: 1}


@st.fragment
def show(shown: Shown) -> None:
    """The map, and the cell of it that is looked at."""
    left, right = st.columns([6, 5], gap="medium")
    words = f"{learners.learner_words(shown.learner)}; here {run_words.spell('k_shot', shown.shots)}"
    with right:
        inner_lr, steps = choose_cell()
        cell = ", ".join([run_words.spell("inner_lr", inner_lr), run_words.spell("inner_steps", steps)])
        with page.pictures_of(f"{words}, {cell}"):
            show_cell(shown, inner_lr, steps)
    with left, page.pictures_of(words):
        show_map(shown, inner_lr, steps)


def choose_cell() -> tuple[float, int]:
    """Step size and steps of the cell that is looked at; a click on the map sets them, too."""
    inner_lr = st.select_slider(
        "Inner step size α of the cell",
        INNER_LRS,
        OWN[session.CELL_LR],
        format_func="{:g}".format,
        key=session.CELL_LR,
        bind="query-params",
        help="Or click on a cell of the map.",
    )
    steps = st.slider("Inner steps of the cell", 0, STEPS, OWN[session.CELL_STEPS], key=session.CELL_STEPS, bind="query-params")
    return inner_lr, steps


def show_map(shown: Shown, inner_lr: float, steps: int) -> None:
    """The heat map with the frontier; the cell of a step size and a number of steps is framed."""
    quantile, run = SUMMARIES[shown.summary], shown.learner.experiment
    loss, first = shown.found.summary(quantile), shown.found.first_diverged(quantile)
    is_on_map = INNER_LRS[0] <= run.inner_lr <= INNER_LRS[-1] and run.inner_steps <= STEPS
    figure = figures.map_figure(
        INNER_LRS,
        loss,
        first,
        chosen=(INNER_LRS.index(inner_lr), steps),
        trained=(run.inner_lr, run.inner_steps) if is_on_map else None,
    )
    frontier = spell_frontier(shown)
    alt = f"{shown.summary.capitalize()} loss over {step_sizes.TASKS} tasks by inner step size and steps. {frontier}"
    page.chart(figure, session.MAP, alt, on_select=_choose_on_the_map, selection_mode="points")
    star = " The star is what the learner was trained with." if is_on_map else ""
    over = f" Over {step_sizes.TASKS} test tasks (key {step_sizes.KEY}), at {step_sizes.QUERIES} points of each."
    st.caption(f"The red line is the frontier: above it, adapting is worse than not adapting.{star}{over}")


def _choose_on_the_map() -> None:
    """A callback: a click on a cell chooses it."""
    points = st.session_state[session.MAP]["selection"]["points"]
    if points and "customdata" in points[0]:
        number = points[0]["customdata"]
        row, column = divmod(int(number[0] if isinstance(number, list) else number), STEPS + 1)
        st.session_state[session.CELL_LR], st.session_state[session.CELL_STEPS] = INNER_LRS[row], column


def spell_frontier(shown: Shown) -> str:
    """Where it lies after one and after ten steps, and what becomes of a step size beside it."""
    quantile = SUMMARIES[shown.summary]
    loss, first = shown.found.summary(quantile), shown.found.first_diverged(quantile)

    def fate(row: int) -> str:
        return " → ".join(spell_loss(loss[row, steps]) for steps in (0, 1, STEPS))

    one, ten = int(first[1]), int(first[STEPS])
    last = f"The {shown.summary} loss without adapting, after one step and after ten"
    if one == ten == len(INNER_LRS):
        return f"For this learner every step size of the map holds. {last}: {fate(one - 1)} at α = {INNER_LRS[-1]:g}."
    if one == ten == 0:
        return f"For this learner no step size of the map holds. {last}: {fate(0)} at α = {INNER_LRS[0]:g}."
    if one == ten:
        return (
            f"For this learner the line is as high after ten steps as after one: α = {INNER_LRS[one - 1]:g} holds, "
            f"{INNER_LRS[one]:g} does not. {last}: {fate(one - 1)}, and {fate(one)}."
        )
    what = "good for one step and ruinous after ten" if ten < one else "too long for one step, and made good by ten"
    return f"For this learner α = {INNER_LRS[min(one, ten)]:g} is {what}. {last}: {fate(min(one, ten))}."


def show_cell(shown: Shown, inner_lr: float, steps: int) -> None:
    """A cell of the map: its numbers, two tasks, and the way to Train."""
    _show_numbers(shown, INNER_LRS.index(inner_lr), steps)
    values = {"inner_lr": inner_lr, "inner_steps": steps, "k_shot": shown.shots}
    kept = {name: value for name, value in shown.learner.experiment.changes().items() if name != "num_iterations"}
    st.link_button(
        f"Train with α = {inner_lr:g} and {steps} step{'' if steps == 1 else 's'}",
        links.address("train", kept | values),
        icon=":material/model_training:",
        key="train_cell",
    )
    fits = step_sizes.cell_fits(shown.learner, shown.shots, inner_lr, steps)
    for column, fit, name in zip(st.columns(2), fits, ("A task in the middle", "The worst task"), strict=True):
        with column:
            _show_fit(fit, name, inner_lr, steps)


def _show_numbers(shown: Shown, row: int, steps: int) -> None:
    with st.container(horizontal=True, gap="medium"):
        for name, quantile in SUMMARIES.items():
            loss = shown.found.summary(quantile)[row]
            label = name.capitalize() if name != "worst tenth" else "Worst tenth from"
            st.metric(label, f"{spell_loss(loss[0])} → {spell_loss(loss[steps])}", width="content")
        support = shown.found.summary(of_support=True)[row]
        st.metric("On the support", spell_loss(support[steps]), width="content", help="Mean loss on the points adapted to.")
        worse = shown.found.share_worse()[row, steps]
        st.metric("Tasks made worse", f"{worse:.0%}", width="content", help="Share of tasks where not adapting is better.")


def _show_fit(fit: Fit, name: str, inner_lr: float, steps: int) -> None:
    before, after = spell_loss(fit.loss[0]), spell_loss(fit.loss[steps])
    st.markdown(f"**{name}**: {before} → {after}")
    alt = f"{name}: mean squared error {before} before and {after} after {steps} steps of {inner_lr:g}."
    page.chart(adaptation.fit_figure(fit, steps, height=260, legend=False), f"fit_{name.split()[-1]}", alt)


def show_claims(shown: Shown) -> None:
    """The tutorial's rule of thumb for the inner step size beside what this learner does."""
    claims = step_sizes.claims(shown.found, shown.summary)
    rows = ["| α | said to be | 1 step | 5 | 10 |", "|---|---|---|---|---|"]
    for claim in claims:
        cells = [figures.spell_cell(claim[steps]) for steps in (1, 5, 10)]
        cells = [f"**{cell}**" if claim[steps] > claim[0] else cell for cell, steps in zip(cells, (1, 5, 10), strict=True)]
        rows.append(f"| {claim['inner_lr']:g} | {claim['claim']} | {' | '.join(cells)} |")
    st.markdown("\n".join(rows))
    best = min(claims, key=lambda claim: claim[STEPS])
    ruinous = [f"{claim['inner_lr']:g}" for claim in claims if not claim[STEPS] <= claim[0]]
    st.caption(
        f"{shown.summary.capitalize()} loss after so many steps on {shown.shots} support points. Without adapting it is "
        f"{spell_loss(claims[0][0])}: **bold** is worse than that, × beyond a thousand. For this learner, trained with "
        f"α = {shown.learner.experiment.inner_lr:g}, the best of the four after ten steps is {best['inner_lr']:g}"
        + (f", and worse than not adapting: {', '.join(ruinous)}." if ruinous else ".")
    )
