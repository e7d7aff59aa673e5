"""The registry with a trainer that is held and let go by the test, and once with the real one."""

import dataclasses
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.jobs import BUDGETS, DIVERGED, DONE, FAILED, LEASE_SECONDS, QUEUED, RUNNING, STOPPED, History, JobRegistry
from dashboard.jobs.budget import MAX_SECONDS
from dashboard.jobs.running import WARM_UP_SECONDS
from maml_engine import Diverged, Experiment


class HeldTrainer:
    """Reports ten iterations at a time, each when the test lets it."""

    def __init__(self):
        self.allowed = threading.Semaphore(0)
        self.calls = 0

    def __call__(self, experiment, tasks=None):
        self.calls += 1
        for iteration in range(10, experiment.num_iterations + 1, 10):
            if not self.allowed.acquire(timeout=100):
                raise RuntimeError("the test has forgotten its trainer")
            if experiment.seed == 13:
                raise Diverged("The meta-loss is no longer a finite number at iteration 1: lower `inner_lr` first.", 1, None)
            if experiment.seed == 14:
                raise ValueError("`k_shot` must be at most 3.")
            if experiment.seed == 15:
                raise KeyError("surprise")
            yield SimpleNamespace(
                iteration=iteration,
                meta_loss=np.full(10, 1.0 / iteration),
                curve=SimpleNamespace(mean=np.array([3.0, 1.0])),
                curve_iteration=iteration // 20 * 20,
                iterations_per_second=100.0,
                seconds=iteration / 100,
                seconds_left=1.0,
                learner=f"learner {iteration}",
                result=f"result {iteration}",
                done=iteration >= experiment.num_iterations,
                warning="",
            )


@pytest.fixture
def trainer():
    return HeldTrainer()


@pytest.fixture
def make(trainer):
    registries = []

    def make_(**options):
        registries.append(JobRegistry(train=trainer, **options))
        return registries[-1]

    yield make_
    for registry in registries:
        trainer.allowed.release(100)
        registry.close()


def wait_for(condition, seconds=100.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.005)


def status(registry, job_id):
    return registry.snapshot(job_id).status


def test_the_learner_that_was_measured_is_of_the_iteration_of_the_last_curve(make, trainer):
    registry = make()
    job_id = registry.submit(Experiment(num_iterations=60))
    seen = []
    for iteration in (10, 20, 30, 40, 50):
        trainer.allowed.release()
        wait_for(lambda iteration=iteration: registry.snapshot(job_id).iteration == iteration)
        snapshot = registry.snapshot(job_id)
        seen.append((int(snapshot.curve_iterations[-1]), snapshot.measured))
    assert seen == [(0, None), (20, "learner 20"), (20, "learner 20"), (40, "learner 40"), (40, "learner 40")]


def test_a_run_keeps_the_name_that_it_was_given(make, trainer):
    registry = make()
    job_id = registry.submit(Experiment(num_iterations=20))
    assert registry.snapshot(job_id).name == ""
    registry.rename(job_id, "Ada's")
    registry.rename("nobody", "No one's")
    trainer.allowed.release(2)
    wait_for(lambda: status(registry, job_id) == DONE)
    assert registry.snapshot(job_id).name == "Ada's"


def test_a_run_goes_from_queued_to_done(make, trainer):
    registry = make()
    job_id = registry.submit(Experiment(num_iterations=40))
    wait_for(lambda: status(registry, job_id) == RUNNING)
    trainer.allowed.release(2)
    wait_for(lambda: registry.snapshot(job_id).iteration == 20)
    trainer.allowed.release(2)
    wait_for(lambda: status(registry, job_id) == DONE)
    snapshot = registry.snapshot(job_id)
    assert snapshot.learner == "learner 40"
    assert registry.learner(job_id) == "result 40"
    np.testing.assert_array_equal(snapshot.curve_iterations, [0, 20, 40])
    assert snapshot.curves.shape == (3, 2)
    assert snapshot.history[-1, 0] == 40
    assert snapshot.seconds_left is None
    assert snapshot.ended


