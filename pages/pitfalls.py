"""Pitfalls: where the inner loop breaks, as a map; then what goes wrong elsewhere, each shown and mended."""

import streamlit as st

from dashboard.engine_calls import resources
from dashboard.method_names import TUTORIAL
from dashboard.page_parts.pitfalls import label_order_card, live_pictures, runs, step_size_map, step_sizes
from dashboard.page_parts.pitfalls.cards import CARDS, Card
from dashboard.page_parts.pitfalls.step_sizes import SUMMARIES, Shown
from dashboard.results import MAX_SHOTS
from dashboard.widgets import learners, links, page, session
from maml_engine import Learner

NAMES = (*CARDS, label_order_card.NAME)
OWN = {
    "pitfall_shots": 10,
    "summary": "mean",
    **step_size_map.OWN,
    session.PAIR: "",
    **{session.OPEN + name: False for name in NAMES},
}


def suitable(learner: Learner) -> Learner:
    """`learner`, or the shipped one where its tasks are a table's rows."""
    if learner.experiment.tasks != "table":
        return learner
    st.info("The chosen learner was trained on a table, and this page draws functions: it shows the shipped MAML instead.")
    return resources.shipped_learners()["sinusoid_maml"]


def choose_points_and_summary() -> tuple[int, str]:
    """The sidebar: how many support points, and which loss of the hundred tasks."""
    shots = st.sidebar.slider("Support points", 1, MAX_SHOTS, OWN["pitfall_shots"], key="pitfall_shots", bind="query-params")
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
    return shots, summary


def choose_all_or_none() -> None:
    """One button over all cards: what a page has opened is on paper, too."""
    are_open = all(st.session_state.get(session.OPEN + name) for name in NAMES)
    label, icon = ("Close all", ":material/unfold_less:") if are_open else ("Open all", ":material/unfold_more:")
    st.button(label, icon=icon, key="open_or_close", on_click=open_or_close, args=(not are_open,))


def open_or_close(opens: bool) -> None:
    """A callback."""
    for name in NAMES:
        st.session_state[session.OPEN + name] = opens


@st.fragment
def show_card(name: str, shown: Shown) -> None:
    """One pitfall, to be opened."""
    with st.expander(CARDS[name].title, key=session.OPEN + name, on_change="rerun", bind="query-params") as opened:
        if opened.open:
            show_inside(name, CARDS[name], shown)


@st.fragment
def show_label_orders() -> None:
    """The pitfall of classes, which has no runs to train here."""
    key = session.OPEN + label_order_card.NAME
    with st.expander(label_order_card.TITLE, key=key, on_change="rerun", bind="query-params") as opened:
        if opened.open:
            label_order_card.show()


def show_inside(name: str, card: Card, shown: Shown) -> None:
    """Words, what the shown learner says of it, and two runs."""
    st.markdown(f"**What goes wrong.** {card.problem}\n\n**What mends it.** {card.fix}\n\nIn {TUTORIAL}: {card.tutorial}")
    if card.live:
        with page.pictures_of(learners.learner_words(shown.learner)):
            live_pictures.PICTURES[card.live](name, shown)
    with st.container(horizontal=True):
        st.button(
            f"Train both, {card.broken.num_iterations:,} meta-iterations each",
            icon=":material/play_arrow:",
            key=f"run_{name}",
            type="primary",
            on_click=runs.start,
            args=(name,),
        )
        if not card.leaks:
            st.link_button("Open the broken run in Train", links.address("train", card.broken.changes()), key=f"broken_{name}")
        st.link_button("Open the mended one", links.address("train", card.mended.changes()), key=f"mended_{name}")
    no_switch = " Train draws support and query apart and has no switch that mixes them." if card.leaks else ""
    st.caption(f"Broken: {spell_run(card, 'broken')}. Mended: {spell_run(card, 'mended')}.{no_switch}")
    runs.show(name)


def spell_run(card: Card, which: str) -> str:
    """What sets a run apart from the defaults, which are the tutorial's."""
    changes = links.write(card.run(which).changes())
    listed = [f"`{name}` {value}" for name, value in changes.items() if name != "num_iterations"]
    listed += ["the support as query"] if card.leaks and which == "broken" else []
    return ", ".join(listed) or f"the values of {TUTORIAL}"


page.opening(
    "Pitfalls",
    "**Click on a cell** below the red line, then on one above it, and see what becomes of the fit. Below the map, each "
    "pitfall is shown and mended.",
    name="pitfalls",
)
runs.read_link()
learner = suitable(learners.learner_control())
shots, summary = choose_points_and_summary()
shown = Shown(learner, step_sizes.frontier(learner, shots), shots, summary)
st.markdown(step_size_map.spell_frontier(shown))
step_size_map.show(shown)
st.subheader(f"The rule of thumb of {TUTORIAL}, measured", anchor=False)
step_size_map.show_claims(shown)
with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
    st.subheader("Show, then mend", anchor=False, width="content")
    choose_all_or_none()
for name in CARDS:
    show_card(name, shown)
show_label_orders()
page.equation(
    r"\theta_{k+1} - \theta^{*} = (I - \alpha H)\,(\theta_k - \theta^{*}), \qquad "
    r"\text{diverges where}\quad |1 - \alpha \lambda_{\max}| > 1, \quad \alpha > 2 / \lambda_{\max}",
    "Near a minimum **θ\\*** of a task's support loss with Hessian **H**, each inner step multiplies the distance by "
    "**I − αH**. Where α exceeds twice the inverse of the largest eigenvalue **λ**, the steepest direction grows with every "
    "step. A network is no quadratic, and the tasks differ, so the map is measured: the frontier is where the loss "
    "is above that without adapting, or no number at all.",
)
page.finish(OWN)
