"""What the parameter-space page asks of the engine about its plane: numbers for one scene, each computed once."""

from dataclasses import dataclass, replace

import numpy as np

from dashboard.components.parameter_plane import DESCENT_STEPS, MAX_STEP_LENGTH, META_LR, PlaneScene
from dashboard.engine_calls.adaptation import cached
from maml_engine.analysis import toy_landscape
from maml_engine.analysis.toy_landscape import METHODS, Landscape, Optimum, View


@dataclass(frozen=True, eq=False)
class Numbers:
    """The engine's own numbers for a scene.

    best, joint: the meta-optimum, and the optimum of the loss before adapting. joint_meta_loss: the meta-loss at the latter.
    equidistant: the point as far from every task's optimum as from any other, where there is one; with its meta-loss.
    ends: where each method comes to when left to itself, and the meta-loss there.
    """

    view: View
    best: Optimum
    joint: Optimum
    joint_meta_loss: float
    equidistant: np.ndarray | None
    equidistant_meta_loss: float
    ends: dict[str, tuple[np.ndarray, float]]


@cached
def numbers(scene: PlaneScene) -> Numbers:
    """All of it."""
    plane = scene.landscape
    (best, joint), middle = _optima(plane), toy_landscape.equidistant(plane)
    setting = {"meta_lr": META_LR[scene.surface], "longest": MAX_STEP_LENGTH, "steps": DESCENT_STEPS}
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
