"""What the engine says of the plane that a visitor drags in, in words and as a table."""

from collections.abc import Mapping

import numpy as np
import streamlit as st

from dashboard.components.parameter_plane import DESCENT_STEPS, MAX_STEP_LENGTH, META_LR, PlaneScene
from dashboard.engine_calls import plane
from dashboard.engine_calls.plane import Descent, Optima
from dashboard.method_names import NAMES, TUTORIAL
from dashboard.results import spell_angle, spell_loss
from maml_engine.analysis.toy_landscape import FLAT, STEEP, View

ONE_POINT = 0.005  # units of the plane: what is closer is "0.00 apart"


def show(scene: PlaneScene) -> None:
    """Why the best start is not the best answer, how far it is from the tasks, and what each method makes of it."""
    landscape, found = scene.landscape, plane.optima(scene.landscape)
    left, right = st.columns(2, gap="medium")
    left.markdown(f"**Why ★ is not □.** {_why(scene, found)}")
    right.markdown(f"**Equidistant?** {_distances(scene, found)}")
    descent = Descent(META_LR[scene.surface], MAX_STEP_LENGTH, DESCENT_STEPS)
    _show_table(plane.view(landscape, scene.theta), plane.ends(landscape, scene.theta, descent))


def _why(scene: PlaneScene, numbers: Optima) -> str:
    """Why the two optima are not one."""
    if numbers.best.is_flat:
        return "The inner loop solves every task from anywhere: the meta-loss is 0 in the whole plane, and no start is better."
    apart = float(np.linalg.norm(numbers.best.theta - numbers.joint.theta))
    both = (
        "□ minimises the mean loss *before* adapting, ★ the mean loss *after* it: what the inner loop repairs by itself need "
        f"not be paid for. They are {apart:.2f} apart, and the meta-loss is {spell_loss(numbers.best.meta_loss)} at ★, "
        f"{spell_loss(numbers.joint_meta_loss)} at □."
    )
    if scene.inner_steps == 0:
        return f"{both} Here they are one point, since with K = 0 nothing adapts."
    if scene.surface == "bowls" and apart < ONE_POINT:
        return (
            f"{both} Here they are one point: every bowl has the same curvature, so the inner loop repairs the same share "
            "everywhere, and nothing is left to prefer. Take narrow valleys."
        )
    if scene.surface == "bowls":
        return f"{both} Here the steps lead to support optima that are off, and ★ lies where they lead less far astray."
    if scene.surface == "valleys":
        across, along = (h * (1 - scene.inner_lr * h) ** (2 * scene.inner_steps) for h in (STEEP, FLAT))
        right = (
            "the *flat* directions are right, and leaves the steep ones to the inner loop"
            if across < along
            else "the *steep* directions are right: the inner loop does not repair them"
        )
        return (
            f"{both} In a valley an error counts with its curvature h before adapting, {STEEP:g} across and {FLAT:g} along; "
            f"after K steps with h(1 − αh)²ᴷ, here {across:.2g} across and {along:.2g} along. So ★ lies where {right}."
        )
    return f"{both} The curvature differs from place to place, so ★ seeks ground from which the steps lead down."


def _distances(scene: PlaneScene, numbers: Optima) -> str:
    """Whether theta* is equally far from all tasks, as tutorials draw it."""
    if len(scene.tasks) == 1:
        return "With one task there is nothing to be in the middle of. Add some."
    distance = numbers.best.distance
    listed = ", ".join(f"{one:.2f}" for one in distance)
    measured = (
        f"In {TUTORIAL}, as in others, θ\\* is drawn equally far from every task. The objective asks for no such thing: from ★ "
        f"to the tasks it is {listed}, the farthest {distance.max() / max(distance.min(), 1e-9):.1f} times the nearest."
    )
    if numbers.equidistant is None:
        return measured + (" A point equally far from all of these does not exist." if len(scene.tasks) > 2 else "")
    return (
        f"{measured} The one point that *is* equidistant, ({numbers.equidistant[0]:.2f}, {numbers.equidistant[1]:.2f}), has a "
        f"meta-loss of {spell_loss(numbers.equidistant_meta_loss)} against {spell_loss(numbers.best.meta_loss)} at ★."
    )


def _show_table(view: View, ends: Mapping[str, tuple[np.ndarray, float]]) -> None:
    """The engine's numbers, method by method."""
    rows = {}
    for name, direction in view.direction.items():
        end, loss = ends[name]
        angle = "–" if name == "maml" else spell_angle(direction.angle)
        cells = (_pair(-direction.gradient, 3), f"{direction.norm:.3g}", angle, _pair(end, 3), spell_loss(loss))
        rows[NAMES[name]] = dict(zip(("update", "norm", "to MAML", "ends at", "loss"), cells, strict=True))
    import pandas as pd  # the picture stands

    st.table(pd.DataFrame.from_dict(rows, orient="index"))
    st.caption(
        "Computed by the engine (JAX, 64 bits) from where you let go; while you drag, the browser computes the same. An update "
        "is the negative gradient, Reptile’s is θ′ − θ; to one that is zero, or what rounding leaves of it, there is no angle. "
        f"The ends are those of {DESCENT_STEPS} steps of gradient descent from θ; for Reptile over αK, so that all take steps "
        "of one size."
    )


def _pair(point: np.ndarray, digits: int) -> str:
    return ", ".join(f"{value:.{digits}g}" for value in point)
