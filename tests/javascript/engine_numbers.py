"""What JAX computes of the scenes that the components compute in the browser, as plain values for JSON."""

from typing import Any

import numpy as np

from dashboard.components.drawing_pad import weights as pad
from dashboard.components.drawing_pad.strokes import Drawings, raster
from dashboard.components.parameter_plane.scene import OPENINGS
from dashboard.components.sine_bench.weights import weights
from dashboard.engine_calls import sine_bench
from dashboard.results import spell_loss
from maml_engine import Batch, Learner
from maml_engine.analysis import toy_landscape
from maml_engine.analysis.toy_landscape import METHODS, SURFACES, Landscape
from tests.browser.bench_learners import SCENE, learners
from tests.drawn import drawings, pad_learners


def sine_bench_numbers() -> dict[str, Any]:
    """Learners of every kind that the browser computes, with their curves and losses after each step; spelt losses."""
    made = {name: learner for name, learner in learners().items() if name != "by_python"}
    answers = sine_bench.answers(SCENE, made)
    x, y = SCENE.support
    losses = np.random.default_rng(0).lognormal(0, 4, 500)
    return {
        "points": np.stack([x, y], axis=1).tolist(),
        "inner_lr": SCENE.inner_lr,
        "x": np.linspace(-5, 5, sine_bench.CURVE_POINTS).tolist(),
        "truth": SCENE.truth(np.linspace(-5, 5, sine_bench.CURVE_POINTS)).tolist(),
        "learners": {
            name: {"weights": weights(learner), "path": answers[name].path.tolist(), "loss": answers[name].loss.tolist()}
            for name, learner in made.items()
        },
        "spelt": [[float(loss), spell_loss(loss)] for loss in losses],
    }


def plane_numbers(*inner_steps: int) -> list[dict[str, Any]]:
    """Landscapes on every surface with so many inner steps, out of 0, 1, 5 and 20, each seen from one theta."""
    every = [pair for surface in SURFACES for pair in _landscapes(surface)]
    return [_seen_from(here, theta) for here, theta in every if here.inner_steps in inner_steps]


def flat_landscape() -> dict[str, Any]:
    """One whose meta-loss is the same everywhere."""
    here = Landscape("bowls", OPENINGS["bowls"]["tasks"], inner_lr=1.0, inner_steps=1)
    return {"landscape": _spoken(here), "window": SURFACES["bowls"].window}


def _landscapes(surface):
    rng = np.random.default_rng(0)
    (low_x, high_x), (low_y, high_y) = SURFACES[surface].window
    for steps, gap in ((0, 0.0), (1, 0.0), (5, 0.5), (20, 1.2)):
        opening = OPENINGS[surface]
        lr = min(opening["inner_lr"], 0.08)  # where every path converges: chaos would part any two arithmetics
        here = Landscape(surface, opening["tasks"], lr, steps, proximal=float(rng.uniform(0.3, 3.0)), gap=gap)
        yield here, (float(rng.uniform(low_x, high_x)), float(rng.uniform(low_y, high_y)))


def _spoken(here: Landscape) -> dict[str, Any]:
    fields = {name: getattr(here, name) for name in ("surface", "inner_lr", "inner_steps", "proximal", "gap")}
    return {**fields, "tasks": [list(task) for task in here.tasks]}


def _seen_from(here: Landscape, theta: tuple[float, float]) -> dict[str, Any]:
    seen = toy_landscape.view(here, theta)
    best = toy_landscape.optimum(here) if here.inner_steps < 20 else None
    descent = toy_landscape.descend(here, "imaml", theta, meta_lr=0.05, max_step=0.1, steps=5)
    return {
        "landscape": _spoken(here),
        "theta": list(theta),
        "window": SURFACES[here.surface].window,
        "path": np.asarray(seen.path).tolist(),
        "meta_loss": float(seen.meta_loss),
        "directions": {name: np.asarray(seen.direction[name].gradient).tolist() for name in METHODS},
        "descent": np.asarray(descent).tolist(),
        "optimum": best and {"theta": list(best.theta), "meta_loss": float(best.meta_loss), "is_flat": bool(best.is_flat)},
    }


def drawing_pad_numbers() -> dict[str, Any]:
    """Drawings as the network sees them, and how likely each class is after each step, for learners of every kind."""
    drawn = drawings(ways=5, shots=2)
    dots = [((500, 500),), ((480, 500, 520, 500), (0, 0)), ((0, 0, 1000, 1000), (1000, 0, 0, 1000, 0, 999))]
    some = [*dots, *(drawing for each in drawn.drawings for drawing in each)]
    return {
        "seen": [{"drawing": drawing, "image": raster(drawing).ravel().tolist()} for drawing in some],
        "drawings": drawn.sent(),
        "learners": {
            name: {"weights": pad.weights(learner), "shares": _shares(learner, drawn)}
            for name, learner in pad_learners().items()
        },
    }


def _shares(learner: Learner, drawn: Drawings) -> list[list[float]]:
    support = Batch(*(part[None] for part in drawn.support()))
    query = raster(drawn.query).astype(np.float32)[None, None, :, :, None]
    steps = 1 if learner.method.support_gives == "solution" else learner.method.inner_steps
    logits = np.asarray(learner.path_predictions(support, query, steps), float)[0, :, 0]
    return (np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)).tolist()