def test_a_snapshot_does_not_change(make, trainer):
    registry = make()
    job_id = registry.submit(Experiment(num_iterations=30))
    trainer.allowed.release(1)
    wait_for(lambda: registry.snapshot(job_id).iteration == 10)
    early = registry.snapshot(job_id)
    trainer.allowed.release(2)
    wait_for(lambda: status(registry, job_id) == DONE)
    assert early.iteration == 10
    assert len(early.history) == 10
    assert early.status == RUNNING


def test_one_run_at_a_time_and_the_others_know_their_place(make, trainer):
    registry = make()
    job_ids = [registry.submit(Experiment(num_iterations=10, seed=seed)) for seed in range(3)]
    wait_for(lambda: status(registry, job_ids[0]) == RUNNING)
    assert [registry.snapshot(job_id).position for job_id in job_ids] == [0, 1, 2]
    assert status(registry, job_ids[2]) == QUEUED
    waits = [registry.snapshot(job_id).seconds_to_start for job_id in job_ids]
    assert waits[0] is None and 0 < waits[1] < waits[2]
    registry.stop(job_ids[1])
    assert status(registry, job_ids[1]) == STOPPED
    assert registry.snapshot(job_ids[2]).position == 1
    trainer.allowed.release(2)
    wait_for(lambda: status(registry, job_ids[2]) == DONE)


def test_stop_keeps_what_was_learned(make, trainer):
    registry = make()
    job_id = registry.submit(Experiment(num_iterations=1000))
    trainer.allowed.release(1)
    wait_for(lambda: registry.snapshot(job_id).iteration == 10)
    registry.stop(job_id)
    assert status(registry, job_id) == STOPPED, "It does not wait for the stretch that is under way."
    assert registry.learner(job_id) == "result 10"
    assert "iteration 10" in registry.snapshot(job_id).message
    trainer.allowed.release(1)
    following = registry.submit(Experiment(num_iterations=10))
    trainer.allowed.release(1)
    wait_for(lambda: status(registry, following) == DONE)
    assert registry.learner(job_id) == "result 10"


@pytest.mark.parametrize(
    ("seed", "ends_as", "says"),
    [(13, DIVERGED, "lower `inner_lr` first"), (14, FAILED, "`k_shot` must be at most 3."), (15, FAILED, "did not expect")],
)
def test_a_run_that_fails_says_why_and_the_next_one_runs(make, trainer, seed, ends_as, says, caplog):
    registry = make()
    failing = registry.submit(Experiment(num_iterations=10, seed=seed))
    following = registry.submit(Experiment(num_iterations=10))
    trainer.allowed.release(2)
    wait_for(lambda: status(registry, following) == DONE)
    assert status(registry, failing) == ends_as
    assert says in registry.snapshot(failing).message


def test_a_hosted_demo_refuses_more_than_its_budget_and_home_does_not(make):
    most = BUDGETS["num_iterations"]
    with pytest.raises(ValueError, match=f"`num_iterations` must be at most {most} on this hosted demo, got {most + 1}"):
        make(hosted=True).submit(Experiment(num_iterations=most + 1))
    assert make(hosted=False).submit(Experiment(num_iterations=most + 1))


def test_a_hosted_run_ends_when_nobody_looks(make, trainer):
    now = [0.0]
    registry = make(hosted=True, clock=lambda: now[0])
    job_id = registry.submit(Experiment(num_iterations=1000))
    trainer.allowed.release(1)
    wait_for(lambda: registry.snapshot(job_id).iteration == 10)
    now[0] = LEASE_SECONDS - 1
    registry.touch(job_id)
    now[0] += LEASE_SECONDS - 1
    trainer.allowed.release(1)
    wait_for(lambda: registry.snapshot(job_id).iteration == 20)
    assert status(registry, job_id) == RUNNING
    now[0] += 2
    trainer.allowed.release(1)
    wait_for(lambda: status(registry, job_id) == STOPPED)
    assert "nobody looked for two minutes" in registry.snapshot(job_id).message
    assert registry.learner(job_id) is not None


