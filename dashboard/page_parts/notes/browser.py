"""The checks that only the visitor's browser can answer: the bench's mathematics there against JAX, and how fast it is."""

from typing import Any

import numpy as np
import streamlit as st

from dashboard.components.browser_check import browser_check
from dashboard.components.sine_bench.weights import weights
from dashboard.engine_calls.resources import shipped_learners
from dashboard.page_parts.notes.board import show_check
from dashboard.page_parts.notes.engine_calls import INNER_LR, POINTS_X, STEPS, XS, jax_predictions, wave
from maml_engine.verification.check import Check, CheckResult

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


def show() -> None:
    """The browser's checks, answered when the visitor presses their button."""
    st.subheader("The browser", anchor=False)
    answer = browser_check("browser_answer", **browser_task())
    results = browser_results(answer)
    for check in BROWSER_CHECKS.values():
        show_check(check, results.get(check.name), is_live=True)
    if answer is not None and not results:
        st.warning("What the browser sent is no answer to this; press the button again.", icon=":material/warning:")


def browser_task() -> dict[str, Any]:
    """What the browser is asked: the shipped MAML on five points of a wave."""
    points = [(x, float(y)) for x, y in zip(POINTS_X, wave(np.array(POINTS_X)), strict=True)]
    learner_weights = weights(shipped_learners()["sinusoid_maml"])
    return {"weights": learner_weights, "points": points, "xs": XS.tolist(), "steps": STEPS, "inner_lr": INNER_LR}


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
