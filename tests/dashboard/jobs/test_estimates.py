"""How long a job is expected to take: by its size before, as its like did afterwards."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dashboard.jobs.estimates import STARTUP_SECONDS, WARM_SECONDS, WORK_SECONDS, Estimates, memory_mb, seconds_an_iteration
from dashboard.jobs.job import Work
from maml_engine import Experiment

RUN = Experiment(num_iterations=1000)


def work(experiment=RUN, **how):
    return Work(experiment, None, **({"kind": "train", "is_plain": True, "is_shared": True, "since": 0.0} | how))


def train(each, *, startup, experiment=RUN, until=None):
    """A run that began at 100 on the clock, with reports every hundred iterations."""
    run = work(experiment)
    run.begin(100.0)
    for iteration in range(100, (until or experiment.num_iterations) + 1, 100):
        report = {"iteration": iteration, "meta_loss": np.zeros(100), "curve_iteration": 0, "seconds": iteration * each}
        shown = {"iterations_per_second": 1 / each, "seconds_left": 0.0, "learner": None, "result": None, "warning": ""}
        now = 100.0 + startup + (iteration - 100) * each
        run.take_in(SimpleNamespace(**report, **shown, curve=SimpleNamespace(mean=np.zeros(2))), now)
    return run, now


def test_what_was_measured_is_expected_of_its_like():
    estimates = Estimates()
    estimates.learn(*train(0.02, startup=WARM_SECONDS))
    longer = dataclasses.replace(RUN, num_iterations=5000, seed=3, inner_lr=0.1)
    assert estimates.seconds_of(longer) == pytest.approx(WARM_SECONDS + 5000 * 0.02)
    assert estimates.iterations_in(40.0 + WARM_SECONDS, RUN) == 2000


def test_what_the_first_of_its_kind_has_compiled_the_others_need_not():
    estimates = Estimates()
    estimates.learn(*train(0.02, startup=30.0))
    assert estimates.seconds_of(RUN) == pytest.approx(WARM_SECONDS + 1000 * 0.02)
    estimates.learn(*train(0.02, startup=2.0 - WARM_SECONDS))
    assert estimates.seconds_of(RUN) == pytest.approx(1.0 + 1000 * 0.02)
    new = dataclasses.replace(RUN, hidden_dim=80)
    cold, warm = (STARTUP_SECONDS + 30.0) / 2, (WARM_SECONDS + 2.0 - WARM_SECONDS) / 2
    assert estimates.seconds_of(new) - estimates.seconds_of(new, is_warm=True) == pytest.approx(cold - warm)


def first_report(each) -> Any:
    return SimpleNamespace(experiment=RUN, iterations_per_second=1 / each)


def test_what_was_compiled_while_nobody_waited_says_how_fast_this_machine_is():
    estimates, other = Estimates(), dataclasses.replace(RUN, meta_batch_size=100)
    estimates.calibrate(12.0, first_report(7 * seconds_an_iteration(RUN)))
    assert estimates.seconds_of(RUN) == pytest.approx(WARM_SECONDS + 7000 * seconds_an_iteration(RUN))
    assert estimates.seconds_of(other) == pytest.approx(12.0 + 7000 * seconds_an_iteration(other))
    estimates.learn(*train(0.02, startup=1.0))
    estimates.calibrate(100.0, first_report(1.0))  # it says no more once a run was measured
    assert estimates.seconds_of(RUN) < 30.0


def test_how_fast_a_run_is_its_like_will_be():
    estimates = Estimates()
    estimates.watch(*train(0.5, startup=60.0, until=400))
    assert estimates.seconds_of(dataclasses.replace(RUN, seed=9)) == pytest.approx(WARM_SECONDS + 500.0)


def test_of_what_was_never_seen_the_size_says_how_long_by_how_fast_this_machine_was():
    estimates, large = Estimates(), dataclasses.replace(RUN, meta_batch_size=200, inner_steps=10)
    before = estimates.seconds_of(large)
    assert before == pytest.approx(STARTUP_SECONDS + 1000 * seconds_an_iteration(large))
    assert before > 5 * (estimates.seconds_of(RUN) - STARTUP_SECONDS)
    for _ in range(8):
        estimates.learn(*train(10 * seconds_an_iteration(RUN), startup=STARTUP_SECONDS))
    assert estimates.seconds_of(large) == pytest.approx(STARTUP_SECONDS + 10_000 * seconds_an_iteration(large), rel=0.05)


def test_of_a_run_under_way_its_own_speed_says_what_is_left():
    run, now = train(0.5, startup=60.0, until=400)
    assert Estimates().seconds_left(run, now) == pytest.approx(600 * 0.5)
    begun = work()
    begun.begin(0.0)
    whole = Estimates().seconds_of(RUN)
    assert Estimates().seconds_left(begun, 1.0) == pytest.approx(whole - 1.0)
    assert Estimates().seconds_left(begun, 400.0) == 100.0, "What is overdue takes longer yet."


def test_other_work_takes_as_long_as_its_kind_did():
    estimates, verdict = Estimates(), work(kind="judge", is_plain=False)
    assert estimates.seconds(verdict) == WORK_SECONDS
    verdict.begin(0.0)
    verdict.take_in(SimpleNamespace(iteration=1, share=0.25), 10.0)
    assert estimates.seconds_left(verdict, 20.0) == pytest.approx(60.0)
    estimates.learn(verdict, 100.0)
    assert estimates.seconds(work(kind="judge", is_plain=False)) == pytest.approx(100.0)
    assert estimates.seconds(work(kind="contest", is_plain=False)) == WORK_SECONDS


def test_a_run_that_never_reported_teaches_nothing():
    estimates, run = Estimates(), work()
    run.begin(0.0)
    before = estimates.seconds_of(RUN)
    estimates.learn(run, 1e6)
    assert estimates.seconds_of(RUN) == before


@pytest.mark.parametrize("more", ["meta_batch_size", "inner_steps", "k_shot", "k_query", "hidden_dim"])
def test_more_of_anything_takes_more(more):
    larger = dataclasses.replace(RUN, **{more: 4 * getattr(RUN, more)})
    assert seconds_an_iteration(larger) > seconds_an_iteration(RUN)
    assert memory_mb(larger) > memory_mb(RUN)
