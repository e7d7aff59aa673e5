"""Two processes on one database, as two registries: what a dead one leaves goes on, and a sleeper that wakes writes nothing."""

import dataclasses
import json
import threading
import time

import numpy as np
import pytest
from sqlalchemy import text

from dashboard.downloads.files import learner_zip
from dashboard.jobs import DONE, FAILED, QUEUED, RUNNING, STOPPED, JobRegistry, elsewhere, job, leases
from dashboard.jobs.keeping import Keeper
from dashboard.jobs.leases import Leases
from dashboard.runs import RunLibrary
from maml_engine import Experiment, train
from tests.dashboard.jobs.held_trainer import wait_for
from tests.dashboard.jobs.test_keeping import RUN, Trainer


class Process:
    """One of several, whose beats the test makes."""

    def __init__(self, url, name):
        self.library, self.trainer = RunLibrary(url), Trainer() if name in ("one", "two") else StepByStep()
        self.leases = Leases(lambda: self.library, name)
        keeper = Keeper(lambda: self.library, pack=learner_zip, lease_of=self.leases.number)
        self.registry = JobRegistry(hosted=False, train=self.trainer, keeper=keeper, leases=self.leases)

    def beat(self):
        self.leases.beat(self.registry)

    def close(self):
        self.trainer.allowed.release(1000)
        self.registry.close()
        self.library.close()


class StepByStep:
    """The engine's own training, a report whenever the test lets it."""

    def __init__(self):
        self.allowed, self.starts = threading.Semaphore(0), []

    def __call__(self, experiment, **given):
        self.starts.append(given["start"].iteration if "start" in given else 0)
        for report in train(experiment, **given):
            assert self.allowed.acquire(timeout=300)
            yield report


@pytest.fixture
def processes(tmp_path, monkeypatch):
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.5)
    monkeypatch.setattr(elsewhere, "KNOWN_SECONDS", 0.0)
    processes = [Process(f"sqlite:///{tmp_path / 'runs.db'}", name) for name in ("one", "two")]
    yield processes
    for process in processes:
        process.close()


def line(process):
    return {job.id: job.worker for job in process.library.waiting()}


def test_a_run_is_its_process_s_until_it_has_ended(processes):
    one, two = processes
    job_id = one.registry.submit(RUN, owner="ada")
    waiting = one.registry.submit(dataclasses.replace(RUN, seed=1), owner="bob")
    one.beat()
    assert line(two) == {job_id: "one", waiting: "one"}
    for _ in range(4):
        time.sleep(0.2)
        one.beat()
        two.beat()
    assert two.registry.is_free()
    one.registry.stop(waiting, owner="bob")
    one.trainer.allowed.release(3)
    wait_for(lambda: one.registry.snapshot(job_id).ended)
    wait_for(lambda: not one.registry.is_being_kept(job_id))
    one.beat()
    assert line(two) == {}
    assert two.registry.snapshot(job_id).status == DONE
    assert two.registry.belongs_to(job_id, "ada")


def test_what_a_dead_process_had_goes_on_in_another_and_the_sleeper_writes_nothing(processes):
    one, two = processes
    job_id = one.registry.submit(RUN, owner="ada")
    one.trainer.allowed.release(1)
    wait_for(lambda: one.registry.snapshot(job_id).iteration == 10)
    one.beat()
    two.beat()
    assert two.registry.is_free(), "Its process lives."
    time.sleep(0.6)
    two.beat()
    assert line(one) == {job_id: "two"}
    wait_for(lambda: two.registry.snapshot(job_id).status == RUNNING)
    assert two.registry.belongs_to(job_id, "ada") and not two.registry.belongs_to(job_id, "bob")
    one.registry.stop(job_id, owner="ada")  # it wakes up, and would keep what it has
    wait_for(lambda: not one.registry.is_being_kept(job_id))
    assert one.library.get(job_id) is None
    one.beat()
    assert line(one) == {job_id: "two"}
    two.trainer.allowed.release(3)
    wait_for(lambda: two.registry.snapshot(job_id).ended)
    assert (two.library.get(job_id).status, two.library.get(job_id).iteration) == (DONE, 30)


def test_a_name_goes_with_a_run_that_another_process_takes_over(processes):
    one, two = processes
    job_id = one.registry.submit(RUN, owner="ada")
    one.beat()
    one.beat()
    one.registry.rename(job_id, "the good one", owner="ada")
    one.beat()
    assert two.registry.snapshot(job_id).name == "the good one"
    time.sleep(0.6)
    two.beat()
    assert line(two) == {job_id: "two"} and two.registry.snapshot(job_id).name == "the good one"


def test_a_sleeper_that_still_trains_lets_go(processes):
    one, two = processes
    job_id = one.registry.submit(RUN, owner="ada")
    one.beat()
    time.sleep(0.6)
    two.beat()
    one.beat()
    one.trainer.allowed.release(3)
    two.trainer.allowed.release(3)
    wait_for(lambda: two.registry.snapshot(job_id).ended)
    wait_for(lambda: one.registry.is_free())
    assert one.registry.snapshot(job_id).status == DONE, "By way of the library."
    assert two.library.get(job_id).status == DONE


