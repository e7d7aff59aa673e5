"""The board's checks hold here, and each fails where what it is about is broken."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine.core.adapter import MetaParams
from maml_engine.verification import board
from maml_engine.verification.board import CHECKS, Check, CheckResult
from maml_engine.verification.record import described, provenance, recorded
from tests.quadratics import relative_error

EXACT = [name for name, check in CHECKS.items() if check.decides]


@pytest.mark.parametrize("name", EXACT)
def test_the_check_holds(name):
    result = CHECKS[name].run()
    assert result.ok, f"{result.error:.2e} > {result.tolerance:.0e}"
    assert result.seconds > 0


def test_times_are_measured_and_do_not_decide():
    assert [name for name in CHECKS if name not in EXACT] == ["meta_iteration", "adapting_twelve"]
    assert 0 < CHECKS["adapting_twelve"].run().error < 10


def test_every_check_has_a_name_of_its_own_and_says_what_it_means():
    for name, check in CHECKS.items():
        assert check.name == name
        assert check.claim.endswith(".") and check.title


def test_what_is_no_number_fails():
    assert not CheckResult("x", math.nan, 1.0, 0.1).ok
    assert not Check("x", "g", "t", "c.", 0.5, lambda: math.inf).run().ok
    assert Check("x", "g", "t", "c.", 0.5, lambda: 0.5).run().ok


def _with_gradient(monkeypatch, change):
    """The engine, its meta-gradient spoilt."""
    honest = board.meta_value_and_grad

    def spoilt(method, model, episode, **more):
        loss, gradient = honest(method, model, episode, **more)
        return loss, jax.tree.map(lambda leaf: change(leaf, episode), gradient)

    monkeypatch.setattr(board, "meta_value_and_grad", spoilt)


@pytest.mark.parametrize("name", ["maml_closed_form", "reptile_closed_form", "meta_sgd_closed_form", "tutorial_code"])
def test_a_gradient_that_is_a_millionth_off_fails(monkeypatch, name):
    _with_gradient(monkeypatch, lambda leaf, episode: leaf * (1 + 1e-6))
    assert not CHECKS[name].run().ok


def test_a_sum_over_tasks_instead_of_the_mean_fails(monkeypatch):
    _with_gradient(monkeypatch, lambda leaf, episode: leaf * len(episode.query.x))
    assert not CHECKS["batch_and_tasks"].run().ok


def test_first_order_taken_for_exact_fails(monkeypatch):
    honest = board.meta_value_and_grad
    monkeypatch.setattr(
        board, "meta_value_and_grad", lambda method, *args, **more: honest(board.FOMAML(method.inner_lr, 5), *args, **more)
    )
    assert not CHECKS["maml_32_bits"].run().ok


def test_waves_of_small_amplitude_fail(monkeypatch):
    slip = dataclasses.replace(board.Sinusoid(), amplitude=(0.1, 0.5)).sample(jax.random.key(0), 1000, 1, 1)
    monkeypatch.setattr(board, "_many_waves", lambda: slip)
    assert not CHECKS["sine_waves"].run().ok
    assert not CHECKS["zero_shot_floor"].run().ok


def test_the_distance_of_two_gradients_is_relative():
    got, expected = MetaParams(jnp.array([1.0, 2.0]), ()), MetaParams(jnp.array([1.0, 0.0]), ())
    assert board._gap(got, expected) == relative_error(got, expected) == 2.0


def test_a_record_says_how_it_was_made():
    record = provenance("python -m maml_engine check --json")
    assert set(record) == {"command", "date", "versions", "machine"}
    assert record["command"] in described(record) and record["date"] in described(record)
    assert np.datetime64(record["date"]) <= np.datetime64("now") + np.timedelta64(1, "D")


def test_the_package_carries_the_last_run_of_every_check():
    record = recorded("checks")
    assert [row["name"] for row in record["results"]] == list(CHECKS)
    for row in record["results"]:
        assert row["tolerance"] == CHECKS[row["name"]].tolerance
        assert row["ok"] == (row["error"] <= row["tolerance"])


def test_a_record_that_is_missing_is_named():
    with pytest.raises(ValueError, match="last_nothing"):
        recorded("nothing")
