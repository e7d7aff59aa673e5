"""Pitfalls: where the inner loop breaks, as a map; then what goes wrong elsewhere, each shown and mended."""

from typing import NamedTuple

import numpy as np
import streamlit as st

from dashboard.engine_calls import resources
from dashboard.figures import adaptation
from dashboard.figures import pitfalls as figures
from dashboard.figures.training import smoothed
from dashboard.jobs import Snapshot
from dashboard.page_parts.pitfalls import cards
from dashboard.page_parts.pitfalls.cards import CARDS, INNER_LRS, STEPS, SUMMARIES, Card
from dashboard.results import MAX_SHOTS, spell_loss
from dashboard.widgets import controls, links, page
from maml_engine import Learner
from maml_engine.analysis.divergence import Frontier

OPEN, PAIR, PAIRS, REFUSED = "open_", "pair", "_pairs", "_pair_refused"
OWN = {
    "shots": 10,
    "summary": "mean",
    "cell_lr": 0.001,
    "cell_steps": 1,
    PAIR: "",
    **{OPEN + name: False for name in CARDS},
}
SECONDS_BETWEEN_LOOKS = 0.5


class Shown(NamedTuple):
    """What the page looks at."""

    learner: Learner
    found: Frontier
    shots: int
    summary: str


def suitable(learner: Learner) -> Learner:
    """`learner`, or the shipped one where its tasks are a table's rows."""
    if learner.experiment.tasks != "table":
        return learner
    st.info("The chosen learner was trained on a table, and this page draws functions: it shows the shipped MAML instead.")
    return resources.shipped_learners()["sinusoid_maml"]


# The map.


def choose_on_the_map() -> None:
    """A callback: a click on a cell chooses it."""
    points = st.session_state["map"]["selection"]["points"]
    if points and "customdata" in points[0]:
        number = points[0]["customdata"]
        row, column = divmod(int(number[0] if isinstance(number, list) else number), STEPS + 1)
        st.session_state["cell_lr"], st.session_state["cell_steps"] = INNER_LRS[row], column


def cell_controls() -> tuple[float, int]:
    """Which cell: a click sets these."""
    inner_lr = st.select_slider(
        "Inner step size α of the cell",
        INNER_LRS,
        OWN["cell_lr"],
        format_func="{:g}".format,
        key="cell_lr",
        bind="query-params",
        help="Or click on a cell of the map.",
    )
    steps = st.slider("Inner steps of the cell", 0, STEPS, OWN["cell_steps"], key="cell_steps", bind="query-params")
    return inner_lr, steps


def show_map(found: Frontier, summary: str, inner_lr: float, steps: int, learner: Learner) -> None:
    """The heat map, with the frontier."""
    quantile = SUMMARIES[summary]
    loss, first = found.summary(quantile), found.first_diverged(quantile)
    trained = (learner.experiment.inner_lr, learner.experiment.inner_steps)
    is_on_map = INNER_LRS[0] <= trained[0] <= INNER_LRS[-1] and trained[1] <= STEPS
    figure = figures.map_figure(
        INNER_LRS, loss, first, chosen=(INNER_LRS.index(inner_lr), steps), trained=trained if is_on_map else None
    )
    alt = f"{summary.capitalize()} loss over {cards.TASKS} tasks by inner step size and steps. {frontier_in_words(first)}"
    page.chart(figure, "map", alt, on_select=choose_on_the_map, selection_mode="points")


def frontier_in_words(first: np.ndarray) -> str:
    """Where it lies after one and after ten steps."""

    def reach(steps: int) -> str:
        size = first[steps]
        return "all sizes hold" if size == len(INNER_LRS) else f"α = {INNER_LRS[size]:g} is the first to diverge"

    return f"After one step {reach(1)}, after ten {reach(STEPS)}."