def test_at_home_a_run_goes_on_unseen(make, trainer):
    now = [0.0]
    registry = make(hosted=False, clock=lambda: now[0])
    job_id = registry.submit(Experiment(num_iterations=30))
    now[0] = 1e9
    trainer.allowed.release(3)
    wait_for(lambda: status(registry, job_id) == DONE)


def test_old_runs_are_forgotten(make, trainer):
    registry = make(keep_ended=2)
    trainer.allowed.release(10)
    job_ids = []
    for seed in range(5):
        job_ids.append(registry.submit(Experiment(num_iterations=10, seed=seed)))
        wait_for(lambda: status(registry, job_ids[-1]) == DONE)
    assert [registry.snapshot(job_id) is None for job_id in job_ids[:2]] == [True, True]
    assert registry.snapshot(job_ids[-1]).status == DONE
    assert registry.snapshot("nobody") is None
    assert registry.learner("nobody") is None


def test_whoever_looks_can_neither_stop_nor_rename_nor_replace(make, trainer):
    registry = make(hosted=True)
    job_id = registry.submit(Experiment(num_iterations=30), owner="ada")
    trainer.allowed.release(1)
    wait_for(lambda: registry.snapshot(job_id).iteration == 10)
    assert registry.belongs_to(job_id, "ada")
    for stranger in ("bob", ""):
        assert not registry.belongs_to(job_id, stranger)
        registry.stop(job_id, owner=stranger)
        registry.rename(job_id, "Bob's", owner=stranger)
        mine = registry.submit(Experiment(num_iterations=10, seed=7), owner=stranger, instead_of=[job_id, "nobody"])
        assert registry.belongs_to(mine, stranger)
    assert (status(registry, job_id), registry.snapshot(job_id).name) == (RUNNING, "")
    registry.rename(job_id, "Ada's", owner="ada")
    trainer.allowed.release(5)
    wait_for(lambda: status(registry, job_id) == DONE)
    assert registry.snapshot(job_id).name == "Ada's"


def test_the_very_same_run_is_trained_once(make, trainer):
    registry = make()
    first, second = (registry.submit(Experiment(num_iterations=30), owner=owner) for owner in ("ada", "bob"))
    assert first != second
    trainer.allowed.release(1)
    wait_for(lambda: registry.snapshot(second).iteration == 10)
    registry.rename(second, "Bob's", owner="bob")
    registry.stop(first, owner="ada")
    assert status(registry, first) == STOPPED
    assert status(registry, second) == RUNNING
    third = registry.submit(Experiment(num_iterations=30), owner="ada")
    trainer.allowed.release(2)
    wait_for(lambda: status(registry, second) == DONE)
    assert trainer.calls == 1
    assert registry.learner(third) is registry.learner(second)
    assert (registry.snapshot(first).iteration, registry.snapshot(third).iteration) == (10, 30)
    assert [registry.snapshot(job_id).name for job_id in (first, second, third)] == ["", "Bob's", ""]
    late = registry.submit(Experiment(num_iterations=30), owner="cyd")
    assert status(registry, late) == DONE, "What has ended well is not trained again."
    other = registry.submit(Experiment(num_iterations=30), tasks="a table", owner="cyd")
    assert status(registry, other) != DONE, "Tables are nobody else's."


def test_what_all_have_stopped_begins_anew(make, trainer):
    registry = make()
    jobs = {owner: registry.submit(Experiment(num_iterations=30), owner=owner) for owner in ("ada", "bob")}
    trainer.allowed.release(1)
    wait_for(lambda: registry.snapshot(jobs["ada"]).iteration == 10)
    for owner, job_id in jobs.items():
        registry.stop(job_id, owner=owner)
    again = registry.submit(Experiment(num_iterations=30), owner="ada")
    trainer.allowed.release(4)
    wait_for(lambda: status(registry, again) == DONE)
    assert trainer.calls == 2


