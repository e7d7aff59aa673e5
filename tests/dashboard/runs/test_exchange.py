"""A run as one file: what goes out comes in, and a stranger's is refused in a sentence."""

import json
import random
import time
import zipfile

import numpy as np
import pytest

from dashboard.runs import RunLibrary, exchange, open_learner
from maml_engine import Experiment
from maml_engine.io.arrays import pack_arrays
from tests.dashboard.runs.examples import SMALL, a_learner, a_run
from tests.zips import unzipped, zipped


def test_what_goes_out_of_one_library_comes_into_another(library, tmp_path):
    library.save(a_run("one", name="mine", note="a\nnote", iteration=5), a_learner())
    other = RunLibrary(f"sqlite:///{tmp_path}/other.db")
    run = other.import_run(library.export("one"), "you")
    found = other.get(run.id)
    assert run.id != "one" and found.owner == "you"
    assert (found.name, found.note, found.iteration, found.experiment) == ("mine", "a\nnote", 5, SMALL)
    np.testing.assert_array_equal(found.curves, library.get("one").curves)
    assert other.learner(run.id) == library.learner("one") == a_learner()
    assert other.export(run.id) == library.export("one")
    assert open_learner(other.learner(run.id)).experiment == SMALL


def test_runs_without_a_learner_or_an_experiment_travel_too(library):
    library.save(a_run("one", experiment=None, kind="verdict", result={"error": {"mean": 1.0}}))
    run = library.import_run(library.export("one"), "you")
    assert (run.experiment, run.kind, library.learner(run.id)) == (None, "verdict", None)


GOOD = exchange.packed(a_run("one", name="mine"), a_learner())


def with_facts(**changes):
    files = unzipped(GOOD)
    return zipped(files | {"run.json": json.dumps(json.loads(files["run.json"]) | changes).encode()})


def with_curves(**changes):
    arrays = {"curve_iterations": np.arange(3), "curves": np.ones((3, 2)), "history": np.ones((5, 3))}
    return zipped(unzipped(GOOD) | {"curves.safetensors": pack_arrays(arrays | changes, {})})


def without(name):
    return zipped({other: part for other, part in unzipped(GOOD).items() if other != name})


def with_learner(content):
    facts = json.loads(unzipped(GOOD)["run.json"]) | {"learner": exchange.digest_of(content)}
    return zipped(unzipped(GOOD) | {"run.json": json.dumps(facts).encode(), "learner.zip": content})


def huge():
    return zipped({"run.json": b" " * 120_000_000}, zipfile.ZIP_DEFLATED)


