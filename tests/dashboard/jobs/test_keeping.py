"""Ended runs in the library: kept before their end is told, kept later where it was away, found by another process."""

import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.downloads.files import learner_zip
from dashboard.jobs import DONE, FAILED, STOPPED, JobRegistry, keeping
from dashboard.jobs.keeping import Keeper
from dashboard.runs import LibraryAway, RunLibrary
from maml_engine import Experiment, Learner
from tests.dashboard.jobs.held_trainer import status, wait_for

RUN = Experiment(num_iterations=30, hidden_dim=4)
LEARNER = Learner.untrained(RUN)


class Library:
    """The real one, which may go away."""

    def __init__(self, url):
        self._real, self.is_away, self.tries = RunLibrary(url), False, 0

    def __getattr__(self, name):
        if name in ("save", "get", "learner", "rename"):
            self.tries += 1
            if self.is_away:
                raise LibraryAway("The run library is away.")
        return getattr(self._real, name)


@pytest.fixture
def library(tmp_path, monkeypatch):
    monkeypatch.setattr(keeping, "FIRST_PAUSE", 0.01)
    library = Library(f"sqlite:///{tmp_path / 'runs.db'}")
    yield library
    library.close()


class Trainer:
    """Reports ten iterations at a time, each when the test lets it."""

    def __init__(self):
        self.allowed = threading.Semaphore(0)

    def __call__(self, experiment, tasks=None):
        for iteration in range(10, experiment.num_iterations + 1, 10):
            assert self.allowed.acquire(timeout=100)
            if experiment.seed == 13 and iteration > 10:
                raise ValueError("An unlucky seed.")
            learner = LEARNER.replace(iteration=iteration)
            yield SimpleNamespace(
                iteration=iteration, meta_loss=np.full(10, 0.5), curve=SimpleNamespace(mean=np.array([3.0, 1.0])),
                curve_iteration=iteration, iterations_per_second=100.0, seconds=iteration / 100, seconds_left=1.0,
                learner=learner, result=learner, done=iteration >= experiment.num_iterations, warning="",
            )  # fmt: skip


@pytest.fixture
def trainer():
    return Trainer()


@pytest.fixture
def make(library, trainer):
    registries = []

    def make(**options):
        keeper = Keeper(lambda: library, pack=learner_zip, measure=lambda learner: {"held_out": {"mean": [learner.iteration]}})
        registries.append(JobRegistry(train=trainer, keeper=keeper, **options))
        return registries[-1]

    yield make
    library.is_away = False
    trainer.allowed.release(100)
    for registry in registries:
        registry.close()


def test_a_run_that_says_it_has_ended_is_in_the_library(make, trainer, library):
    registry = make()
    trainer.allowed.release(3)
    job_id = registry.submit(RUN, owner="ada")
    wait_for(lambda: registry.snapshot(job_id).ended)
    run = library.get(job_id)
    assert (run.owner, run.kind, run.status, run.iteration, run.experiment) == ("ada", "train", DONE, 30, RUN)
    np.testing.assert_array_equal(run.history, registry.snapshot(job_id).history)
    np.testing.assert_array_equal(run.curves, registry.snapshot(job_id).curves)
    assert library.learner(job_id) == learner_zip(registry.learner(job_id))
    assert run.created <= run.ended
    wait_for(lambda: library.get(job_id).result)
    assert library.get(job_id).result == {"held_out": {"mean": [30]}}


def test_another_process_finds_it_by_its_link_and_only_its_owner_names_it(make, trainer):
    registry = make()
    trainer.allowed.release(3)
    job_id = registry.submit(RUN, owner="ada")
    wait_for(lambda: registry.snapshot(job_id).ended)
    here, other = registry.snapshot(job_id), make()
    found = other.snapshot(job_id)
    assert (found.status, found.iteration, found.experiment) == (here.status, here.iteration, here.experiment)
    assert learner_zip(other.learner(job_id)) == learner_zip(here.result)
    assert other.learner(job_id) is other.learner(job_id)
    assert other.belongs_to(job_id, "ada") and not other.belongs_to(job_id, "bob")
    other.rename(job_id, "Bob's", owner="bob")
    assert other.snapshot(job_id).name == ""
    other.rename(job_id, "Ada's", owner="ada")
    assert other.snapshot(job_id).name == "Ada's"
    other.stop(job_id, owner="ada")
    assert other.snapshot(job_id).status == DONE
    for nobody in ("nobody", "../../etc/passwd", "' OR 1=1 --", ""):
        assert other.snapshot(nobody) is None


