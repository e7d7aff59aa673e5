"""Parameter space: where theta wants to be, in a plane that is exact, and in a slice of the real network."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components import address
from dashboard.components.parameter_plane import PlaneScene, parameter_plane
from dashboard.figures import slices as figures
from dashboard.method_names import NAMES
from dashboard.page_parts.parameter_space import network_slices, training_path
from dashboard.page_parts.parameter_space import plane as landscapes
from dashboard.page_parts.parameter_space.plane import Numbers
from dashboard.results import AdaptationSlice, TrainingSlice, spell_loss
from dashboard.widgets import controls, page
from maml_engine.analysis import MAX_STEPS
from maml_engine.analysis.toy_landscape import FLAT, STEEP

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


def show_optima(scene: PlaneScene, numbers: Numbers) -> None:
    """Why the two optima are not one."""
    apart = float(np.linalg.norm(numbers.best.theta - numbers.joint.theta))
    st.markdown(f"**Why ★ is not □.** {_why(scene, numbers, apart)}")


def _why(scene: PlaneScene, numbers: Numbers, apart: float) -> str:
    if numbers.best.is_flat:
        return "The inner loop solves every task from anywhere: the meta-loss is 0 in the whole plane, and no start is better."
    told = (
        "□ minimises the mean loss *before* adapting, ★ the mean loss *after* it: what the inner loop repairs by itself need "
        f"not be paid for. They are {apart:.2f} apart, and the meta-loss is {spell_loss(numbers.best.meta_loss)} at ★, "
        f"{spell_loss(numbers.joint_meta_loss)} at □."
    )
    if scene.inner_steps == 0:
        return f"{told} Here they are one point, since with K = 0 nothing adapts."
    if scene.surface == "bowls":
        return (
            f"{told} Here they are one point: every bowl has the same curvature, so the inner loop repairs the same share "
            "everywhere, and nothing is left to prefer. Take narrow valleys."
        )
    if scene.surface == "valleys":
        across, along = (h * (1 - scene.inner_lr * h) ** (2 * scene.inner_steps) for h in (STEEP, FLAT))
        return (
            f"{told} In a valley an error counts with its curvature h before adapting, {STEEP:g} across and {FLAT:g} along; "
            f"after K steps with h(1 − αh)²ᴷ, here {across:.2g} across and {along:.2g} along. So ★ lies where the *flat* "
            "directions are right, and leaves the steep ones to the inner loop."
        )
    return f"{told} The curvature differs from place to place, so ★ seeks ground from which the steps lead down."


def show_distances(scene: PlaneScene, numbers: Numbers) -> None:
    """The tutorial's claim that theta* is equidistant from all tasks."""
    listed = ", ".join(f"{distance:.2f}" for distance in numbers.best.distance)
    if len(scene.tasks) == 1:
        st.markdown("**Equidistant?** With one task there is nothing to be in the middle of. Add some.")
        return
    ratio = numbers.best.distance.max() / max(numbers.best.distance.min(), 1e-9)
    told = (
        "**Equidistant?** Tutorials draw θ\\* equally far from every task. The objective asks for no such thing: from ★ to the "
        f"tasks it is {listed}, the farthest {ratio:.1f} times the nearest."
    )
    if numbers.equidistant is None:
        told += " A point equally far from all of these does not exist." if len(scene.tasks) > 2 else ""
    else:
        told += (
            f" The one point that *is* equidistant, ({numbers.equidistant[0]:.2f}, {numbers.equidistant[1]:.2f}), has a "
            f"meta-loss of {spell_loss(numbers.equidistant_meta_loss)} against {spell_loss(numbers.best.meta_loss)} at ★."
        )
    st.markdown(told)


def show_table(scene: PlaneScene, numbers: Numbers) -> None:
    """The engine's numbers, method by method."""
    rows = {}
    for name, direction in numbers.view.direction.items():
        end, loss = numbers.ends[name]
        angle = "–" if name == "maml" or np.isnan(direction.angle) else f"{direction.angle:.1f}°"
        told = (_pair(-direction.gradient, 4), f"{direction.norm:.4g}", angle, _pair(end, 3), spell_loss(loss))
        rows[NAMES[name]] = dict(zip(("update", "norm", "to MAML", "ends at", "with a loss of"), told, strict=True))
    st.table(pd.DataFrame.from_dict(rows, orient="index"))
    st.caption(
        "Computed by the engine (JAX, 64 bits) from where you let go; while you drag, the browser computes the same. An "
        "update is the negative gradient, Reptile’s is θ′ − θ. The ends are those of 300 steps of gradient descent from θ; for "
        "Reptile over αK, so that all take steps of one size."
    )