def test_a_visitor_has_three_places_and_a_stop_gives_one_back(make):
    registry = make(hosted=True)
    jobs = [registry.submit(Experiment(num_iterations=10, seed=seed), owner="ada") for seed in range(3)]
    with pytest.raises(ValueError, match="You have 3 runs here that have not ended"):
        registry.submit(Experiment(num_iterations=10, seed=3), owner="ada")
    assert registry.submit(Experiment(num_iterations=10, seed=3), owner="bob")
    registry.stop(jobs[0], owner="ada")
    assert registry.submit(Experiment(num_iterations=10, seed=3), owner="ada")
    replacing = registry.submit(Experiment(num_iterations=10, seed=4), owner="ada", instead_of=[jobs[1]])
    assert (status(registry, jobs[1]), status(registry, replacing)) == (STOPPED, QUEUED)
    with pytest.raises(ValueError, match="at most"):
        registry.submit(Experiment(num_iterations=10**9), owner="ada", instead_of=[replacing])
    assert status(registry, replacing) == QUEUED, "What is refused ends nothing."


def test_who_has_had_least_is_next(make, trainer):
    now = [0.0]
    registry = make(hosted=True, clock=lambda: now[0])
    first = registry.submit(Experiment(num_iterations=10), owner="ada")
    wait_for(lambda: status(registry, first) == RUNNING)
    hers = [registry.submit(Experiment(num_iterations=10, seed=seed), owner="ada") for seed in (1, 2)]
    now[0] = 1.0
    his = registry.submit(Experiment(num_iterations=10, seed=3), owner="bob")
    assert [registry.snapshot(job_id).position for job_id in (his, *hers)] == [1, 2, 3]
    now[0] = 30.0
    trainer.allowed.release(1)
    wait_for(lambda: status(registry, his) == RUNNING)
    assert [status(registry, job_id) for job_id in hers] == [QUEUED, QUEUED]


def test_what_nobody_looks_at_makes_room_while_it_waits(make, trainer):
    now = [0.0]
    registry = make(hosted=True, clock=lambda: now[0])
    seen, forgotten = (registry.submit(Experiment(num_iterations=1000, seed=seed), owner=str(seed)) for seed in range(2))
    wait_for(lambda: status(registry, seen) == RUNNING)
    now[0] = LEASE_SECONDS + 1
    registry.touch(seen)
    wait_for(lambda: status(registry, forgotten) == STOPPED)  # by the thread that looks after what runs
    assert registry.snapshot(forgotten).message == "Stopped before it began, since nobody looked for two minutes."
    assert status(registry, seen) == RUNNING


def test_a_run_that_takes_too_long_is_ended_with_what_it_has(make, trainer):
    now = [0.0]
    registry = make(hosted=True, clock=lambda: now[0])
    job_id = registry.submit(Experiment(num_iterations=1000))
    trainer.allowed.release(1)
    wait_for(lambda: registry.snapshot(job_id).iteration == 10)
    now[0] = 2 * MAX_SECONDS + 1
    registry.touch(job_id)
    wait_for(lambda: status(registry, job_id) == STOPPED)
    assert "after 20 minutes, the longest that this demo gives a run" in registry.snapshot(job_id).message
    assert registry.learner(job_id) == "result 10"


