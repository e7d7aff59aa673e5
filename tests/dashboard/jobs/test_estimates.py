"""How long a job is expected to take: by its size before, as its like did afterwards."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.jobs.estimates import (
    BEGIN_SECONDS,
    BESIDE_SECONDS,
    COMPILE_SECONDS,
    PROCESS_SECONDS,
    WORK_SECONDS,
    Estimates,
    memory_mb,
    seconds_an_iteration,
)
from dashboard.jobs.job import Work
from dashboard.jobs.queue import Queue
from maml_engine import Experiment

RUN = Experiment(num_iterations=1000)


def work(experiment=RUN, **how):
    return Work(experiment, None, **({"kind": "train", "is_plain": True, "is_shared": True, "since": 0.0} | how))


def train(each, *, startup, beside=0.0, experiment=RUN, until=None, is_fresh=False):
    """A run that began at 100 on the clock, with ten reports; what it takes beside its meta-iterations lies between them."""
    run = work(experiment, is_fresh=is_fresh)
    run.begin(100.0)
    stretch = experiment.num_iterations // 10
    for iteration in range(stretch, (until or experiment.num_iterations) + 1, stretch):
        report = {"iteration": iteration, "meta_loss": np.zeros(stretch), "curve_iteration": 0, "seconds": iteration * each}
        shown = {"iterations_per_second": 1 / each, "seconds_left": 0.0, "learner": None, "result": None, "warning": ""}
        now = 100.0 + startup + iteration * each + beside * (iteration / stretch - 1) / 9
        run.take_in(SimpleNamespace(**report, **shown, curve=SimpleNamespace(mean=np.zeros(2))), now)
    return run, now


def test_what_was_measured_is_expected_of_its_like():
    estimates = Estimates()
    estimates.learn(*train(0.02, startup=BEGIN_SECONDS + COMPILE_SECONDS))
    longer = dataclasses.replace(RUN, num_iterations=5000, seed=3, inner_lr=0.1)
    assert estimates.seconds_of(longer) == pytest.approx(BEGIN_SECONDS + 5000 * 0.02)
    assert estimates.iterations_in(40.0 + BEGIN_SECONDS, RUN) == 2000


def test_what_a_run_takes_beside_its_iterations_a_longer_one_takes_once_too():
    estimates, short = Estimates(), dataclasses.replace(RUN, num_iterations=200)
    estimates.learn(*train(0.001, startup=BEGIN_SECONDS + COMPILE_SECONDS, beside=4.0, experiment=short))
    assert estimates.seconds_of(short) == pytest.approx(BEGIN_SECONDS + 4.0 + 0.2)
    longer = dataclasses.replace(short, num_iterations=20_000)
    assert estimates.seconds_of(longer) == pytest.approx(BEGIN_SECONDS + 4.0 + 20.0)
    other = dataclasses.replace(short, meta_batch_size=100)
    before, after = Estimates().seconds_of(other), estimates.seconds_of(other)
    assert 2.0 < after - before < 6.0, "Others' evaluations are as slow on this machine."


@pytest.mark.parametrize("until", [300, 600])
def test_a_run_that_was_stopped_says_what_a_whole_one_takes(until):
    estimates = Estimates()
    estimates.learn(*train(0.01, startup=BEGIN_SECONDS + COMPILE_SECONDS, beside=9.0, until=until))
    assert estimates.seconds_of(RUN) == pytest.approx(BEGIN_SECONDS + 9.0 + 10.0)


def test_what_the_first_of_its_kind_has_compiled_the_others_need_not():
    estimates = Estimates()
    estimates.learn(*train(0.02, startup=10 * (BEGIN_SECONDS + COMPILE_SECONDS)))
    assert estimates.seconds_of(RUN) == pytest.approx(10 * BEGIN_SECONDS + 1000 * 0.02)
    new = dataclasses.replace(RUN, hidden_dim=80)
    assert estimates.seconds(work(new)) - estimates.seconds(work(new), is_warm=True) == pytest.approx(10 * COMPILE_SECONDS)
    for _ in range(2):
        estimates.learn(*train(0.02, startup=3.0))
    assert 2.0 < estimates.seconds_of(RUN) - 1000 * 0.02 < 3.0


def test_a_process_that_has_to_start_is_counted_for_the_run_that_waits_for_it():
    estimates = Estimates()
    estimates.learn(*train(0.02, startup=BEGIN_SECONDS + COMPILE_SECONDS))
    run = work(is_fresh=True)
    run.begin(0.0)
    assert estimates.seconds_until_report(run, 0.0) == pytest.approx(BEGIN_SECONDS + PROCESS_SECONDS)
    estimates.learn(*train(0.02, startup=8.0 + BEGIN_SECONDS, is_fresh=True))
    assert estimates.seconds_until_report(run, 0.0) == pytest.approx(BEGIN_SECONDS + 8.0, rel=0.1)
    assert estimates.seconds_of(RUN) == pytest.approx(BEGIN_SECONDS + 1000 * 0.02)


def test_of_the_first_run_what_is_slow_is_slow_in_compiling_and_starting_alike():
    estimates = Estimates()
    slow = 10 * (BEGIN_SECONDS + COMPILE_SECONDS + PROCESS_SECONDS)
    estimates.learn(*train(0.02, startup=slow, is_fresh=True))
    new = work(dataclasses.replace(RUN, hidden_dim=80))
    new.begin(0.0)
    assert estimates.seconds_until_report(new, 0.0) == pytest.approx(10 * (BEGIN_SECONDS + COMPILE_SECONDS))


def test_how_fast_a_run_is_its_like_will_be():
    estimates = Estimates()
    estimates.watch(train(0.5, startup=60.0, until=400)[0])
    like = work(dataclasses.replace(RUN, seed=9))
    assert estimates.seconds(like, is_warm=True) == pytest.approx(BEGIN_SECONDS + 500.0)


def test_of_what_was_never_seen_the_size_says_how_long_by_how_fast_this_machine_was():
    estimates, large = Estimates(), dataclasses.replace(RUN, meta_batch_size=200, inner_steps=10)
    assert estimates.seconds_of(large) > 3 * (estimates.seconds_of(RUN) - BEGIN_SECONDS - COMPILE_SECONDS - BESIDE_SECONDS)
    one, two = large, dataclasses.replace(large, num_iterations=2000)
    assert estimates.seconds_of(two) - estimates.seconds_of(one) == pytest.approx(1000 * seconds_an_iteration(large))
    estimates.learn(*train(10 * seconds_an_iteration(RUN), startup=BEGIN_SECONDS + COMPILE_SECONDS))
    assert estimates.seconds_of(two) - estimates.seconds_of(one) == pytest.approx(10_000 * seconds_an_iteration(large))


def test_of_a_run_under_way_its_own_speed_says_what_is_left():
    run, now = train(0.5, startup=60.0, until=400)
    assert Estimates().seconds_left(run, now) == pytest.approx(600 * 0.5)
    begun = work()
    begun.begin(0.0)
    whole = Estimates().seconds_of(RUN)
    assert Estimates().seconds_left(begun, 1.0) == pytest.approx(whole - 1.0)
    after_report = whole - BEGIN_SECONDS - COMPILE_SECONDS
    assert Estimates().seconds_left(begun, 400.0) == pytest.approx(100.0 + after_report), "What is overdue takes longer yet."


def test_of_a_run_that_another_process_has_left_only_the_rest_is_expected():
    estimates, run = Estimates(), work()
    run.snapshot = dataclasses.replace(run.snapshot, iteration=900)
    rest = estimates.seconds_of(RUN) - BEGIN_SECONDS - COMPILE_SECONDS
    assert estimates.seconds(run) == pytest.approx(BEGIN_SECONDS + COMPILE_SECONDS + 0.1 * rest)
    run.begin(100.0)
    assert estimates.seconds_left(run, 100.0) == pytest.approx(BEGIN_SECONDS + COMPILE_SECONDS + 0.1 * rest)
    left, now = train(0.02, startup=-50.0)  # its reports tell of seconds that another process has spent
    before = estimates.seconds_of(dataclasses.replace(RUN, hidden_dim=80))
    estimates.learn(left, now)
    assert estimates.seconds_of(dataclasses.replace(RUN, hidden_dim=80)) >= 0.9 * before


def test_a_run_that_was_stopped_is_over_soon():
    run, now = train(0.5, startup=60.0, until=400)
    run.unwanted = now
    assert Estimates().seconds_left(run, now) < 5.0


def test_other_work_takes_as_long_as_its_kind_did():
    estimates, verdict = Estimates(), work(kind="judge", is_plain=False)
    assert estimates.seconds(verdict) == WORK_SECONDS
    verdict.begin(0.0)
    verdict.take_in(SimpleNamespace(iteration=1, share=0.25), 10.0)
    assert estimates.seconds_left(verdict, 20.0) == pytest.approx(60.0)
    estimates.learn(verdict, 100.0)
    assert estimates.seconds(work(kind="judge", is_plain=False)) == pytest.approx(100.0)
    assert estimates.seconds(work(kind="contest", is_plain=False)) == WORK_SECONDS


def test_the_first_iterations_do_not_say_how_fast_the_others_are():
    estimates, before = Estimates(), Estimates().seconds_of(RUN)
    estimates.learn(*train(0.5, startup=BEGIN_SECONDS + COMPILE_SECONDS, until=100))
    assert estimates.seconds(work(), is_warm=True) == pytest.approx(before - COMPILE_SECONDS)
    only = dataclasses.replace(RUN, num_iterations=10)
    run, now = train(0.5, startup=BEGIN_SECONDS, experiment=only, until=1)
    run.snapshot = dataclasses.replace(run.snapshot, iteration=10, seconds=5.0)
    run.first_report = (now, 10, 5.0)  # which is all of it
    estimates.learn(run, now)
    assert estimates.seconds_of(only) > 5.0


def test_what_a_run_under_way_has_computed_since_its_latest_report_is_no_part_of_what_it_takes_beside():
    queue = Queue()
    run, now = train(0.02, startup=BEGIN_SECONDS, until=300)
    queue.running, waits = run, work(dataclasses.replace(RUN, seed=1))
    queue.place(waits, now + 5.0)
    assert queue.estimates.seconds(waits, is_warm=True) == pytest.approx(BEGIN_SECONDS + 1000 * 0.02)


def test_before_what_a_run_takes_beside_was_measured_it_is_as_slow_as_the_iterations_are():
    estimates, slow = Estimates(), 10 * seconds_an_iteration(RUN)
    other = dataclasses.replace(RUN, hidden_dim=80)
    beside = estimates.seconds(work(other), is_warm=True) - BEGIN_SECONDS - 1000 * seconds_an_iteration(other)
    longer = dataclasses.replace(RUN, num_iterations=100_000)
    run, now = train(
        slow, startup=BEGIN_SECONDS + COMPILE_SECONDS, experiment=dataclasses.replace(RUN, num_iterations=200), until=20
    )
    run.snapshot, run.experiment = dataclasses.replace(run.snapshot, iteration=40, seconds=40 * slow), longer
    estimates.learn(run, now)
    assert estimates.seconds(work(other), is_warm=True) == pytest.approx(
        BEGIN_SECONDS + 10 * (beside + 1000 * seconds_an_iteration(other))
    )


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
