"""Two processes on one database, as two registries: what a dead one leaves goes on, and a sleeper that wakes writes nothing."""

import dataclasses
import time

import pytest

from dashboard.downloads.files import learner_zip
from dashboard.jobs import DONE, RUNNING, STOPPED, JobRegistry, leases
from dashboard.jobs.keeping import Keeper
from dashboard.jobs.leases import Leases
from dashboard.runs import RunLibrary
from tests.dashboard.jobs.test_keeping import RUN, Trainer
from tests.dashboard.jobs.test_registry import wait_for


class Process:
    """One of several, whose beats the test makes."""

    def __init__(self, url, name):
        self.library, self.trainer = RunLibrary(url), Trainer()
        self.leases = Leases(lambda: self.library, name)
        keeper = Keeper(lambda: self.library, pack=learner_zip, lease_of=self.leases.number)
        self.registry = JobRegistry(hosted=False, train=self.trainer, keeper=keeper, leases=self.leases)

    def beat(self):
        self.leases.beat(self.registry)

    def close(self):
        self.trainer.allowed.release(100)
        self.registry.close()
        self.library.close()


@pytest.fixture
def processes(tmp_path, monkeypatch):
    monkeypatch.setattr(leases, "LEASE_SECONDS", 0.5)
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


def test_what_cannot_be_read_stands_in_nobody_s_way(processes):
    one, _ = processes
    one.library.enqueue("from_tomorrow", "ada", {"experiment": {"version": 10**6}})
    one.beat()
    assert line(one) == {}
    assert one.registry.is_free()
