"""What a visitor of the Compare page chooses: what all methods share, which ones within which budget, what is looked at."""

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.method_names import NAMES, PAPERS, PRETRAINED
from dashboard.page_parts.compare import contest as comparing
from dashboard.page_parts.compare.contest import AMOUNTS, DEFAULT_AMOUNT, ENTRANTS, Contest
from dashboard.widgets import controls, page, session
from maml_engine import Experiment, Learner
from maml_engine.analysis.comparison import Budget

KIND_LABELS = {"iterations": "Meta-iterations", "gradients": "Gradients", "seconds": "Seconds"}
OWN = {
    session.METHODS: ["maml", "reptile"],
    session.BUDGET: "iterations",
    **{session.AMOUNT + kind: amount for kind, amount in DEFAULT_AMOUNT.items()},
    session.SEEDS: 1,
    session.AFTER: 1,
    session.AGAINST: "iterations",
    session.OVERLAY: ["maml", PRETRAINED],
    session.PIN: "maml",
}
MAX_K_SHOT = 200


def base_experiment() -> Experiment:
    """What all methods share, from the sidebar."""
    experiment = controls.experiment_controls("tasks", "k_shot", "meta_batch_size", "hidden_dim", "seed")
    if experiment.tasks == "table":
        st.info(
            "A table's rows are not compared here: this page shows sine waves instead. Train on your table on the Train page.",
            icon=":material/info:",
        )
    values = {name: getattr(experiment, name) for name in ("k_shot", "meta_batch_size", "hidden_dim", "seed")}
    if values["k_shot"] > MAX_K_SHOT:
        st.info(f"This page takes at most {MAX_K_SHOT} support points a task.", icon=":material/info:")
        values["k_shot"] = MAX_K_SHOT
    tasks = "sinusoid" if experiment.tasks == "table" else experiment.tasks
    return Experiment(tasks=tasks, **values)


def choose_methods() -> list[str]:
    """The methods that are to be trained."""
    controls.by_name(session.METHODS, ENTRANTS, NAMES.get, several=True)
    return st.multiselect(
        "Methods",
        ENTRANTS,
        OWN[session.METHODS],
        format_func=NAMES.get,
        key=session.METHODS,
        bind="query-params",
        help="Pretrained is the baseline of transfer learning: one network for all tasks, then fine-tuned.",
    )


def choose_budget() -> Budget:
    """What each run may spend."""
    controls.by_name(session.BUDGET, KIND_LABELS, KIND_LABELS.get)
    kind = st.selectbox(
        "Budget of each run",
        list(KIND_LABELS),
        format_func=KIND_LABELS.get,
        key=session.BUDGET,
        bind="query-params",
        width=190,
        help="Gradients counts gradients and Hessian-vector products of a task's loss, so that a method that takes more of "
        "them in a meta-iteration gets fewer meta-iterations. Seconds leave compilation out.",
    )
    controls.by_name(session.AMOUNT + kind, AMOUNTS[kind], "{:,}".format)
    amount = st.select_slider(
        f"How much: {KIND_LABELS[kind].lower()}",
        AMOUNTS[kind],
        DEFAULT_AMOUNT[kind],
        format_func="{:,}".format,
        key=session.AMOUNT + kind,
        bind="query-params",
        width=260,
    )
    return Budget(kind, amount)


def choose_seeds() -> int:
    """How many runs each method has."""
    return st.number_input(
        "Seeds",
        1,
        comparing.MAX_SEEDS,
        OWN[session.SEEDS],
        key=session.SEEDS,
        bind="query-params",
        width=110,
        help="1 to 5 runs each.",
    )


def show_recipes(contest: Contest) -> None:
    """What each method runs with, and each run as code."""
    base = contest.base
    with st.expander("What each runs with", icon=":material/tune:"):
        st.dataframe(comparing.recipe_rows(contest), hide_index=True, width="stretch")
        st.caption(
            f"The same for all: {base.tasks} tasks, {base.k_shot} support and {base.k_query} query points, "
            f"{base.meta_batch_size} tasks in a meta-step, {base.hidden_dim} hidden units in two layers, meta step size "
            f"{base.meta_lr:g} under Adam where the table does not say otherwise. These settings suit each method roughly; "
            "none was tuned for this page."
        )
        st.markdown(spell_papers(contest.methods))
        if contest.budget.kind != "seconds":  # how many meta-iterations those buy is known at the end
            with st.container(horizontal=True, vertical_alignment="bottom"):
                name = st.selectbox("As code", contest.methods, format_func=NAMES.get, key="as_code", width=190)
                page.code(contest.entrants()[name][0], "as_code")


def spell_papers(methods: Sequence[str]) -> str:
    """Where each method was published, in small print and not in a caption, which is pale: a link could not be read."""
    listed = [f"{NAMES[name]}, {PAPERS[name].link}" for name in methods if name in PAPERS]
    return f":small[Published: {'; '.join(listed)}.]" if listed else ""


def choose_view() -> None:
    """What the pictures show: after how many steps, and along which budget."""
    controls.by_name(session.AGAINST, KIND_LABELS, KIND_LABELS.get)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.select_slider(
            "Inner steps k",
            list(range(comparing.JUDGED_STEPS + 1)),
            OWN[session.AFTER],
            key=session.AFTER,
            bind="query-params",
            width=260,
            help="Everything below shows the loss after so many gradient steps, however many a method was trained with.",
        )
        st.selectbox(
            "Curves against",
            list(KIND_LABELS),
            format_func=KIND_LABELS.get,
            key=session.AGAINST,
            bind="query-params",
            width=190,
        )


def choose_pinned(names: Sequence[str]) -> str:
    """Whom all others are compared with, one of `names`."""
    if st.session_state.get(session.PIN, OWN[session.PIN]) not in names:
        st.session_state[session.PIN] = names[0]
    controls.by_name(session.PIN, names, NAMES.get)
    return st.selectbox("Pinned baseline", names, format_func=NAMES.get, key=session.PIN, bind="query-params", width=190)


def choose_overlay(learners: Mapping[str, Learner]) -> list[str]:
    """Whose fits are laid over each other."""
    chosen_before = st.session_state.get(session.OVERLAY, [])
    if unknown := set(chosen_before) - set(learners):  # of another comparison
        kept = [name for name in chosen_before if name not in unknown]
        st.session_state[session.OVERLAY] = kept or list(learners)[:2]
    controls.by_name(session.OVERLAY, learners, NAMES.get, several=True)
    return st.multiselect(
        "Methods to lay over each other",
        list(learners),
        list(learners)[:2],
        format_func=NAMES.get,
        key=session.OVERLAY,
        bind="query-params",
    )