def test_what_runs_when_the_server_ends_goes_on_in_another(processes):
    one, two = processes
    job_id = one.registry.submit(RUN, owner="ada")
    one.trainer.allowed.release(1)
    wait_for(lambda: one.registry.snapshot(job_id).iteration == 10)
    one.beat()
    one.close()
    assert two.library.get(job_id) is None or two.library.get(job_id).status != STOPPED
    time.sleep(0.6)
    two.beat()
    two.trainer.allowed.release(3)
    wait_for(lambda: two.registry.snapshot(job_id) and two.registry.snapshot(job_id).status == DONE)


def test_another_process_shows_a_run_as_it_goes_on_and_once_it_has_ended(processes):
    one, two = processes
    job_id = one.registry.submit(RUN, owner="ada")
    waiting = one.registry.submit(dataclasses.replace(RUN, seed=1), owner="bob")
    wait_for(lambda: one.registry.snapshot(job_id).status == RUNNING)
    one.beat()
    assert [two.registry.snapshot(each).status for each in (job_id, waiting)] == [RUNNING, QUEUED]
    assert two.registry.snapshot(waiting).position == 1 and two.registry.snapshot(waiting).seconds_to_start > 0
    for iteration in (10, 20):
        one.trainer.allowed.release(1)
        wait_for(lambda iteration=iteration: one.registry.snapshot(job_id).iteration == iteration)
        one.beat()
        here, there = one.registry.snapshot(job_id), two.registry.snapshot(job_id)
        assert (there.status, there.iteration, there.seconds_left) == (RUNNING, iteration, here.seconds_left)
        assert there.learner is None and np.array_equal(there.curves, here.curves)
        assert np.array_equal(there.history, here.history)
    assert two.registry.belongs_to(job_id, "ada") and not two.registry.belongs_to(job_id, "bob")
    one.trainer.allowed.release(1)
    wait_for(lambda: one.library.get(job_id) is not None)
    ended = two.registry.snapshot(job_id)
    assert (ended.status, ended.iteration, ended.learner is not None) == (DONE, 30, True)


def test_who_looks_through_another_process_looks(processes):
    one, two = processes
    job_id = one.registry.submit(RUN, owner="ada")
    one.beat()
    before = one.registry._jobs[job_id].looked
    one.beat()
    assert one.registry._jobs[job_id].looked == before
    two.registry.touch("none")
    assert two.registry.snapshot(job_id) is not None
    two.registry.touch(job_id)
    two.beat()
    one.beat()
    assert one.registry._jobs[job_id].looked > before


def test_stop_is_heard_by_the_process_that_has_the_run_from_its_owner_alone(processes):
    one, two = processes
    job_id = one.registry.submit(RUN, owner="ada")
    one.trainer.allowed.release(1)
    wait_for(lambda: one.registry.snapshot(job_id).iteration == 10)
    one.beat()
    for stranger in ("bob", ""):
        two.registry.stop(job_id, owner=stranger)  # without having looked
        assert two.registry.snapshot(job_id).status == RUNNING
        two.registry.stop(job_id, owner=stranger)
    two.registry.stop("none", owner="ada")
    two.beat()
    one.beat()
    assert one.registry.snapshot(job_id).status == RUNNING
    two.registry.stop(job_id, owner="ada")
    two.beat()
    one.beat()
    stopped = one.registry.snapshot(job_id)
    assert (stopped.status, stopped.message[:23]) == (STOPPED, "Stopped at iteration 10")
    wait_for(lambda: one.library.get(job_id) is not None)
    assert two.registry.snapshot(job_id).status == STOPPED


TINY = Experiment(num_iterations=150, hidden_dim=4, k_query=5, meta_batch_size=2)


@pytest.fixture
def engines(database_url, monkeypatch):
    """Two processes that train, and one that does alone; each report may be gone on from."""
    monkeypatch.setattr(leases, "LEASE_SECONDS", 1.0)
    monkeypatch.setattr(elsewhere, "KNOWN_SECONDS", 0.0)
    monkeypatch.setattr(job, "START_SECONDS", 0.0)
    monkeypatch.setattr("maml_engine.training.loop.FIRST_CHUNK", 2)
    processes = [Process(database_url, name) for name in ("first engine", "second engine")]
    yield processes
    for process in processes:
        process.close()


def begun(process):
    """A run that a process has under way, and as far as it is."""
    job_id = process.registry.submit(TINY, owner="ada")
    process.trainer.allowed.release(1)
    wait_for(lambda: process.registry.snapshot(job_id).iteration > 0)
    process.beat()
    return job_id, process.registry.snapshot(job_id)