def show_cell(learner: Learner, found: Frontier, shots: int, inner_lr: float, steps: int) -> None:
    """The chosen cell: its numbers, two tasks, and the way to Train."""
    row = INNER_LRS.index(inner_lr)
    figures_of = {name: found.summary(quantile)[row] for name, quantile in SUMMARIES.items()}
    with st.container(horizontal=True, gap="medium"):
        for name, loss in figures_of.items():
            label = name.capitalize() if name != "worst tenth" else "Worst tenth from"
            st.metric(label, f"{spell_loss(loss[0])} → {spell_loss(loss[steps])}", width="content")
        support = found.summary(of_support=True)[row]
        st.metric("On the support", spell_loss(support[steps]), width="content", help="Mean loss on the points adapted to.")
        worse = found.share_worse()[row, steps]
        st.metric("Tasks made worse", f"{worse:.0%}", width="content", help="Share of tasks where not adapting is better.")
    values = {"inner_lr": inner_lr, "inner_steps": steps, "k_shot": shots}
    kept = {name: value for name, value in learner.experiment.changes().items() if name != "num_iterations"}
    st.link_button(
        f"Train with α = {inner_lr:g} and {steps} step{'' if steps == 1 else 's'}",
        links.address("train", kept | values),
        icon=":material/model_training:",
        key="train_cell",
    )
    typical, worst = cards.cell_fits(learner, shots, inner_lr, steps)
    for column, fit, name in zip(st.columns(2), (typical, worst), ("A task in the middle", "The worst task"), strict=True):
        with column:
            before, after = spell_loss(fit.loss[0]), spell_loss(fit.loss[steps])
            st.markdown(f"**{name}**: {before} → {after}")
            alt = f"{name}: mean squared error {before} before and {after} after {steps} steps of {inner_lr:g}."
            page.chart(adaptation.fit_figure(fit, steps, height=260, legend=False), f"fit_{name.split()[-1]}", alt)


def show_claims(found: Frontier, summary: str, shots: int) -> None:
    """The tutorial's rule of thumb for the inner step size beside what this learner does."""
    rows = ["| α | said to be | 1 step | 5 | 10 |", "|---|---|---|---|---|"]
    for row in cards.claims(found, summary):
        losses = " | ".join(
            f"**{figures.spell_cell(row[steps])}**" if row[steps] > row[0] else figures.spell_cell(row[steps])
            for steps in (1, 5, 10)
        )
        rows.append(f"| {row['inner_lr']:g} | {row['claim']} | {losses} |")
    st.markdown("\n".join(rows))
    before = cards.claims(found, summary)[0][0]
    st.caption(
        f"{summary.capitalize()} loss after so many steps on {shots} support points. Without adapting it is "
        f"{spell_loss(before)}: **bold** is worse than that, × beyond a thousand. What is too large depends on the steps "
        "taken, on the support points, and on the step size that the start was trained for, so the rule of thumb holds for no "
        "learner in general."
    )


# The cards.


def pair_of(name: str) -> list[str]:
    """The two runs of a card, of this session or of the link; none where this server does not know them."""
    held = dict(st.session_state.get(PAIRS, {}))
    card, *ids = st.session_state[PAIR].split(".")
    if card and card not in held:
        held[card] = ids
    ids = held.get(name, [])
    return ids if len(ids) == 2 and all(resources.jobs().snapshot(job_id) for job_id in ids) else []


def start(name: str) -> None:
    """A callback: both runs of a card into the queue, named in the link."""
    jobs, card = resources.jobs(), CARDS[name]
    for job_id in pair_of(name):
        jobs.stop(job_id)
    try:
        ids = [
            jobs.submit(run, cards.tasks_of(card, which)) for which, run in (("broken", card.broken), ("mended", card.mended))
        ]
    except ValueError as error:
        st.session_state[REFUSED] = (name, str(error))
        return
    st.session_state[PAIRS] = {**st.session_state.get(PAIRS, {}), name: ids}
    st.session_state[PAIR] = st.query_params[PAIR] = ".".join([name, *ids])


