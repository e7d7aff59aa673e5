"""Parameter space: where theta wants to be, in a plane that is exact, and in a slice of the real network."""

import numpy as np
import streamlit as st

from dashboard import landscapes, page
from dashboard.components.parameter_plane import NAMES, PlaneScene, clear, parameter_plane
from dashboard.fits import spell_loss
from dashboard.landscapes import Numbers
from maml_engine.analysis.landscape import FLAT, STEEP

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
OWN = {"space": TABS[0], "surface": "Valleys", "plane": ""}


def show_optima(scene: PlaneScene, numbers: Numbers) -> None:
    """Why the two optima are not one."""
    apart = float(np.linalg.norm(numbers.best.theta - numbers.joint.theta))
    st.markdown(f"**Why ★ is not □.** {_why(scene, numbers, apart)}")


def _why(scene: PlaneScene, numbers: Numbers, apart: float) -> str:
    if numbers.best.is_flat:
        return "The inner loop solves every task from anywhere: the meta-loss is 0 in the whole plane, and no start is better."
    told = (
        "□ minimises the mean loss *before* adapting, ★ the mean loss *after* it: what the inner loop repairs by itself need not "
        f"be paid for. They are {apart:.2f} apart, and the meta-loss is {spell_loss(numbers.best.meta_loss)} at ★, "
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
    rows = ["| Method | update (x, y) | norm | angle to MAML | left to itself | meta-loss there |", "|---|---|---|---|---|---|"]
    for name, direction in numbers.view.direction.items():
        (x, y), (end, loss) = direction.gradient, numbers.ends[name]
        angle = "–" if name == "maml" or np.isnan(direction.angle) else f"{direction.angle:.1f}°"
        rows.append(
            f"| {NAMES[name]} | {-x:.4g}, {-y:.4g} | {direction.norm:.4g} | {angle} | {end[0]:.2f}, {end[1]:.2f} | "
            f"{spell_loss(loss)} |"
        )
    st.markdown("\n".join(rows))
    st.caption(
        "Computed by the engine (JAX, 64 bits) from where you let go; while you drag, the browser computes the same. An "
        "update is the negative gradient; of Reptile θ′ − θ, drawn divided by αK. “Left to itself”: 300 steps of gradient "
        "descent from θ."
    )
    if "imaml" in scene.shown and numbers.view.curvature.min() <= 0:
        st.warning(
            f"λ = {scene.proximal:g} is too weak here: at iMAML's solution the curvature H + λI is negative for at least one "
            "task, and its gradient is not to be trusted. Raise λ.",
            icon=":material/error:",
        )


@st.fragment
def plane(surface: str) -> None:
    """The picture to drag in, and what the engine says of it."""
    scene = parameter_plane("plane", PlaneScene.opening(surface))
    st.button("Start again", icon=":material/restart_alt:", on_click=clear, args=("plane",))
    numbers = landscapes.numbers(scene)
    left, right = st.columns(2, gap="medium")
    with left:
        show_optima(scene, numbers)
    with right:
        show_distances(scene, numbers)
    show_table(scene, numbers)


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
            r"\nabla_\theta L_i\bigl(\theta^{(K)}_i\bigr) = \Bigl[\prod_{k}\bigl(I - \alpha H_k\bigr)\Bigr] \nabla L_i\bigl(\theta^{(K)}_i\bigr)",
            "**MAML** follows the exact gradient of the shaded meta-loss. **FOMAML** takes the product as the identity. "
            "**Reptile** walks towards the adapted parameters, θ′ − θ. **iMAML** adapts to the minimum of "
            "L + λ/2 ‖φ − θ‖² (the diamonds) and takes (I + H/λ)⁻¹∇L there. With a *support optimum that is off*, the steps go "
            "towards what few points suggest, and the loss is still measured at the truth.",
        )
page.finish(OWN)