BAD = {
    "nothing": (b"", "zip archive"),
    "no archive": (b"hello" * 100, "zip archive"),
    "cut off": (GOOD[:-10], "cut off|damaged"),
    "another archive": (zipped({"a.txt": b"x"}), "must hold run.json"),
    "no curves": (without("curves.safetensors"), "must hold run.json and curves"),
    "learner left out": (without("learner.zip"), "changed, left out or put in"),
    "learner of another run": (with_learner(a_learner(seed=4)), "another experiment"),
    "learner of another kind": (with_learner(zipped({"learner/x": b"x"})), "learner cannot be opened"),
    "learner that is none": (with_learner(b"x"), "zip archive"),
    "a bomb": (huge, "at most"),
    "no JSON": (zipped(unzipped(GOOD) | {"run.json": b"{"}), "must be JSON"),
    "deep JSON": (zipped(unzipped(GOOD) | {"run.json": b"[" * 100_000}), "must be JSON"),
    "a list": (zipped(unzipped(GOOD) | {"run.json": b"[]"}), "JSON object"),
    "no fields": (zipped(unzipped(GOOD) | {"run.json": b'{"format": 1, "learner": null}'}), "changed|missing"),
    "newer": (with_facts(format=2), "newer MAML Lab"),
    "kind": (with_facts(kind="<script>"), "`kind` must be one of"),
    "status": (with_facts(status="running"), "`status` must be one of"),
    "name": (with_facts(name=[1]), "`name` must be text"),
    "seconds": (with_facts(seconds=float("nan")), "`seconds` must be a number"),
    "iteration": (with_facts(iteration=10**400), "`iteration` must be a number|run.json must"),
    "created": (with_facts(created="yesterday"), "`created` must be a moment"),
    "field of an experiment": (with_facts(experiment={"evil": 1}), "evil"),
    "value of an experiment": (with_facts(experiment={"hidden_dim": 10**9}), "hidden_dim"),
    "kind of experiment": (with_facts(experiment=[1]), "JSON object"),
    "result": (with_facts(result="x" * 10), "`result` must be"),
    "large result": (with_facts(result={"x": "x" * 300_000}), "`result` must be|at most"),
    "words for curves": (with_curves(curves=np.array([["a", "b"]] * 3).view(np.uint32).astype(bool)), "as numbers"),
    "other curves": (with_curves(curves=np.ones((4, 2))), "must hold curves"),
    "other accuracies": (with_curves(accuracies=np.ones((3, 2, 2))), "must hold accuracies"),
    "long history": (with_curves(history=np.ones((2000, 3))), "must hold curves"),
    "wide history": (with_curves(history=np.ones((5, 4))), "must hold curves"),
    "altered curves": (zipped(unzipped(GOOD) | {"curves.safetensors": b"\0" * 100}), "curves.safetensors"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_stranger_s_file_is_refused_in_a_sentence(name, tmp_path):
    content, sentence = BAD[name]
    content = content() if callable(content) else content
    library = RunLibrary(f"sqlite:///{tmp_path}/runs.db")
    with pytest.raises(ValueError, match=sentence) as refused:
        library.import_run(content, "you")
    assert "\n" not in str(refused.value) and str(tmp_path) not in str(refused.value)
    assert library.count("you") == 0


def test_what_a_stranger_writes_is_cleaned_and_no_moment_lies_in_the_future(tmp_path):
    library = RunLibrary(f"sqlite:///{tmp_path}/runs.db")
    content = with_facts(name="a\0\u202e<b>" + "x" * 1000, created="9999-01-01T00:00:00", note="\x1b[31m")
    run = library.import_run(content, "you")
    assert len(run.name) <= 80 and "\0" not in run.name and "\x1b" not in run.note
    assert run.created.year < 9999


def test_names_in_an_archive_are_no_places(tmp_path, monkeypatch):
    """Nothing but a learner's own files is ever written, and those into a folder that goes."""
    monkeypatch.chdir(tmp_path)
    evil = unzipped(a_learner()) | {"learner/../../evil": b"x"}
    with pytest.raises(ValueError, match="within its own folder"):
        open_learner(zipped(evil))
    assert open_learner(zipped(unzipped(a_learner()) | {"learner/evil": b"x"})).experiment == SMALL
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_unpacked_one_sentence_says_so(monkeypatch):
    def full(path, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(exchange.Path, "write_bytes", full)
    with pytest.raises(ValueError, match="fails here: No space left on device") as refused:
        open_learner(a_learner())
    assert len(str(refused.value).splitlines()) == 1


def test_changed_bytes_are_noticed_or_change_nothing_that_is_kept():
    rng, began = random.Random(0), time.process_time()
    good, learner = exchange.unpacked(GOOD, "me")
    for _ in range(300):
        content = bytearray(GOOD)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        try:
            run, found = exchange.unpacked(bytes(content), "me")
        except ValueError as error:
            assert "\n" not in str(error)
            continue
        assert found == learner and run.experiment == good.experiment
        np.testing.assert_array_equal(run.curves, good.curves)
    assert time.process_time() - began < 60


def test_an_experiment_of_before_takes_todays_defaults():
    run = exchange.unpacked(with_facts(experiment={"seed": 3, "hidden_dim": 4, "num_layers": 1}), "me")[0]
    assert run.experiment == Experiment(seed=3, hidden_dim=4, num_layers=1)


def test_right_answers_travel_where_a_run_has_them(library):
    accuracies = np.linspace(0, 1, 18).reshape(3, 2, 3)
    library.save(a_run("pictures", accuracies=accuracies))
    library.save(a_run("functions"))
    kept = library.get("pictures")
    np.testing.assert_array_equal(kept.accuracies, accuracies)
    np.testing.assert_array_equal(library.import_run(library.export("pictures"), "me").accuracies, accuracies)
    assert not library.get("functions").accuracies.size
