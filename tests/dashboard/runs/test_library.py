"""Runs kept, found, changed and removed, on SQLite and on PostgreSQL alike."""

import dataclasses
import hashlib
import math
import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from dashboard import runs
from dashboard.runs import Run, RunLibrary, tables
from tests.dashboard.runs.examples import SMALL, a_run


def test_a_run_comes_back_as_it_was(library):
    began = datetime(2026, 1, 31, 12, 0, 0, 123456, tzinfo=UTC)
    kept = a_run(
        "one", name="mine", note="two\nlines", iteration=5, seconds=1.5, created=began, ended=began + timedelta(hours=1)
    )
    library.save(kept, b"a learner")
    found = library.get("one")
    for field in dataclasses.fields(Run):
        if not field.name.startswith("learner"):
            np.testing.assert_equal(getattr(found, field.name), getattr(kept, field.name), field.name)
    assert (found.learner_digest, found.learner_bytes) == (hashlib.sha256(b"a learner").hexdigest(), 9)
    assert library.learner("one") == b"a learner"
    assert library.get("two") is None and library.learner("two") is None and library.export("two") is None


def test_a_run_may_be_almost_empty_and_have_diverged(library):
    library.save(Run(id="empty", owner="me"))
    library.save(a_run("nan", curves=np.full((3, 2), np.nan), result={"error": math.inf}, status="diverged"))
    assert library.get("empty").experiment is None and library.learner("empty") is None
    assert np.isnan(library.get("nan").curves).all() and library.get("nan").result == {"error": math.inf}


def test_a_run_that_was_altered_takes_no_others_with_it(library, caplog):
    for run_id, values in (("good", {}), ("arrays", {"curves": b"no arrays"}), ("words", {"result": "{no JSON"})):
        library.save(a_run(run_id))
        if values:
            with library.database.writing() as connection:
                connection.execute(tables.runs.update().where(tables.runs.c.id == run_id).values(values))
    assert [run.id for run in library.list("me")] == ["good"]
    assert library.get("arrays") is None and library.get("words") is None and library.export("words") is None
    assert "The run arrays cannot be read" in caplog.text
    assert len(library.doctor().problems) == 2 and library.delete("arrays", "me")


def test_only_its_owner_lists_renames_and_deletes_a_run_and_a_stranger_is_told_what_is_told_of_none(library):
    library.save(a_run("one"))
    for change in (library.rename, library.annotate):
        assert change("one", "me", "a\0\ud800b") and not change("one", "you", "c") and not change("none", "you", "c")
    assert library.get("one").name == library.get("one").note == "ab"
    assert [run.id for run in library.list("me")] == ["one"] == [run.id for run in library.list("you", also=["one", "' --"])]
    assert library.list("you") == [] and library.count("you") == 0 and library.count("you", ["one"]) == 1
    assert not library.delete("one", "you") and not library.delete("none", "you")
    assert library.delete("one", "me") and not library.delete("one", "me")


def test_what_is_no_id_is_that_of_no_run(library):
    library.save(a_run("one"))
    for run_id in ("", "a\0b", "\ud800", "x" * 10_000, "a' OR '1'='1", "../../etc/passwd", "%"):
        assert library.get(run_id) is None and library.learner(run_id) is None
        assert not library.rename(run_id, "me", "x") and not library.delete(run_id, "me")
        assert not library.ask_to_stop(run_id, "me") and len(library.list("me", also=[run_id])) == 1
        with pytest.raises(ValueError, match="id must be letters"):
            library.save(a_run(run_id))


def test_the_newest_comes_first_and_lists_have_pages(library):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    for number in range(7):
        library.save(a_run(f"run{number}", created=moment + timedelta(minutes=number)))
    assert [run.id for run in library.list("me", limit=3)] == ["run6", "run5", "run4"]
    assert [run.id for run in library.list("me", limit=3, offset=5)] == ["run1", "run0"]
    first = library.list("me", limit=1)[0]
    assert first.curves.shape == (3, 2) and first.history.shape == (0, 3)  # the history is left to `get`


def test_a_run_is_replaced_by_what_has_become_of_it_and_keeps_what_its_owner_wrote(library):
    library.save(a_run("one", status="running", name="first"), b"early")
    library.annotate("one", "me", "a note")
    library.save(a_run("one", status="done", experiment=None), b"late")
    found = library.get("one")
    assert (found.status, found.name, found.note, found.experiment) == ("done", "first", "a note", SMALL)
    assert library.learner("one") == b"late" and library.doctor().learners == 1  # nothing is left of the early one
    library.save(a_run("one", status="done"))
    assert library.learner("one") == b"late"
    with pytest.raises(ValueError, match="another's"):
        library.save(a_run("one", owner="you"), b"theirs")
    assert library.get("one").owner == "me" and library.doctor().learners == 1


def test_the_same_learner_is_kept_once_and_goes_with_the_last_run_that_has_it(library):
    for run_id in ("one", "two"):
        library.save(a_run(run_id), b"the same")
    assert library.doctor().learners == 1
    library.delete("one", "me")
    assert library.learner("two") == b"the same"
    library.delete("two", "me")
    assert library.doctor().learners == 0


def test_a_learner_is_never_lost_to_a_deletion_at_the_same_time(library):
    """One thread keeps runs of one learner, the other deletes them as they come."""
    count, errors = 12, []

    def save():
        try:
            for number in range(count):
                library.save(a_run(f"kept{number}"), b"the same")
        except Exception as error:
            errors.append(error)

    def remove():
        try:
            for number in range(count):
                library.save(a_run(f"gone{number}"), b"the same")
                assert library.delete(f"gone{number}", "me")
                if number % 2:
                    library.delete(f"kept{number // 2}", "me")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for work in (save, remove)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert all(library.learner(run.id) == b"the same" for run in library.list("me", limit=1000))
    assert library.doctor().learners == 1


def test_a_long_history_is_thinned_and_ends_where_it_ended(library):
    history = np.stack([np.arange(1, 2501), np.ones(2500), np.ones(2500)], axis=1)
    library.save(a_run("one", history=history))
    kept = library.get("one").history
    assert len(kept) <= runs.MAX_POINTS and kept[-1, 0] == 2500 and (np.diff(kept[:, 0]) > 0).all()


def test_words_are_as_long_as_they_may_be(library):
    library.save(a_run("one", name="n" * 10_000, note="x" * 100_000, message="m" * 100_000))
    found = library.get("one")
    assert (len(found.name), len(found.note)) == (runs.MAX_NAME, runs.MAX_NOTE)


def test_a_process_has_one_library(tmp_path, monkeypatch):
    runs.forget_library()
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path))
    assert runs.library() is runs.library()
    assert runs.library().trouble() == ""
    assert (tmp_path / "runs.db").is_file()
    runs.forget_library()


def test_two_libraries_of_one_database_see_each_other(library, database_url):
    other = RunLibrary(database_url)
    library.save(a_run("one"), b"x")
    assert other.learner("one") == b"x"
    other.close()
