"""What a visitor's browser may send is held against JAX, and nothing else is believed."""

import math

import numpy as np
import pytest

from dashboard.page_parts.notes import browser


def answer(predictions=None, milliseconds=2.0):
    return {
        "predictions": browser.jax_predictions().tolist() if predictions is None else predictions,
        "milliseconds": milliseconds,
    }


def test_the_browsers_answer_is_held_against_jax():
    results = browser.browser_results(answer())
    assert results["browser_and_jax"].error == 0 and results["browser_and_jax"].ok
    assert results["browser_frame"].error == pytest.approx(0.002) and results["browser_frame"].ok
    off = browser.jax_predictions() + np.eye(200)[3] * 1e-3
    results = browser.browser_results(answer(off.tolist(), 40.0))
    assert results["browser_and_jax"].error == pytest.approx(1e-3, rel=1e-3)
    assert not any(result.ok for result in results.values())


@pytest.mark.parametrize(
    "forged",
    [None, [], "x", {}, {"predictions": [0.0] * 10_000, "milliseconds": 1.0}, answer(["a"] * 200), answer(milliseconds="1"),
     answer(milliseconds=True), {"predictions": None, "milliseconds": 1.0}],
)  # fmt: skip
def test_what_is_no_answer_is_none(forged):
    assert browser.browser_results(forged) == {}


def test_numbers_that_are_none_fail():
    results = browser.browser_results(answer([math.nan] * 200, math.nan))
    assert not any(result.ok for result in results.values())


def test_the_browser_is_asked_what_jax_is_asked():
    task = browser.browser_task()
    assert (task["steps"], task["inner_lr"], len(task["points"]), len(task["xs"])) == (10, 0.001, 5, 200)
    assert browser.jax_predictions().shape == (200,)
    assert np.abs(browser.jax_predictions() - 3 * np.sin(browser.XS + 0.8)).mean() < 1  # it has adapted
