"""What the doctor finds, and that it finds nothing where all is well."""

import re
import time

import pytest
from sqlalchemy import text

from dashboard.runs import RunLibrary, forget_library, library
from dashboard.runs.__main__ import main
from maml_engine import __main__ as engine
from tests.dashboard.runs.examples import a_learner, a_run


@pytest.fixture
def kept(library):
    library.save(a_run("one"), a_learner())
    library.save(a_run("two"), a_learner())
    library.save(a_run("empty", experiment=None))
    library.enqueue("waits", "me", {})
    return library


def test_all_is_well(kept, database_url, capsys):
    found = kept.doctor()
    assert (found.runs, found.learners, found.learner_bytes, found.jobs) == (3, 1, len(a_learner()), 1)
    assert found.problems == ()
    assert main(["doctor", "--database", database_url]) == 0
    printed = capsys.readouterr().out
    assert "3 runs, 1 learners" in printed and "All is well." in printed


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("UPDATE learners SET content = curves FROM runs", "was altered after it was kept"),
        ("UPDATE learners SET size = 1", "was altered after it was kept"),
        ("UPDATE runs SET learner_digest = NULL", "is no run's"),
        ("UPDATE runs SET curves = history", "cannot be read|has lost"),
        ("UPDATE runs SET result = '{' WHERE id = 'one'", "Run one cannot be read"),
        ("UPDATE runs SET experiment = '{\"version\": 99}' WHERE id = 'one'", "Run one has an experiment that this MAML Lab"),
        ("UPDATE runs SET status = 'lost' WHERE id = 'one'", "status 'lost'"),
        ("UPDATE runs SET status = 'running' WHERE id = 'one'", "Run one is said to be running, but no process has it"),
        ("UPDATE jobs SET id = 'one'", "Run one is done, but its job is still in the queue"),
    ],
)
def test_what_is_not_whole_is_found(kept, database_url, damage, sentence, capsys):
    with kept.database.writing() as connection:
        connection.execute(text(damage))
    problems = kept.doctor().problems
    assert problems
    assert any(re.search(sentence, problem) for problem in problems), problems
    assert main(["doctor", "--database", database_url]) == 1
    assert "problems." in capsys.readouterr().out


def test_a_learner_that_does_not_open_and_a_job_without_a_process_are_found(library):
    library.save(a_run("one"), b"no learner at all")
    library.enqueue("job", "me", {})
    library.claim("gone", 0.01)
    time.sleep(0.05)
    does_not_open, no_process = sorted(library.doctor().problems, reverse=True)
    assert "does not open" in does_not_open and "Job job has no process: gone was to answer by" in no_process


def test_a_file_left_behind_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path))
    (tmp_path / "runs" / "mine").mkdir(parents=True)
    (tmp_path / "runs" / "mine" / ".learner.safetensors.x.part").write_text("")
    assert ["left behind" in problem for problem in RunLibrary().doctor().problems] == [True]


def test_the_engine_s_doctor_looks_at_the_library_where_it_is_told_to(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path))
    forget_library()
    try:
        library().save(a_run("one"), a_learner())
        assert engine.main(["doctor", "--import", "dashboard.runs"]) == 0
        assert "runs.db: 1 runs, 1 learners" in capsys.readouterr().out
        with library().database.writing() as connection:
            connection.execute(text("UPDATE learners SET size = 1"))
        assert engine.main(["doctor", "--import", "dashboard.runs"]) == 1
        assert "was altered after it was kept" in capsys.readouterr().out
    finally:
        forget_library()


def test_a_database_that_is_away_is_a_sentence(capsys):
    assert main(["doctor", "--database", "postgresql://lab:secret@127.0.0.1:1/lab"]) == 1
    printed = capsys.readouterr().err
    assert printed.startswith("The library of runs does not answer") and "secret" not in printed
