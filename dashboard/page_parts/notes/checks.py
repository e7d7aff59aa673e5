"""What the Notes page asks: the board's checks, the browser's answer beside JAX's, and short runs of the protocol cards."""

import dataclasses
from typing import Any

import numpy as np

from dashboard.components.sine_bench.weights import weights
from dashboard.engine_calls.adaptation import cached
from dashboard.engine_calls.resources import shipped_learners
from maml_engine import Batch, Experiment, Learner
from maml_engine.experiment.presets import PRESETS
from maml_engine.verification import published
from maml_engine.verification.board import CHECKS, TIMES, Check, CheckResult
from maml_engine.verification.published import Row
from maml_engine.verification.record import recorded

SHORT_ITERATIONS = 3000
STEPS, INNER_LR = 10, 0.001
POINTS_X = (-4.0, -1.5, 0.5, 2.0, 4.5)
XS = np.linspace(-5, 5, 200, dtype=np.float32)

# Checks that the visitor's browser answers; what measures them is `browser_results`.
BROWSER_CHECKS = {
    check.name: check
    for check in (
        Check(
            "browser_and_jax",
            "The browser",
            "The bench's mathematics in this browser against JAX, ten steps",
            "What is dragged on the sine bench is computed by your browser, and shows what the engine would.",
            1e-4,
            lambda: np.nan,
            unit="largest difference in y",
        ),
        Check(
            "browser_frame",
            "The browser",
            "One frame of the bench in this browser: 5 points, 10 steps, 200 curve points",
            "19 of 20 frames are ready before a screen with 60 pictures a second draws the next one.",
            0.016,
            lambda: np.nan,
            unit="seconds",
            decides=False,
        ),
    )
}


def last_results() -> dict[str, CheckResult]:
    """The last run of the board that comes with the package, by name."""
    fields = [spec.name for spec in dataclasses.fields(CheckResult)]
    results = [CheckResult(**{name: row[name] for name in fields}) for row in recorded("checks")["results"]]
    return {result.name: result for result in results if result.name in CHECKS}


def last_rows() -> list[Row]:
    """The last whole run of the protocol cards that comes with the package."""
    return [Row.read(row) for row in recorded("published")["results"]]


def verdict(results: dict[str, CheckResult]) -> tuple[int, int, int]:
    """How many checks hold, how many are wrong, and how many times are longer than they should be."""
    short = [name for name, result in results.items() if not result.ok]
    slow = [name for name in short if (CHECKS | BROWSER_CHECKS)[name].group == TIMES or name == "browser_frame"]
    return len(results) - len(short), len(short) - len(slow), len(slow)


# The browser against JAX.


def browser_task() -> dict[str, Any]:
    """What the browser is asked: the shipped MAML on five points of a wave."""
    points = [(x, float(y)) for x, y in zip(POINTS_X, _wave(np.array(POINTS_X)), strict=True)]
    learner_weights = weights(shipped_learners()["sinusoid_maml"])
    return {"weights": learner_weights, "points": points, "xs": XS.tolist(), "steps": STEPS, "inner_lr": INNER_LR}


@cached
def jax_predictions() -> np.ndarray:
    """JAX's answer to the same, `[200]`."""
    learner = shipped_learners()["sinusoid_maml"]
    learner = learner.replace(experiment=dataclasses.replace(learner.experiment, inner_lr=INNER_LR))
    x = np.array(POINTS_X, np.float32)
    support = Batch(x[None, :, None], _wave(x).astype(np.float32)[None, :, None])
    return np.asarray(learner.path_predictions(support, XS[None, :, None], STEPS))[0, -1, :, 0]


def browser_results(answer: Any) -> dict[str, CheckResult]:
    """The browser's answer, judged; none where it is no answer, since anybody can send anything."""
    if not isinstance(answer, dict):
        return {}
    predictions, milliseconds = answer.get("predictions"), answer.get("milliseconds")
    is_list = isinstance(predictions, list) and len(predictions) == len(XS)
    if not is_list or not all(type(value) in (int, float) for value in [*predictions, milliseconds]):
        return {}
    seconds = milliseconds / 1000
    error = float(np.max(np.abs(np.array(predictions, float) - jax_predictions())))
    return {
        name: CheckResult(name, value, BROWSER_CHECKS[name].tolerance, seconds)
        for name, value in (("browser_and_jax", error), ("browser_frame", seconds))
    }


def _wave(x: np.ndarray) -> np.ndarray:
    return 3.0 * np.sin(x + 0.8)


# The published tables.


def short_run(card: str) -> Experiment:
    """The card's run with a fraction of its meta-iterations."""
    return dataclasses.replace(PRESETS[card].experiment, num_iterations=SHORT_ITERATIONS)


@cached
def judged(card: str, learner: Learner) -> list[Row]:
    """What a learner reaches by the card's protocol."""
    return published.judge(card, learner, 0.0)


def spell_number(value: float) -> str:
    """An error or a time for reading."""
    return "0" if value == 0 else f"{value:.1e}".replace(".0e", "e") if value < 1e-3 else f"{value:.3g}"
