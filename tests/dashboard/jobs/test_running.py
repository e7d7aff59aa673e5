"""Who runs next, who has a place, and how runs come to their end, with a trainer that is held and let go by the test."""

import dataclasses

import pytest

from dashboard.jobs import DIVERGED, DONE, FAILED, LEASE_SECONDS, QUEUED, RUNNING, STOPPED
from dashboard.jobs.budget import MAX_SECONDS
from dashboard.jobs.running import WARM_UP_SECONDS
from maml_engine import Experiment
from tests.dashboard.jobs.held_trainer import status, wait_for

SMALL = Experiment(hidden_dim=8, meta_batch_size=4, k_shot=5, k_query=5)


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


def test_a_warm_up_that_somebody_cuts_short_is_made_again_where_nothing_said_how_fast_this_is(make, trainer):
    """All of a rush were told by a guess, since the runs that had cut it short were stopped before they reported."""
    registry = make()
    registry.warm_up(dataclasses.replace(SMALL, num_iterations=1000))
    wait_for(lambda: trainer.calls == 1)
    mine = registry.submit(dataclasses.replace(SMALL, seed=1))
    trainer.allowed.release()  # the warm-up reports once, and ends since somebody waits
    wait_for(lambda: status(registry, mine) == RUNNING)
    assert not registry._queue.estimates.knows_speed
    registry.stop(mine)
    wait_for(lambda: trainer.calls == 3)
    trainer.allowed.release(100)
    wait_for(lambda: registry._queue.estimates.knows_speed)
    wait_for(lambda: registry._queue._warming is None)