def show_card(name: str, card: Card, shown: Shown) -> None:
    """One pitfall: words, what the shown learner says of it, and two runs."""
    st.markdown(f"**What goes wrong.** {card.problem}\n\n**What mends it.** {card.mend}\n\n*The tutorial:* {card.tutorial}")
    if card.live:
        LIVE[card.live](name, shown)
    changes = f"Broken: {spell_run(card, 'broken')}. Mended: {spell_run(card, 'mended')}."
    with st.container(horizontal=True):
        count = card.broken.num_iterations
        st.button(
            f"Train both, {count:,} meta-iterations each",
            icon=":material/play_arrow:",
            key=f"run_{name}",
            type="primary",
            on_click=start,
            args=(name,),
        )
        if not card.leaks:
            st.link_button("Open the broken run in Train", links.address("train", card.broken.changes()), key=f"broken_{name}")
        st.link_button("Open the mended one", links.address("train", card.mended.changes()), key=f"mended_{name}")
    st.caption(changes + (" Train draws support and query apart and has no switch that mixes them." if card.leaks else ""))
    refused = st.session_state.get(REFUSED)
    if refused and refused[0] == name:
        st.error(refused[1], icon=":material/error:")
        del st.session_state[REFUSED]
    if ids := pair_of(name):
        is_over = all(resources.jobs().snapshot(job_id).ended for job_id in ids)
        st.fragment(show_runs, run_every=None if is_over else SECONDS_BETWEEN_LOOKS)(name, ids)


def spell_run(card: Card, which: str) -> str:
    """What sets a run apart from the tutorial's."""
    run = card.broken if which == "broken" else card.mended
    changes = {name: value for name, value in links.write(run.changes()).items() if name != "num_iterations"}
    said = [f"`{name}` {value}" for name, value in changes.items()]
    said += ["the support as query"] if card.leaks and which == "broken" else []
    return ", ".join(said) or "the tutorial's values"


def show_runs(name: str, ids: list[str]) -> None:
    """The two runs as they are now; once both have ended, both learners on the same test tasks."""
    jobs, card = resources.jobs(), CARDS[name]
    for job_id in ids:
        jobs.touch(job_id)
    snapshots = {which: jobs.snapshot(job_id) for which, job_id in zip(("broken", "mended"), ids, strict=True)}
    if None in snapshots.values():
        return
    ended = all(snapshot.ended for snapshot in snapshots.values())
    if not ended:
        done = sum(snapshot.iteration for snapshot in snapshots.values())
        total = sum(snapshot.experiment.num_iterations for snapshot in snapshots.values())
        bar, button = st.columns([6, 1], vertical_alignment="center")
        bar.progress(done / total, text=f"{done:,} of {total:,} meta-iterations in all; one run after the other")
        stop = {"on_click": lambda: [jobs.stop(job_id) for job_id in ids], "width": "stretch"}
        button.button("Stop", icon=":material/stop:", key=f"stop_{name}", **stop)
    for which, snapshot in snapshots.items():
        if snapshot.message:
            st.info(f"The {which} run: {snapshot.message}", icon=":material/info:")
    left, right = st.columns(2)
    with left:
        show_training(name, card, snapshots)
    with right:
        if ended:
            show_judgement(name, card, snapshots)
        else:
            st.caption("When both have ended, they are judged here on the same new tasks.")
    if ended and st.session_state.get("_seen_pair_" + name) != ids:
        st.session_state["_seen_pair_" + name] = ids
        st.rerun()


