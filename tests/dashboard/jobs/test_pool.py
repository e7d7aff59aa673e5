"""The pool of processes: two lanes, what happens when a process is lost, and all seven kinds of jobs through it."""

import dataclasses
import os
import re
import signal
import threading
import time
from functools import partial

import pytest

from dashboard.jobs import DONE, FAILED, STOPPED, EngineLost, JobRegistry, Pool
from dashboard.jobs import pool as pools
from dashboard.jobs.pool import CALLS_AT_ONCE, DEFAULT_WORKERS, asked_workers
from dashboard.page_parts.compare.contest import Contest
from dashboard.page_parts.gradients import race
from dashboard.page_parts.pitfalls.cards import CARDS
from dashboard.page_parts.your_tasks import run
from dashboard.page_parts.your_tasks.table import example
from maml_engine import Experiment
from maml_engine.analysis.comparison import Budget
from maml_engine.analysis.loss_slices import walk
from maml_engine.tables import Settings
from maml_engine.tasks.table import Table
from tests.dashboard.jobs import asked

SMALL = Experiment(num_iterations=40, hidden_dim=4, meta_batch_size=2, k_shot=3, k_query=3)
QUICK = {"k_shot": 3, "num_iterations": 20, "draws": 1}


def ended(registry, job_id, seconds=300):
    deadline = time.monotonic() + seconds
    while not (snapshot := registry.snapshot(job_id)).ended:
        assert time.monotonic() < deadline, "it did not end"
        time.sleep(0.01)
    return snapshot


def test_calls_and_jobs_do_not_wait_for_one_another(pool):
    reports = pool.stream(asked.count, 3)
    assert next(reports) == 0
    mine, theirs = pool.call(asked.process), list(reports)
    assert theirs == [1, 2]
    assert mine in pool.pids()
    assert len(pool.pids()) == 2
    assert os.getpid() not in pool.pids()


def test_as_many_calls_at_once_as_there_are_lines_and_the_rest_wait(pool):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(pool.call(asked.sleep, 0.2))) for _ in range(2 * CALLS_AT_ONCE)]
    pool.call(asked.add, 1)
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began >= 0.4  # half of them at a time
    assert len(answers) == 2 * CALLS_AT_ONCE
    assert len(set(answers)) == 1


def test_what_runs_a_job_is_no_process_for_calls():
    pool = Pool(2)
    try:
        assert not pool.has_started
        list(pool.stream(asked.count, 2))
        assert pool.pids() and not pool.has_started
        pool.start()
        assert pool.has_started
    finally:
        pool.close()
    assert Pool(0).has_started, "None is needed."


def test_without_workers_all_is_computed_here():
    here = Pool(0)
    assert here.call(asked.process) == os.getpid()
    reports = here.stream(asked.count, 3)
    assert next(reports) == 0
    reports.close()
    assert here.pids() == []


@pytest.mark.parametrize(("asked_for", "workers"), [("", DEFAULT_WORKERS), ("0", 0), ("3", 3)])
def test_the_environment_says_how_many(monkeypatch, asked_for, workers):
    monkeypatch.setenv("MAML_LAB_WORKERS", asked_for)
    assert asked_workers() == workers


@pytest.mark.parametrize("asked_for", ["two", "-1", "1.5"])
def test_what_is_no_number_is_refused(monkeypatch, asked_for):
    monkeypatch.setenv("MAML_LAB_WORKERS", asked_for)
    with pytest.raises(ValueError, match="`MAML_LAB_WORKERS` must be a number of processes, 0 or more, got"):
        asked_workers()


def test_a_call_whose_process_is_lost_is_tried_once_more(pool, tmp_path):
    assert pool.call(asked.end_unless, str(tmp_path / "tried")) == "answered"
    with pytest.raises(EngineLost, match="ended before it was done, and so did another one"):
        pool.call(asked.end_at_once)
    assert pool.call(asked.add, 1, b=1) == 2


def test_a_process_that_was_killed_while_idle_is_not_noticed(pool):
    before = pool.call(asked.process)
    os.kill(before, signal.SIGKILL)
    assert pool.call(asked.process) not in (before, os.getpid())


def test_a_job_whose_process_is_lost_ends_with_a_sentence_and_the_next_one_runs(pool):
    registry = JobRegistry(hosted=False, pool=pool)
    job_id = registry.submit(Experiment(num_iterations=10**7, hidden_dim=4, meta_batch_size=2))
    while registry.snapshot(job_id).iteration == 0:
        time.sleep(0.01)
    calls = {pool.call(asked.process)}
    for pid in set(pool.pids()) - calls:
        os.kill(pid, signal.SIGKILL)
    lost = ended(registry, job_id)
    assert lost.status == FAILED
    assert "ended before it was done" in lost.message
    assert lost.result.iteration == lost.iteration > 0
    assert {pool.call(asked.process)} == calls  # nothing else was lost
    assert ended(registry, registry.submit(SMALL)).status == DONE
    registry.close()


@pytest.fixture
def busy(tmp_path):
    """A pool whose one process has something to do until the file is there, and answers quick calls beside it."""
    pool, waits = Pool(1), []
    first = pool.call(asked.process)
    thread = threading.Thread(target=lambda: waits.append(pool.call(asked.wait_for, str(tmp_path / "go"))))
    thread.start()
    while not (tmp_path / "go.waiting").exists():
        time.sleep(0.01)

    def goes_on():
        (tmp_path / "go").touch()
        thread.join()
        return waits == [first]

    yield pool, first, goes_on
    goes_on()
    pool.close()
    with pytest.raises(EngineLost):
        pool.call(asked.add, 1)