def _pair(point: np.ndarray, digits: int) -> str:
    return ", ".join(f"{value:.{digits}g}" for value in point)


@st.fragment
def plane(surface: str) -> None:
    """The picture to drag in, and what the engine says of it."""
    scene = parameter_plane("plane", PlaneScene.opening(surface))
    st.button("Start again", icon=":material/restart_alt:", on_click=address.clear, args=("plane",))
    numbers = landscapes.numbers(scene)
    left, right = st.columns(2, gap="medium")
    with left:
        show_optima(scene, numbers)
    with right:
        show_distances(scene, numbers)
    show_table(scene, numbers)


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


def show_adapting(adapting: AdaptationSlice, what: str, surface: bool, steps: int) -> None:
    """The plane through theta and two adapted parameters: numbers, then the picture."""
    ends = adapting.paths[:, -1]
    lengths = [float(np.linalg.norm(end)) for end in ends]
    how = "a surface" if surface else "contours"
    alt = (
        f"A plane through theta and the parameters adapted to two tasks in {steps} steps, {lengths[0]:.3f} and "
        f"{lengths[1]:.3f} away, {adapting.angle:.0f} degrees apart; losses as {how}."
    )
    picture, side = st.columns([5, 2], gap="medium", vertical_alignment="center")
    with picture:
        page.chart(figures.adapting_figure(adapting, what, surface=surface), "slice", alt)
    side.metric("From θ to θ′₁, to θ′₂", f"{lengths[0]:.3f}, {lengths[1]:.3f}", help="Distances in parameter space.")
    side.metric("Angle between them", f"{adapting.angle:.0f}°", help="90°: nothing in common. 0°: the same way.")
    side.metric("Farthest off the plane", f"{adapting.off:.3f}", help="The steps in between need not lie in it.")


def show_training(training: TrainingSlice, what: str, surface: bool) -> None:
    """The plane of the training path."""
    first, second = training.share
    alt = (
        f"Theta's path over {training.iterations[-1]:,} meta-iterations in its two main directions, which hold "
        f"{first + second:.0%} of its variance."
    )
    picture, side = st.columns([5, 2], gap="medium", vertical_alignment="center")
    with picture:
        page.chart(figures.training_figure(training, what, surface=surface), "training_path", alt)
    side.metric("Of the path's variance", f"{first:.0%}, {second:.0%}", help="Held by the direction along, and across.")
    side.metric("From start to end", f"{np.linalg.norm(training.path[0]):.2f}", help="Distance in this plane.")
    side.caption("The losses are those of the two tasks above. ")


def real_network() -> None:
    """The second tab."""
    learner = controls.learner_control()
    st.markdown(
        "Three points lie in one plane: **θ** and the parameters that two tasks adapt to from there. The plane below is that "
        "one, cut out of all of the network's parameters, with the loss measured at every point. **Look at task 1, then at "
        "task 2**: each goes down its own way. Then at both, after adapting: θ lies where the steps help."
    )
    what, surface, steps, seed = slice_controls()
    try:
        adapting = network_slices.adapting(learner, learner.experiment.inner_lr, steps, seed)
    except ValueError as error:
        st.error(str(error), icon=":material/error:")
        return
    show_adapting(adapting, what, surface, steps)
    st.subheader("Through training", anchor=False)
    st.markdown(
        "Where does θ come from? Train a network here; its path has some fifty points in the space of all parameters. Drawn "
        "are the two directions in which it moved most (principal components)."
    )
    training_path.controls()
    snapshot = training_path.current()
    if snapshot is None:
        return
    training_path.show_progress(snapshot)
    if snapshot.ended and snapshot.report is not None:
        show_training(network_slices.training(snapshot.report, steps, seed), what, surface)


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
        plane(surface.lower())
        page.equation(
            r"\theta^\ast = \arg\min_\theta \frac{1}{T}\sum_{i} L_i\bigl(\theta^{(K)}_i(\theta)\bigr), \qquad "
            r"\nabla_\theta L_i\bigl(\theta^{(K)}_i\bigr) = \Bigl[\prod_{k}\bigl(I - \alpha H_k\bigr)\Bigr] "
            r"\nabla L_i\bigl(\theta^{(K)}_i\bigr)",
            "**MAML** follows the exact gradient of the shaded meta-loss. **FOMAML** takes the product as the identity. "
            "**Reptile** walks towards the adapted parameters, θ′ − θ. **iMAML** adapts to the minimum of "
            "L + λ/2 ‖φ − θ‖² (the diamonds) and takes (I + H/λ)⁻¹∇L there. With a *support optimum that is off*, the steps go "
            "towards what few points suggest, and the loss is still measured at the truth.",
        )
if real.open:
    with real:
        real_network()
page.finish(OWN)