def test_who_comes_while_the_first_program_is_compiled_is_told_so(make, trainer):
    """Else the wait is said to be nothing, and is as long as compiling."""
    registry = make()
    registry.warm_up(SMALL)
    wait_for(lambda: trainer.calls == 1)
    mine, later = (registry.submit(dataclasses.replace(SMALL, num_iterations=20, seed=seed)) for seed in (1, 2))
    waits = [registry.snapshot(job_id).seconds_to_start for job_id in (mine, later)]
    assert 2.0 < waits[0] < waits[1]
    trainer.allowed.release()  # the warm-up reports, and ends since somebody waits
    wait_for(lambda: status(registry, mine) == RUNNING)
    assert registry.snapshot(mine).iteration == 0
    trainer.allowed.release(100)
    wait_for(lambda: status(registry, later) == DONE)
    assert trainer.calls == 3


def test_a_warm_up_that_nobody_waits_for_goes_on_for_a_moment(make, trainer):
    now = [0.0]
    registry = make(clock=lambda: now[0])
    registry.warm_up(dataclasses.replace(SMALL, num_iterations=1000))
    trainer.allowed.release(3)
    wait_for(lambda: trainer.allowed._value == 0)
    now[0] = WARM_UP_SECONDS + 1.0
    trainer.allowed.release(5)
    wait_for(lambda: registry._queue._warming is None)
    assert trainer.allowed._value >= 4, "It has ended."


def test_ids_cannot_be_guessed(make):
    registry = make()
    job_ids = {registry.submit(Experiment(num_iterations=10)) for _ in range(8)}
    assert len(job_ids) == 8
    assert all(len(job_id) >= 16 for job_id in job_ids)


def test_a_history_stays_small_and_keeps_its_means():
    history, losses = History(most_points=100), np.random.default_rng(0).random(12_800)
    for part in np.split(losses, 128):
        history.extend(part)
    rows = history.array()
    assert 50 <= len(rows) < 100
    assert np.all(np.diff(rows[:, 0]) == history.stride)
    np.testing.assert_allclose(rows[:, 2], losses.reshape(-1, history.stride).mean(axis=1)[: len(rows)], rtol=1e-9)
    np.testing.assert_array_equal(rows[:, 1], losses[rows[:, 0].astype(int) - 1])


def test_the_real_trainer_in_the_background():
    registry = JobRegistry()
    job_id = registry.submit(Experiment(num_iterations=60, meta_batch_size=4, hidden_dim=8))
    wait_for(lambda: registry.snapshot(job_id).ended, seconds=60)
    snapshot = registry.snapshot(job_id)
    assert snapshot.status == DONE
    assert snapshot.iteration == 60
    assert len(snapshot.history) == 60
    assert snapshot.curve_iterations[-1] == 60
    assert snapshot.curves.shape == (len(snapshot.curve_iterations), 11)
    assert snapshot.result.iteration == 60
    registry.close()


# Work of another kind than a run.

SMALL = Experiment(hidden_dim=8, meta_batch_size=4, k_shot=5, k_query=5)


@dataclasses.dataclass(frozen=True)
class WorkReport:
    iteration: int
    done: bool


def ended(registry: JobRegistry, job_id: str):
    while not (snapshot := registry.snapshot(job_id)).ended:
        pass
    return snapshot


def test_the_registry_runs_other_work_and_can_stop_it():
    registry = JobRegistry(hosted=False)
    job_id = registry.submit_work([SMALL], lambda: iter([WorkReport(1, False), WorkReport(2, True)]))
    snapshot = ended(registry, job_id)
    assert (snapshot.status, snapshot.iteration, snapshot.report) == (DONE, 2, WorkReport(2, True))

    def endless():
        while True:
            yield WorkReport(3, False)

    job_id = registry.submit_work([SMALL], endless)
    while registry.snapshot(job_id).report is None:
        pass
    registry.stop(job_id)
    assert ended(registry, job_id).status == STOPPED
    registry.close()


def test_other_work_keeps_within_a_hosted_demos_budget():
    registry = JobRegistry(hosted=True)
    with pytest.raises(ValueError, match="`hidden_dim` must be at most 256"):
        registry.submit_work([SMALL, dataclasses.replace(SMALL, hidden_dim=300)], lambda: iter(()))