def show_training(name: str, card: Card, snapshots: dict[str, Snapshot]) -> None:
    """Both runs' own losses."""
    runs = {}
    for which, snapshot in snapshots.items():
        history = np.zeros((0, 2))
        if len(snapshot.history):
            means = smoothed(snapshot.history[:, 2], max(1, len(snapshot.history) // 20))
            history = np.stack([snapshot.history[:, 0], means], axis=1)
        loss = snapshot.curves[:, card.steps] if len(snapshot.curves) else np.zeros(0)
        runs[which] = (history, snapshot.curve_iterations, loss)
    st.markdown("**In training, on tasks of their own kind**")
    said = ", ".join(f"{which} {spell_loss(run[2][-1])}" for which, run in runs.items() if len(run[2])) or "none yet"
    figure = figures.runs_figure(runs, num_iterations=card.broken.num_iterations, steps=card.steps)
    page.chart(figure, f"runs_{name}", f"Meta-loss and held-out loss over the meta-iterations; held out now: {said}.")


def show_judgement(name: str, card: Card, snapshots: dict[str, Snapshot]) -> None:
    """Both learners on the mended run's test tasks."""
    st.markdown(f"**Judged on the same {cards.JUDGED_TASKS} new tasks**")
    curves = {
        which: cards.judged(snapshot.result, card.mended)
        for which, snapshot in snapshots.items()
        if snapshot.result is not None
    }
    said = [
        f"{which} **{spell_loss(curve.mean[card.steps])}** (95 % from {spell_loss(max(curve.low[card.steps], 0.0))} to "
        f"{spell_loss(curve.high[card.steps])})"
        for which, curve in curves.items()
    ]
    page.chart(
        figures.new_tasks_figure(curves, steps=card.steps),
        f"judged_{name}",
        f"Loss on new tasks after each inner step; after {card.steps}: " + ", ".join(said).replace("**", "") + ".",
    )
    after = "one step" if card.steps == 1 else f"{card.steps} steps"
    st.markdown(f"After {after}: {', '.join(said) or 'neither run got that far'}.")


def show_sizes(name: str, shown: Shown) -> None:
    """Loss against the step size."""
    loss = shown.found.summary(SUMMARIES[shown.summary])
    best = {steps: INNER_LRS[int(np.argmin(loss[:, steps]))] for steps in (1, STEPS)}
    page.chart(
        figures.sizes_figure(INNER_LRS, loss, (1, 2, 5, STEPS), claimed=(0.01, 0.05)),
        f"sizes_{name}",
        f"{shown.summary.capitalize()} loss against the inner step size; best at {best[1]:g} after one step, at "
        f"{best[STEPS]:g} after ten.",
    )
    st.caption(
        f"The shown learner with {shown.shots} support points: best at α = {best[1]:g} for one step, at {best[STEPS]:g} "
        "for ten. The grey band is the tutorial's 0.01 to 0.05."
    )


def show_support(name: str, shown: Shown) -> None:
    """Support and query loss over fifty steps, with noise."""
    inner_lr = cards.nearest(min(shown.learner.experiment.inner_lr, 0.002))
    path = cards.long_path(shown.learner, 5, 1.0, inner_lr)
    query, support = path.summary()[0], path.summary(of_support=True)[0]
    least = int(np.argmin(query))
    page.chart(
        figures.path_figure({"support (noisy)": support, "query": query}),
        f"overfit_{name}",
        f"Support loss {spell_loss(support[0])} to {spell_loss(support[-1])} over fifty steps; query loss least after {least}.",
    )
    st.caption(
        f"The shown learner with 5 support points, noise of standard deviation 1 on them, α = {inner_lr:g}: the query loss is "
        f"least after {least} steps ({spell_loss(query[least])}) and {spell_loss(query[-1])} after fifty; the support loss "
        f"ends at {spell_loss(support[-1])}."
    )


def show_leak(name: str, shown: Shown) -> None:
    """What would be reported, and what is true."""
    inner_lr = cards.nearest(min(shown.learner.experiment.inner_lr, 0.002))
    path = cards.long_path(shown.learner, 5, 0.0, inner_lr)
    query, support = path.summary()[0], path.summary(of_support=True)[0]
    cells = st.columns(2)
    cells[0].metric("On the support: optimistic", spell_loss(support[STEPS]))
    cells[1].metric("On new points: true", spell_loss(query[STEPS]))
    ratio = query[STEPS] / support[STEPS] if support[STEPS] > 0 else np.inf
    page.chart(
        figures.path_figure({"support": support[: STEPS + 1], "query": query[: STEPS + 1]}),
        f"leak_{name}",
        f"After ten steps {spell_loss(support[STEPS])} on the support and {spell_loss(query[STEPS])} on new points.",
    )
    st.caption(f"The shown learner, 5 support points, ten steps of {inner_lr:g}: the true loss is {ratio:.1f} times the other.")


def show_steps(name: str, shown: Shown) -> None:
    """Loss over more steps than were trained."""
    inner_lr, trained = cards.nearest(shown.learner.experiment.inner_lr), shown.learner.experiment.inner_steps
    path = cards.long_path(shown.learner, shown.shots, 0.0, inner_lr)
    curves = {which: path.summary(quantile)[0] for which, quantile in SUMMARIES.items()}
    page.chart(
        figures.path_figure(curves, trained_steps=trained),
        f"beyond_{name}",
        f"Loss over fifty steps of a learner trained with {trained}: mean {spell_loss(curves['mean'][-1])} at the end.",
    )
    worse = path.share_worse()[0]
    st.caption(
        f"The shown learner was trained with {trained} step{'' if trained == 1 else 's'}; with {shown.shots} support points "
        f"and α = {inner_lr:g}, fifty steps leave {worse[-1]:.0%} of the tasks worse than not adapting."
    )


LIVE = {"sizes": show_sizes, "support": show_support, "leak": show_leak, "steps": show_steps}

page.opening(
    "Pitfalls",
    "**Click on a cell** below the red line, then on one above it: a step size that is good for one step may ruin the fit "
    "after ten. Below the map, each pitfall is shown and mended.",
)
st.session_state.setdefault(PAIR, st.query_params.get(PAIR, ""))
learner = suitable(controls.learner_control())
shots = st.sidebar.slider("Support points", 1, MAX_SHOTS, OWN["shots"], key="shots", bind="query-params")
summary = st.sidebar.segmented_control(
    "Of a hundred tasks, the loss shown",
    list(SUMMARIES),
    default=OWN["summary"],
    required=True,
    wrap=True,
    key="summary",
    bind="query-params",
    help="The worst tenth: the loss that one task in ten exceeds.",
)
found = cards.frontier(learner, shots)
left, right = st.columns([6, 5], gap="medium")
with right:
    inner_lr, steps = cell_controls()
    show_cell(learner, found, shots, inner_lr, steps)
with left:
    show_map(found, summary, inner_lr, steps, learner)
    st.caption(
        "The red line is the frontier: above it, adapting is worse than not adapting. The star is what the learner was trained "
        f"with. {frontier_in_words(found.first_diverged(SUMMARIES[summary]))}"
    )
st.subheader("The rule of thumb, measured", anchor=False)
show_claims(found, summary, shots)
st.subheader("Show, then mend", anchor=False)
for name, card in CARDS.items():
    with st.expander(card.title, key=OPEN + name, on_change="rerun", bind="query-params") as opened:
        if opened.open:
            show_card(name, card, Shown(learner, found, shots, summary))
page.equation(
    r"\theta_{k+1} - \theta^{*} = (I - \alpha H)\,(\theta_k - \theta^{*}), \qquad "
    r"\text{diverges where}\quad |1 - \alpha \lambda_{\max}| > 1, \quad \alpha > 2 / \lambda_{\max}",
    "Near a minimum **θ\\*** of a task's support loss with Hessian **H**, each inner step multiplies the distance by "
    "**I − αH**. Where α exceeds twice the inverse of the largest eigenvalue **λ**, the steepest direction grows with every "
    "step. A network is no quadratic, and the tasks differ, so the map is measured: the frontier is where the loss "
    "is above that without adapting, or no number at all.",
)
page.finish(OWN)
