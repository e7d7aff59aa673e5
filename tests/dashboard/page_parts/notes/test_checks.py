"""What the Notes page says is what was measured, and what a browser may send is judged."""

import math

import numpy as np
import pytest

from dashboard.page_parts.notes import checks
from maml_engine.experiment.presets import PRESETS
from maml_engine.verification.board import CHECKS, CheckResult
from maml_engine.verification.published import CARDS


def answer(predictions=None, milliseconds=2.0):
    return {
        "predictions": checks.jax_predictions().tolist() if predictions is None else predictions,
        "milliseconds": milliseconds,
    }


def test_the_recorded_board_is_whole():
    assert list(checks.last_results()) == list(CHECKS)
    assert {row.card for row in checks.last_rows()} == set(CARDS)


def test_the_browsers_answer_is_held_against_jax():
    results = checks.browser_results(answer())
    assert results["browser_and_jax"].error == 0 and results["browser_and_jax"].ok
    assert results["browser_frame"].error == pytest.approx(0.002) and results["browser_frame"].ok
    off = checks.jax_predictions() + np.eye(200)[3] * 1e-3
    results = checks.browser_results(answer(off.tolist(), 40.0))
    assert results["browser_and_jax"].error == pytest.approx(1e-3, rel=1e-3)
    assert not any(result.ok for result in results.values())


@pytest.mark.parametrize(
    "forged",
    [None, [], "x", {}, {"predictions": [0.0] * 10_000, "milliseconds": 1.0}, answer(["a"] * 200), answer(milliseconds="1"),
     answer(milliseconds=True), {"predictions": None, "milliseconds": 1.0}],
)  # fmt: skip
def test_what_is_no_answer_is_none(forged):
    assert checks.browser_results(forged) == {}


def test_numbers_that_are_none_fail():
    results = checks.browser_results(answer([math.nan] * 200, math.nan))
    assert not any(result.ok for result in results.values())


def test_the_browser_is_asked_what_jax_is_asked():
    task = checks.browser_task()
    assert (task["steps"], task["inner_lr"], len(task["points"]), len(task["xs"])) == (10, 0.001, 5, 200)
    assert checks.jax_predictions().shape == (200,)
    assert np.abs(checks.jax_predictions() - 3 * np.sin(checks.XS + 0.8)).mean() < 1  # it has adapted


def test_a_verdict_tells_wrong_from_slow():
    results = {
        "maml_closed_form": CheckResult("maml_closed_form", 1.0, 1e-10, 0.1),
        "meta_iteration": CheckResult("meta_iteration", 1.0, 5e-4, 0.1),
        "padding": CheckResult("padding", 0.0, 1e-12, 0.1),
    }
    assert checks.verdict(results) == (1, 1, 1)


def test_a_short_run_is_the_card_with_fewer_iterations():
    short = checks.short_run("finn_sinusoid")
    assert short.num_iterations == checks.SHORT_ITERATIONS
    assert PRESETS["finn_sinusoid"].differences(short) == ["num_iterations 70000"]


@pytest.mark.parametrize(("value", "spelled"), [(0.0, "0"), (1e-10, "1e-10"), (3.52e-16, "3.5e-16"), (0.016, "0.016")])
def test_numbers_are_short(value, spelled):
    assert checks.spell_number(value) == spelled
