"""What the engine says of the plane that a visitor drags in: numbers for one scene, each computed once, and words for them."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import streamlit as st

from dashboard.components.parameter_plane import DESCENT_STEPS, MAX_STEP_LENGTH, META_LR, PlaneScene
from dashboard.engine_calls.cache import cached
from dashboard.method_names import NAMES
from dashboard.results import spell_loss
from maml_engine.analysis import toy_landscape
from maml_engine.analysis.toy_landscape import FLAT, METHODS, STEEP, Landscape, Optimum, View


@dataclass(frozen=True, eq=False)
class Numbers:
    """The engine's own numbers for a scene.

    view: what each method would do where theta stands.
    best: the meta-optimum.
    joint: the optimum of the loss before adapting.
    joint_meta_loss: the meta-loss there.
    equidistant: the point as far from every task's optimum as from any other, `[2]`; None where there is none.
    equidistant_meta_loss: the meta-loss there.
    ends: by method, where it comes to when left to itself, `[2]`, and the meta-loss there.
    """

    view: View
    best: Optimum
    joint: Optimum
    joint_meta_loss: float
    equidistant: np.ndarray | None
    equidistant_meta_loss: float
    ends: dict[str, tuple[np.ndarray, float]]


def show(scene: PlaneScene) -> None:
    """Why the best start is not the best answer, how far it is from the tasks, and what each method makes of it."""
    found = numbers(scene)
    left, right = st.columns(2, gap="medium")
    left.markdown(f"**Why ★ is not □.** {_why(scene, found)}")
    right.markdown(f"**Equidistant?** {_distances(scene, found)}")
    _show_table(found)


@cached
def numbers(scene: PlaneScene) -> Numbers:
    """The engine's numbers for a scene."""
    plane = scene.landscape
    (best, joint), middle = _optima(plane), toy_landscape.equidistant(plane)
    setting = {"meta_lr": META_LR[scene.surface], "max_step": MAX_STEP_LENGTH, "steps": DESCENT_STEPS}
    ends = [toy_landscape.descend(plane, method, scene.theta, **setting)[-1] for method in METHODS]
    # In one call, padded with theta where there is no equidistant point, so that nothing compiles anew.
    points = np.stack([joint.theta, scene.theta if middle is None else middle, *ends])
    joint_loss, middle_loss, *end_losses = toy_landscape.meta_loss(plane, points).tolist()
    return Numbers(
        view=toy_landscape.view(plane, scene.theta),
        best=best,
        joint=joint,
        joint_meta_loss=joint_loss,
        equidistant=middle,
        equidistant_meta_loss=middle_loss,
        ends=dict(zip(METHODS, zip(ends, end_losses, strict=True), strict=True)),
    )


@cached
def _optima(plane: Landscape) -> tuple[Optimum, Optimum]:
    """The meta-optimum and the joint one; moving theta moves neither."""
    return toy_landscape.optimum(plane), toy_landscape.optimum(replace(plane, inner_steps=0))


def _why(scene: PlaneScene, numbers: Numbers) -> str:
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
    if scene.surface == "bowls":
        return (
            f"{both} Here they are one point: every bowl has the same curvature, so the inner loop repairs the same share "
            "everywhere, and nothing is left to prefer. Take narrow valleys."
        )
    if scene.surface == "valleys":
        across, along = (h * (1 - scene.inner_lr * h) ** (2 * scene.inner_steps) for h in (STEEP, FLAT))
        return (
            f"{both} In a valley an error counts with its curvature h before adapting, {STEEP:g} across and {FLAT:g} along; "
            f"after K steps with h(1 − αh)²ᴷ, here {across:.2g} across and {along:.2g} along. So ★ lies where the *flat* "
            "directions are right, and leaves the steep ones to the inner loop."
        )
    return f"{both} The curvature differs from place to place, so ★ seeks ground from which the steps lead down."


def _distances(scene: PlaneScene, numbers: Numbers) -> str:
    """Whether theta* is equally far from all tasks, as tutorials draw it."""
    if len(scene.tasks) == 1:
        return "With one task there is nothing to be in the middle of. Add some."
    distance = numbers.best.distance
    listed = ", ".join(f"{one:.2f}" for one in distance)
    measured = (
        "Tutorials draw θ\\* equally far from every task. The objective asks for no such thing: from ★ to the tasks it is "
        f"{listed}, the farthest {distance.max() / max(distance.min(), 1e-9):.1f} times the nearest."
    )
    if numbers.equidistant is None:
        return measured + (" A point equally far from all of these does not exist." if len(scene.tasks) > 2 else "")
    return (
        f"{measured} The one point that *is* equidistant, ({numbers.equidistant[0]:.2f}, {numbers.equidistant[1]:.2f}), has a "
        f"meta-loss of {spell_loss(numbers.equidistant_meta_loss)} against {spell_loss(numbers.best.meta_loss)} at ★."
    )


def _show_table(numbers: Numbers) -> None:
    """The engine's numbers, method by method."""
    rows = {}
    for name, direction in numbers.view.direction.items():
        end, loss = numbers.ends[name]
        angle = "–" if name == "maml" or np.isnan(direction.angle) else f"{direction.angle:.1f}°"
        cells = (_pair(-direction.gradient, 4), f"{direction.norm:.4g}", angle, _pair(end, 3), spell_loss(loss))
        rows[NAMES[name]] = dict(zip(("update", "norm", "to MAML", "ends at", "with a loss of"), cells, strict=True))
    st.table(pd.DataFrame.from_dict(rows, orient="index"))
    st.caption(
        "Computed by the engine (JAX, 64 bits) from where you let go; while you drag, the browser computes the same. An "
        "update is the negative gradient, Reptile’s is θ′ − θ. The ends are those of 300 steps of gradient descent from θ; for "
        "Reptile over αK, so that all take steps of one size."
    )


def _pair(point: np.ndarray, digits: int) -> str:
    return ", ".join(f"{value:.{digits}g}" for value in point)
