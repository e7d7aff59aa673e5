"""Runs kept, found, changed and removed, on SQLite and on PostgreSQL alike."""

import hashlib

import numpy as np
import pytest

from dashboard.runs import Run, RunLibrary
from maml_engine import Experiment


@pytest.fixture
def library(database_url):
    library = RunLibrary(database_url)
    yield library
    library.close()


def a_run(run_id, owner="me", **changes):
    arrays = {"curve_iterations": np.arange(3), "curves": np.arange(6.0).reshape(3, 2), "history": np.ones((5, 3))}
    return Run(id=run_id, owner=owner, experiment=Experiment(seed=3), result={"error": [0.1, 0.2]}, **arrays, **changes)


def test_a_run_comes_back_as_it_was(library):
    library.save(a_run("one", name="mine", iteration=5), b"a learner")
    found = library.get("one")
    assert (found.name, found.iteration, found.experiment, found.result) == (
        "mine",
        5,
        Experiment(seed=3),
        {"error": [0.1, 0.2]},
    )
    np.testing.assert_array_equal(found.curves, np.arange(6.0).reshape(3, 2))
    assert found.history.shape == (5, 3)
    assert (found.learner_digest, found.learner_bytes) == (hashlib.sha256(b"a learner").hexdigest(), 9)
    assert library.learner("one") == b"a learner"
    assert library.get("two") is None and library.learner("two") is None


def test_only_its_owner_lists_renames_and_deletes_a_run(library):
    library.save(a_run("one"))
    for change in (library.rename, library.annotate):
        assert change("one", "me", "a\0b") and not change("one", "you", "c") and not change("none", "you", "c")
    assert library.get("one").name == library.get("one").note == "ab"
    assert [run.id for run in library.list("me")] == ["one"] == [run.id for run in library.list("you", also=["one", "'"])]
    assert library.list("you") == []
    assert not library.delete("one", "you") and library.delete("one", "me") and not library.delete("one", "me")