def test_a_run_that_its_owner_has_deleted_is_found_nowhere(make, trainer, library):
    registry, other = make(), make()
    trainer.allowed.release(3)
    job_id = registry.submit(RUN, owner="ada")
    wait_for(lambda: registry.snapshot(job_id).ended)
    wait_for(lambda: library.get(job_id).result)
    assert other.snapshot(job_id).status == DONE
    for each in (registry, other):
        each.forget(job_id, owner="bob")  # it is not his, and is looked up again
        assert each.snapshot(job_id).status == DONE
    library.delete(job_id, "ada")
    for each in (registry, other):
        each.forget(job_id, owner="ada")
        assert each.snapshot(job_id) is None
    trainer.allowed.release(3)
    again = registry.submit(RUN, owner="ada")  # what was shared has gone with it
    wait_for(lambda: registry.snapshot(again).ended)
    assert again != job_id


def test_a_name_given_here_is_the_librarys_too(make, trainer, library):
    registry = make()
    trainer.allowed.release(3)
    job_id = registry.submit(RUN, owner="ada")
    registry.rename(job_id, "Before", owner="ada")
    wait_for(lambda: registry.snapshot(job_id).ended)
    assert library.get(job_id).name == "Before"
    registry.rename(job_id, "After", owner="ada")
    assert library.get(job_id).name == "After"


@pytest.mark.parametrize("of_the_saves", [0, 1])  # of the run, and of what was measured
def test_a_name_that_is_given_while_the_run_is_being_kept_stays(make, trainer, library, of_the_saves):
    save, saves = library._real.save, []

    def save_late(run, learner=None):
        """Somebody renames it after it was said what is to be saved."""
        if len(saves) == of_the_saves:
            registry.rename(run.id, "After", owner="ada")
        saves.append(run)
        save(run, learner)

    library._real.save = save_late
    registry = make()
    trainer.allowed.release(3)
    job_id = registry.submit(RUN, owner="ada")
    registry.rename(job_id, "Before", owner="ada")
    wait_for(lambda: len(saves) == 2 and not registry.is_being_kept(job_id) and library.get(job_id).result)
    assert library.get(job_id).name == "After"


def test_what_was_stopped_or_failed_is_kept_with_what_it_has_and_what_never_began_is_not(make, trainer, library):
    registry = make()
    trainer.allowed.release(1)
    job_id = registry.submit(RUN, owner="ada")
    waits = registry.submit(Experiment(num_iterations=30, seed=2), owner="ada")
    wait_for(lambda: registry.snapshot(job_id).iteration == 10)
    for each in (job_id, waits):
        registry.stop(each, owner="ada")
    wait_for(lambda: library.get(job_id))
    assert (library.get(job_id).status, library.get(job_id).iteration) == (STOPPED, 10)
    failing = registry.submit(Experiment(num_iterations=30, seed=13), owner="ada")
    trainer.allowed.release(3)
    wait_for(lambda: registry.snapshot(failing).ended)
    assert (library.get(failing).status, library.get(failing).message) == (FAILED, "An unlucky seed.")
    assert library.get(waits) is None


def slow_work():
    """Reports that do not say how long they took, as those of verdicts and comparisons."""
    time.sleep(0.05)
    yield SimpleNamespace(iteration=1, done=True)


def test_how_long_a_verdict_took_is_kept_with_it(make, library):
    registry = make()
    job_id = registry.submit_work([RUN], slow_work, owner="ada", keep_as="verdict")
    wait_for(lambda: registry.snapshot(job_id).ended)
    assert 0.05 <= library.get(job_id).seconds < 100


def test_whoever_shares_a_run_has_their_own_in_the_library_and_its_learner_is_there_once(make, trainer, library):
    registry = make()
    ids = [registry.submit(RUN, owner=owner) for owner in ("ada", "bob")]
    trainer.allowed.release(3)
    wait_for(lambda: registry.snapshot(ids[0]).ended)
    ids.append(registry.submit(RUN, owner="cyd"))
    wait_for(lambda: library.get(ids[-1]))
    runs = [library.get(job_id) for job_id in ids]
    assert [run.owner for run in runs] == ["ada", "bob", "cyd"]
    assert len({run.learner_digest for run in runs}) == 1


