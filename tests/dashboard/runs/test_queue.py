"""Jobs of several processes on one database: each is taken once, and who has slept past the lease writes nothing."""

import threading
import time

import pytest
from sqlalchemy import select, update

from dashboard.runs import Heard, Held, RunLibrary
from dashboard.runs.tables import job_states
from tests.dashboard.runs.examples import a_run


def test_a_job_is_taken_once_and_ends_with_its_run(library):
    library.enqueue("one", "me", {"experiment": {"seed": 3}})
    claim = library.claim("a", 60)
    assert (claim.id, claim.owner, claim.request, claim.lease_number) == ("one", "me", {"experiment": {"seed": 3}}, 1)
    assert library.claim("b", 60) is None
    assert library.write(a_run("one", status="running"), lease_number=1) and library.get("one").status == "running"
    assert [job.worker for job in library.waiting()] == ["a"]
    assert library.write(a_run("one", status="done"), b"learner", lease_number=1)
    assert library.waiting() == [] and library.learner("one") == b"learner"
    assert not library.write(a_run("one", status="running"), lease_number=1)  # it has ended


def test_who_has_slept_past_the_lease_writes_nothing(library):
    library.enqueue("one", "me", {})
    sleeper = library.claim("sleeper", 0.05)
    time.sleep(0.1)
    assert library.write(a_run("one", status="running"), lease_number=sleeper.lease_number)  # nobody else has it yet
    taken = library.claim("other", 60)
    assert (taken.id, taken.lease_number) == ("one", sleeper.lease_number + 1)
    assert library.write(a_run("one", status="running", iteration=100), b"other", lease_number=taken.lease_number)
    assert not library.renew({"one": Held(sleeper.lease_number, progress=b"asleep", snapshot=b"asleep")}, 60)
    assert not library.write(a_run("one", status="done", iteration=7), b"sleeper", lease_number=sleeper.lease_number)
    assert library.get("one").iteration == 100 and library.learner("one") == b"other"
    assert library.doctor().learners == 1
    assert library.under_way("one").progress is None
    assert library.renew({"one": Held(taken.lease_number)}, 60)


def test_a_lease_that_is_renewed_goes_on(library):
    library.enqueue("one", "me", {})
    claim = library.claim("a", 0.3)
    for _ in range(4):
        time.sleep(0.1)
        assert library.renew({"one": Held(claim.lease_number)}, 0.3)
    assert library.claim("b", 1) is None


def test_next_is_whoever_has_fewest_under_way_then_the_oldest(library):
    for number in range(3):
        library.enqueue(f"greedy{number}", "greedy", {})
    library.enqueue("modest", "modest", {})
    order = [library.claim("w", 60).id for _ in range(4)]
    assert order == ["greedy0", "modest", "greedy1", "greedy2"]


def test_a_job_is_stopped_by_its_owner_alone(library):
    for name in ("waits", "runs"):
        library.enqueue(name, "me", {})
    assert library.claim("w", 60).id == "waits"
    for stranger in ("you", ""):
        assert not library.ask_to_stop("waits", stranger) and not library.ask_to_stop("runs", stranger)
    assert not library.ask_to_stop("none", "me")
    assert library.ask_to_stop("runs", "me") and library.ask_to_stop("waits", "me")
    assert library.renew({"waits": Held(1), "runs": Held(0)}, 60) == {"waits": Heard(stop=True, unseen=None)}
    assert [job.id for job in library.waiting()] == ["waits"]  # the other had not begun


def test_who_looks_sees_what_the_process_said_last_and_who_takes_over_goes_on_from_its_snapshot(library):
    library.enqueue("one", "me", {"experiment": {"seed": 3}}, worker="a", lease_seconds=60)
    first = library.under_way("one")
    assert (first.owner, first.request, first.is_held, first.progress) == ("me", {"experiment": {"seed": 3}}, True, None)
    assert library.renew({"one": Held(1, progress=b"a third", snapshot=b"state")}, 60)["one"].unseen is None
    library.look(["one", "none", "no id"])
    assert 0 <= library.renew({"one": Held(1, progress=b"half")}, 0.05)["one"].unseen < 60
    time.sleep(0.1)
    left = library.under_way("one")
    assert (left.is_held, left.progress) == (False, b"half")
    assert library.claim("b", 60).snapshot == b"state"
    assert library.write(a_run("one"), lease_number=2)
    assert library.under_way("one") is None and library.under_way("no id") is None
    with library.database.reading() as connection:
        assert connection.execute(select(job_states)).first() is None, "Gone with the job."


def test_an_altered_snapshot_is_not_handed_on_and_the_doctor_says_so(library):
    library.enqueue("one", "me", {}, worker="a", lease_seconds=60)
    library.renew({"one": Held(1, snapshot=b"state")}, 0.01)
    with library.database.writing() as connection:
        connection.execute(update(job_states).values(content=b"other"))
    time.sleep(0.05)
    assert any("snapshot of job one was altered" in problem for problem in library.doctor().problems)
    assert library.claim("b", 60).snapshot is None


def test_no_two_take_the_same_job(library, database_url):
    """Eight libraries, each as of a process of its own."""
    count, taken, errors = 20, [], []
    for number in range(count):
        library.enqueue(f"job{number}", f"owner{number % 5}", {})

    def work(name):
        own = RunLibrary(database_url)
        try:
            while (claim := own.claim(name, 60)) is not None:
                taken.append(claim.id)
        except Exception as error:
            errors.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    left = sum(job.worker is None for job in library.waiting())
    assert len(taken) == len(set(taken)) == count - left
    while library.claim("last", 60) is not None:
        left -= 1
    assert left == 0


def test_a_job_s_name_is_taken_once(library):
    library.enqueue("one", "me", {})
    with pytest.raises(ValueError, match="queue already"):
        library.enqueue("one", "me", {})
