"""The board's checks hold here, and each fails where what it is about is broken."""

import dataclasses

import jax
import pytest

from maml_engine.methods import FOMAML
from maml_engine.tasks import Sinusoid
from maml_engine.verification import agreement_checks, gradient_checks, task_checks
from maml_engine.verification.board import CHECKS

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


def _with_gradient(monkeypatch, change):
    """The engine, its meta-gradient spoilt."""
    honest = gradient_checks.meta_value_and_grad

    def spoilt(method, model, episode, **more):
        loss, gradient = honest(method, model, episode, **more)
        return loss, jax.tree.map(lambda leaf: change(leaf, episode), gradient)

    for module in (gradient_checks, agreement_checks):
        monkeypatch.setattr(module, "meta_value_and_grad", spoilt)


@pytest.mark.parametrize("name", ["maml_closed_form", "reptile_closed_form", "meta_sgd_closed_form", "tutorial_code"])
def test_a_gradient_that_is_a_millionth_off_fails(monkeypatch, name):
    _with_gradient(monkeypatch, lambda leaf, episode: leaf * (1 + 1e-6))
    assert not CHECKS[name].run().ok


def test_a_sum_over_tasks_instead_of_the_mean_fails(monkeypatch):
    _with_gradient(monkeypatch, lambda leaf, episode: leaf * len(episode.query.x))
    assert not CHECKS["batch_and_tasks"].run().ok


def test_first_order_taken_for_exact_fails(monkeypatch):
    honest = gradient_checks.meta_value_and_grad

    def first_order(method, *args, **more):
        return honest(FOMAML(method.inner_lr, 5), *args, **more)

    monkeypatch.setattr(gradient_checks, "meta_value_and_grad", first_order)
    assert not CHECKS["maml_32_bits"].run().ok


def test_waves_of_small_amplitude_fail(monkeypatch):
    slip = dataclasses.replace(Sinusoid(), amplitude=(0.1, 0.5)).sample(jax.random.key(0), 1000, 1, 1)
    monkeypatch.setattr(task_checks, "many_waves", lambda: slip)
    assert not CHECKS["sine_waves"].run().ok
    assert not CHECKS["zero_shot_floor"].run().ok