def test_while_the_library_is_away_runs_go_on_and_afterwards_all_are_kept(make, trainer, library, monkeypatch):
    monkeypatch.setattr("dashboard.jobs.running.KEPT_SECONDS", 0.05)
    registry, library.is_away = make(), True
    trainer.allowed.release(9)
    ids = [registry.submit(Experiment(num_iterations=30, seed=seed), owner="ada") for seed in range(3)]
    for job_id in ids:
        wait_for(lambda job_id=job_id: registry.snapshot(job_id).ended)
        assert status(registry, job_id) == DONE
    assert make().snapshot(ids[0]) is None
    wait_for(lambda: library.tries > 5)
    library.is_away = False
    wait_for(lambda: all(library.get(job_id) for job_id in ids))


def test_a_run_that_cannot_be_kept_does_not_stand_in_the_way(make, trainer, library, monkeypatch, caplog):
    registry, save = make(), library._real.save

    def refuse_one(run, learner=None):
        if run.experiment.seed == 0:
            raise ValueError("No.")
        save(run, learner)

    monkeypatch.setattr(library._real, "save", refuse_one)
    trainer.allowed.release(6)
    ids = [registry.submit(Experiment(num_iterations=30, seed=seed), owner="ada") for seed in range(2)]
    wait_for(lambda: library.get(ids[1]))
    assert library.get(ids[0]) is None
    assert "could not be kept" in caplog.text


def test_what_is_not_there_is_not_asked_for_at_every_look(make, library):
    now = [0.0]
    keeper = Keeper(lambda: library, pack=learner_zip, clock=lambda: now[0])
    for _ in range(5):
        assert keeper.found("nobody") is None
    assert library.tries == 1
    now[0] = keeping.KNOWN_SECONDS + 1
    keeper.found("nobody")
    assert library.tries == 2
    for number in range(1000):
        keeper.found(f"guess{number}")
    assert len(keeper._known) <= keeping.MAX_KNOWN


def test_a_run_that_is_done_is_not_stopped_while_it_is_kept(make, trainer, library, monkeypatch):
    may_save, save, kept = threading.Event(), library._real.save, []

    def save_later(run, learner=None):
        kept.append(run.status)
        assert may_save.wait(100)
        save(run, learner)

    monkeypatch.setattr("dashboard.jobs.running.KEPT_SECONDS", 100.0)
    monkeypatch.setattr(library._real, "save", save_later)
    registry = make()
    trainer.allowed.release(3)
    job_id = registry.submit(RUN, owner="ada")
    wait_for(lambda: kept)
    registry.stop(job_id, owner="ada")
    may_save.set()
    wait_for(lambda: registry.is_free() and not registry.is_being_kept(job_id))
    assert status(registry, job_id) == library.get(job_id).status == DONE


def test_what_came_out_is_worked_out_once_however_often_it_must_be_kept(trainer, library):
    measured = []

    def measure(learner):
        library.is_away = True  # before its numbers are there
        measured.append(learner.iteration)
        return {"held_out": {"mean": [1.0]}}

    registry = JobRegistry(train=trainer, keeper=Keeper(lambda: library, pack=learner_zip, measure=measure))
    trainer.allowed.release(3)
    job_id = registry.submit(RUN, owner="ada")
    wait_for(lambda: measured)
    tries = library.tries
    wait_for(lambda: library.tries > tries + 2)
    library.is_away = False
    wait_for(lambda: library.get(job_id).result)
    registry.close()
    assert measured == [30]


def test_what_another_process_renames_and_deletes_is_seen_soon_and_what_is_away_stays(make, trainer, library):
    registry, now = make(), [0.0]
    trainer.allowed.release(3)
    job_id = registry.submit(RUN, owner="ada")
    wait_for(lambda: registry.snapshot(job_id).ended)
    wait_for(lambda: library.get(job_id).result)
    keeper = Keeper(lambda: library, pack=learner_zip, clock=lambda: now[0])
    learner = keeper.found(job_id).snapshot.learner
    library.rename(job_id, "ada", "Another's")
    tries = library.tries
    assert keeper.found(job_id).snapshot.name == "" and library.tries == tries
    now[0] += keeping.KNOWN_SECONDS
    found = keeper.found(job_id).snapshot
    assert found.name == "Another's" and found.learner is learner and library.tries == tries + 1
    now[0], library.is_away = now[0] + keeping.KNOWN_SECONDS, True
    assert keeper.found(job_id).snapshot.name == "Another's"
    now[0], library.is_away = now[0] + keeping.KNOWN_SECONDS, False
    library.delete(job_id, "ada")
    assert keeper.found(job_id) is None