def test_one_that_has_grown_is_replaced_when_it_is_idle(busy, monkeypatch):
    pool, first, goes_on = busy
    monkeypatch.setattr(pools, "MAX_MEMORY_MB", 1)
    assert [pool.call(asked.process) for _ in range(3)] == [first] * 3
    assert goes_on()
    assert pool.pids() == []
    assert pool.call(asked.process) != first


def test_one_that_has_grown_beyond_all_bounds_answers_what_it_was_asked_while_another_takes_its_place(busy, monkeypatch):
    pool, first, goes_on = busy
    monkeypatch.setattr(pools, "MAX_BUSY_MEMORY_MB", 1)
    assert pool.call(asked.process) == first
    assert pool.call(asked.process) != first
    assert goes_on()


def test_where_there_is_little_memory_one_process_does_for_all(monkeypatch):
    monkeypatch.setenv("MAML_LAB_WORKERS", "")
    for is_small, workers in ((True, 1), (False, DEFAULT_WORKERS)):
        monkeypatch.setattr(pools.memory, "is_small", lambda is_small=is_small: is_small)
        assert asked_workers() == workers


def test_a_job_stops_where_it_is_and_keeps_what_it_learned(pool):
    registry = JobRegistry(hosted=False, pool=pool)
    job_id = registry.submit(Experiment(num_iterations=10**7, hidden_dim=4, meta_batch_size=2))
    while registry.snapshot(job_id).iteration == 0:
        time.sleep(0.01)
    registry.stop(job_id)
    stopped = ended(registry, job_id, 10)
    assert stopped.status == STOPPED
    assert stopped.result.iteration == stopped.iteration
    registry.close()


def test_stop_ends_a_stretch_that_does_not_end(pool):
    registry, calls = JobRegistry(hosted=False, pool=pool), pool.call(asked.process)
    job_id = registry.submit_work([SMALL], partial(asked.reach_one_and_sleep, 100))
    while registry.snapshot(job_id).report is None:
        time.sleep(0.01)
    began = time.monotonic()
    registry.stop(job_id)
    stopped = registry.snapshot(job_id)
    assert (stopped.status, stopped.iteration, stopped.report) == (STOPPED, 1, asked.Reached(1))
    following = registry.submit_work([SMALL], partial(asked.reach_one_and_sleep, 0))
    assert ended(registry, following).status == DONE
    assert time.monotonic() - began < 60, "The stretch was waited for."
    assert pool.call(asked.process) == calls, "Pages compute on."
    registry.close()


def test_a_job_that_takes_too_much_memory_ends_with_a_sentence(pool, monkeypatch):
    monkeypatch.setattr("dashboard.jobs.limits.memory.limit_mb", lambda: 1000.0)
    registry, calls = JobRegistry(hosted=True, pool=pool), pool.call(asked.process)
    job_id = registry.submit_work([SMALL], partial(asked.reach_one_and_take, 900))
    lost = ended(registry, job_id)
    assert lost.status == FAILED
    assert re.match(r"This run took [\d,]+ MB of memory, and a run may take 600 MB here", lost.message)
    assert lost.report == asked.Reached(1)
    assert pool.call(asked.process) == calls
    assert ended(registry, registry.submit(SMALL)).status == DONE
    registry.close()


# All kinds of jobs, as pages submit them: here with few iterations.


def plain(registry, tmp_path):
    """The Train page's, the two of a race, and a protocol card's short run."""
    del tmp_path
    return [registry.submit(dataclasses.replace(SMALL, method=method)) for method in race.METHODS]


def with_a_table(registry, tmp_path):
    rows = [f"{task},{x},{x * task}" for task in range(12) for x in range(8)]
    (tmp_path / "table.csv").write_text("\n".join(["task,x,y", *rows]))
    table = Table.read(tmp_path / "table.csv", task="task", inputs=("x",), target="y", k_shot=3)
    fields = {"tasks": "table", "data": table.digest, "task": "task", "inputs": ("x",), "target": "y"}
    return [registry.submit(dataclasses.replace(SMALL, **fields), table)]


def a_pitfall(registry, tmp_path):
    del tmp_path
    return [registry.submit(SMALL, CARDS["support_as_query"].tasks_of("broken"))]


def a_contest(registry, tmp_path):
    del tmp_path
    contest = Contest(("maml", "reptile"), SMALL, Budget("iterations", 20))
    return [registry.submit_work(contest.checked(), contest.reports)]


def a_verdict(registry, tmp_path):
    del tmp_path
    return [registry.submit_work([SMALL], run.work(example("Machines"), Settings(**QUICK, members=2, folds=2)))]


def a_walk(registry, tmp_path):
    del tmp_path
    return [registry.submit_work([SMALL], partial(walk, SMALL))]


@pytest.mark.parametrize("kind", [plain, with_a_table, a_pitfall, a_contest, a_walk])
def test_all_kinds_of_jobs_come_to_their_end_in_another_process(pool, kind, tmp_path):
    registry = JobRegistry(hosted=False, pool=pool)
    for job_id in kind(registry, tmp_path):
        snapshot = ended(registry, job_id)
        assert (snapshot.status, snapshot.message) == (DONE, "")
        assert snapshot.iteration > 0
        if kind is with_a_table:
            assert snapshot.result.tasks.digest == snapshot.experiment.data
    registry.close()


def test_a_verdict_begins_in_another_process_and_reports_on_the_very_table(pool, tmp_path):
    registry = JobRegistry(hosted=False, pool=pool)
    (job_id,) = a_verdict(registry, tmp_path)
    while registry.snapshot(job_id).report is None:
        time.sleep(0.01)
    registry.stop(job_id)
    assert ended(registry, job_id).report.table is example("Machines")
    registry.close()
