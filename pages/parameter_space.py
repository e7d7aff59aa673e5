"""Parameter space: where theta wants to be, in a plane that is exact, and in a slice of the real network."""

import streamlit as st

from dashboard import escape
from dashboard.components import address
from dashboard.components.parameter_plane import PlaneScene, parameter_plane
from dashboard.method_names import PAPERS
from dashboard.page_parts.parameter_space import engine_calls, network_slices, plane, training_path
from dashboard.widgets import learners, page
from maml_engine import Learner
from maml_engine.analysis import MAX_STEPS

TABS = ["A plane, exact", "The real network"]
# Choice -> what it is; the engine's names in lower case.
SURFACES = {
    "Bowls": "The weights of sin x and cos x of a wave: every task's loss is the same round bowl, moved.",
    "Valleys": "Every task is steep across and flat along, each in a direction of its own: a step crosses quickly, and hardly "
    "moves along.",
    "Rivers": "Valleys that wind: the curvature changes from place to place and is negative in some. One Hessian does not tell "
    "about the next.",
    "Waves": "The same functions as the bowls, by phase and amplitude. Only the coordinates changed, and with them the "
    "curvature, which no tangent sees.",
}
# Choice -> which loss is drawn.
LOSSES = {"Task 1": "first", "Task 2": "second", "Both": "both", "Both, after adapting": "after"}
KINDS = ["Contours", "Surface"]
OWN = {
    "space": TABS[0],
    "surface": "Valleys",
    "plane": "",
    "slice_of": "Task 1",
    "slice_as": "Contours",
    "slice_steps": 5,
    "slice_seed": 1,
    **training_path.OWN,
}


def slice_controls() -> tuple[str, bool, int, int]:
    """Which loss, as a surface or not, after how many steps, and on which tasks."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        shown = st.segmented_control(
            "Loss of", list(LOSSES), default=OWN["slice_of"], key="slice_of", required=True, wrap=True, bind="query-params"
        )
        kind = st.segmented_control(
            "Drawn as", KINDS, default=OWN["slice_as"], key="slice_as", required=True, bind="query-params"
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        steps = st.slider("Inner steps K", 1, MAX_STEPS, OWN["slice_steps"], key="slice_steps", bind="query-params", width=260)
        seed = st.number_input(
            "Seed of the two tasks", 0, 9999, OWN["slice_seed"], key="slice_seed", bind="query-params", width=180
        )
    return LOSSES[shown], kind == KINDS[1], steps, seed


@st.fragment
def show_plane(surface: str) -> None:
    """The picture to drag in, and what the engine says of it."""
    scene = parameter_plane("plane", PlaneScene.opening(surface))
    st.button("Reset the plane", icon=":material/restart_alt:", key="reset_plane", on_click=address.clear, args=("plane",))
    plane.show(scene)


@st.fragment
def show_network(learner: Learner) -> None:
    """The second tab: a plane round theta, and one along a run."""
    st.markdown(
        "Three points lie in one plane: **θ** and the parameters that two tasks adapt to from there. The plane below is that "
        "one, cut out of all of the network's parameters, with the loss measured at every point. **Look at task 1, then at "
        "task 2**, each with its own way from θ. Then at both, after adapting: how low a point lies there is how low the steps "
        "lead from it."
    )
    what, is_surface, steps, seed = slice_controls()
    try:
        adapting = engine_calls.adapting(learner, learner.experiment.inner_lr, steps, seed)
    except ValueError as error:
        st.error(escape.sentence(error), icon=":material/error:")
        return
    with page.pictures_of(learners.learner_words(learner)):
        network_slices.show_adapting(adapting, what, surface=is_surface)
    st.subheader("Through training", anchor=False)
    st.markdown(
        "Where does θ come from? Train a network here; its path has some fifty points in the space of all parameters. Drawn "
        "are the two directions in which it moved most (principal components)."
    )
    training_path.controls()
    walk = training_path.watch()
    if walk is None:
        return
    try:
        training = engine_calls.training(walk, steps, seed)
    except ValueError as error:  # stopped before theta had moved
        st.error(escape.sentence(error), icon=":material/error:")
        return
    with page.pictures_of(training_path.words()):
        network_slices.show_training(training, what, surface=is_surface)


page.opening(
    "Where does θ want to be?",
    "**Drag θ** and watch where each task's steps lead from there; then **let the methods descend**, and see which of them "
    "reach the star. Drag the numbered tasks, too.",
)
exact, real = st.tabs(TABS, key="space", on_change="rerun", bind="query-params")
if exact.open:
    with exact:
        surface = st.segmented_control(
            "The tasks' losses", list(SURFACES), default=OWN["surface"], key="surface", required=True, bind="query-params"
        )
        st.caption(SURFACES[surface])
        show_plane(surface.lower())
        page.equation(
            r"\theta^\ast = \arg\min_\theta \frac{1}{T}\sum_{i} L_i\bigl(\theta^{(K)}_i(\theta)\bigr), \qquad "
            r"\nabla_\theta L_i\bigl(\theta^{(K)}_i\bigr) = \Bigl[\prod_{k}\bigl(I - \alpha H_k\bigr)\Bigr] "
            r"\nabla L_i\bigl(\theta^{(K)}_i\bigr)",
            f"**MAML** ({PAPERS['maml'].link}) follows the exact gradient of the shaded meta-loss. **FOMAML** (there, sec. "
            f"5.2) takes the product as the identity. **Reptile** ({PAPERS['reptile'].link}) walks towards the adapted "
            f"parameters, θ′ − θ. **iMAML** ({PAPERS['imaml'].link}) adapts to the minimum of "
            "L + λ/2 ‖φ − θ‖² (the diamonds) and takes (I + H/λ)⁻¹∇L there. With a *support optimum that is off*, the steps go "
            "towards what few points suggest, and the loss is still measured at the truth.",
        )
if real.open:
    with real:
        show_network(learners.learner_control())
page.finish(OWN)
