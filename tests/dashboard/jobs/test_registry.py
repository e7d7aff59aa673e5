"""The registry with a trainer that is held and let go by the test, and once with the real one."""

import dataclasses

import numpy as np
import pytest

from dashboard.jobs import BUDGETS, DONE, RUNNING, STOPPED, JobRegistry
from maml_engine import Experiment
from tests.dashboard.jobs.held_trainer import status, wait_for


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


def test_a_hosted_demo_refuses_more_than_its_budget_and_home_does_not(make):
    most = BUDGETS["num_iterations"]
    with pytest.raises(ValueError, match=f"`num_iterations` must be at most {most} on this hosted demo, got {most + 1}"):
        make(hosted=True).submit(Experiment(num_iterations=most + 1))
    assert make(hosted=False).submit(Experiment(num_iterations=most + 1))


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


def test_ids_cannot_be_guessed(make):
    registry = make()
    job_ids = {registry.submit(Experiment(num_iterations=10)) for _ in range(8)}
    assert len(job_ids) == 8
    assert all(len(job_id) >= 16 for job_id in job_ids)


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