@pytest.mark.parametrize("was_altered", [False, True])
def test_a_run_that_is_taken_over_ends_byte_for_byte_as_alone(engines, was_altered):
    one, two = engines
    job_id, left = begun(one)
    assert left.iteration == 2, "Between two measurements of the held-out loss."
    if was_altered:
        with one.library.database.writing() as connection:
            connection.execute(text("UPDATE job_states SET digest = 'another'"))
    time.sleep(1.1)
    two.beat()
    taken = two.registry.snapshot(job_id)
    assert taken.iteration == (0 if was_altered else left.iteration), "What was altered begins anew."
    if not was_altered:
        assert np.array_equal(taken.history, left.history)
        assert np.array_equal(taken.curves, left.curves), "It is shown as far as it was."
    two.trainer.allowed.release(1000)
    wait_for(lambda: two.registry.snapshot(job_id).ended)
    assert two.trainer.starts == [taken.iteration], "Not from the beginning."
    one.beat()
    kept, uninterrupted = one.registry.snapshot(job_id), JobRegistry(hosted=False, train=train)
    whole = uninterrupted.submit(TINY)
    wait_for(lambda: uninterrupted.snapshot(whole).ended)
    expected = uninterrupted.snapshot(whole)
    uninterrupted.close()
    assert learner_zip(kept.result) == learner_zip(expected.result) == learner_zip(list(train(TINY))[-1].result)
    for name in ("history", "curve_iterations", "curves"):
        assert np.array_equal(getattr(kept, name), getattr(expected, name)), name
    assert two.library.doctor().problems == ()


def test_a_run_whose_process_died_is_stopped_with_what_it_had_learned(engines):
    one, two = engines
    job_id, _ = begun(one)
    time.sleep(1.1)
    assert (two.registry.snapshot(job_id).status, two.registry.snapshot(job_id).iteration > 0) == (QUEUED, True)
    two.registry.stop(job_id, owner="ada")
    two.beat()
    two.beat()
    assert not two.registry.snapshot(job_id).ended, "Its learner is not here yet."
    two.trainer.allowed.release(1)
    wait_for(lambda: two.registry._jobs[job_id].work.first_report is not None)
    two.beat()
    wait_for(lambda: two.library.get(job_id) is not None)
    assert two.registry.snapshot(job_id).status == STOPPED and two.library.learner(job_id)


def test_what_cannot_be_read_stands_in_nobody_s_way(processes):
    one, _ = processes
    one.library.enqueue("from_tomorrow", "ada", {"experiment": {"version": 10**6}})
    one.beat()
    assert line(one) == {}
    assert one.registry.is_free()


def test_a_run_that_cannot_be_put_down_does_not_stand_in_the_way(processes, monkeypatch, caplog):
    one, _ = processes
    enqueue = one.library.enqueue
    ids = [one.registry.submit(dataclasses.replace(RUN, seed=seed), owner="ada") for seed in range(2)]

    def refuse_one(job_id, *args, **kwargs):
        if job_id == ids[0]:
            raise ValueError("No.")
        enqueue(job_id, *args, **kwargs)

    monkeypatch.setattr(one.library, "enqueue", refuse_one)
    one.beat()
    assert line(one) == {ids[1]: "one"} and f"could not be told of {ids[0]}" in caplog.text
    one.trainer.allowed.release(6)
    wait_for(lambda: one.registry.snapshot(ids[0]).status == one.registry.snapshot(ids[1]).status == DONE)


def test_a_look_or_a_stop_that_cannot_be_said_does_not_stand_in_the_way(processes, monkeypatch, caplog):
    one, two = processes
    jobs = [one.registry.submit(dataclasses.replace(RUN, seed=seed), owner="ada") for seed in (0, 1)]
    one.beat()
    tell, told = two.library.ask_to_stop, []

    def refuse_the_first(job_id, owner):
        told.append(job_id)
        return tell(job_id, owner) if job_id != jobs[0] else {}["no such row"]

    monkeypatch.setattr(two.library, "ask_to_stop", refuse_the_first)
    monkeypatch.setattr(two.library, "look", lambda job_ids: {}["no such row"])
    for job_id in jobs:
        assert two.registry.snapshot(job_id) is not None
        two.registry.touch(job_id)
        two.registry.stop(job_id, owner="ada")
    two.beat()
    two.beat()
    assert told == jobs and "could not be told of" in caplog.text


def test_a_run_that_ends_its_processes_is_given_up(processes):
    one, two = processes
    request = {"experiment": json.loads(RUN.to_json())}
    one.library.enqueue("deadly", "ada", request, worker="first", lease_seconds=0.0)
    for _ in range(leases.MAX_TAKINGS - 1):
        assert one.library.claim("next", 0.0) is not None
    two.beat()
    assert two.registry.is_free() and line(two) == {}
    ended = two.registry.snapshot("deadly")
    assert ended.status == FAILED and ended.message.startswith("The server's process ended 3 times"), ended.message
    assert two.registry.belongs_to("deadly", "ada")
