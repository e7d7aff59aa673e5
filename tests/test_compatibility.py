"""What people took home earlier opens and runs with today's code: `tests/compatibility/README.md` says what is there.

And the names and shapes that code outside of this repository relies on.
"""

import ast
import importlib
import inspect
import json
import math
import re
import runpy
import shutil
import sys
from pathlib import Path
from urllib.parse import parse_qs

import jax
import numpy as np
import pytest
from flax import nnx
from streamlit.testing.v1 import AppTest

import maml_engine
from dashboard.widgets import links, session
from maml_engine import Experiment, Learner
from maml_engine.__main__ import main

ROOT = Path(__file__).resolve().parents[1]
KEPT = Path(__file__).with_name("compatibility")
EXPECTED = json.loads((KEPT / "expected.json").read_text())
LINKS = json.loads((KEPT / "links.json").read_text())
LATER_LINKS = json.loads((KEPT / "later_links.json").read_text())  # of pages that came later
PAGES = [*LINKS["pages"], *LATER_LINKS["pages"]]
# Dozens of meta-steps in 32 bits, on another processor and with other optimisations of the compiler.
CLOSE = {"rtol": 2e-3, "atol": 1e-4}


@pytest.fixture
def run(monkeypatch, tmp_path, capsys):
    """Runs a script in an empty folder as `python SCRIPT ARGUMENTS` does, and gives what it prints."""

    def run(path, *arguments):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [str(path), *map(str, arguments)])
        runpy.run_path(str(path), run_name="__main__")
        return capsys.readouterr().out

    return run


def numbers(rows):
    """Rows of numbers as an array; what was not there is NaN."""
    return np.array([[np.nan if value is None else value for value in row] for row in rows], float)


def agrees(printed, expected):
    """Holds a run's output, the meta-losses and then a row for each step, against what it once was."""
    *_, last = re.findall(r"meta-loss (\S+)", printed)
    np.testing.assert_allclose(float(last), expected["meta_loss"], **CLOSE)
    rows = [ast.literal_eval(line) for line in printed.splitlines() if line.startswith("{")]
    assert list(rows[0]) == ["step", "mean", "low", "high"]
    np.testing.assert_allclose(numbers(row.values() for row in rows), numbers(expected["rows"]), **CLOSE)


# Code that was downloaded.


def test_a_script_runs_to_the_same_numbers(run, tmp_path):
    agrees(run(KEPT / "run.py"), EXPECTED["run.py"])
    assert Learner.load(tmp_path / "learner").experiment.method == "metasgd"


def test_a_notebook_on_a_table_runs_to_the_same_numbers(run, tmp_path):
    cells = json.loads((KEPT / "run.ipynb").read_text())["cells"]
    script = tmp_path / "cells.py"
    script.write_text("\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"))
    shutil.copy(KEPT / "table.csv", tmp_path)
    agrees(run(script), EXPECTED["run.ipynb"])


def test_a_script_of_your_tasks_runs_to_the_same_verdict(run):
    printed = run(*(KEPT / name for name in ("your_tasks.py", "table.csv", "known.csv", "others.csv"))).splitlines()
    sentence, expected = printed[-4], EXPECTED["your_tasks.py"]
    number = r"-?\d+\.\d+"
    assert re.sub(number, "#", sentence) == re.sub(number, "#", expected["sentence"])
    (error, _, rest, *_), (was, _, rest_was, *_) = (
        [float(value) for value in re.findall(number, line)] for line in (sentence, expected["sentence"])
    )
    assert error <= was + 0.02 and rest <= rest_was + 0.02  # printed with two or three digits; ways have become better since
    predictions = np.array([line.split() for line in printed[-3:]], float)
    for (value, low, high), (_, low_was, high_was) in zip(predictions, expected["predictions"], strict=True):
        assert low <= value <= high and low_was <= value <= high_was


# What was saved.


def test_a_saved_learner_adapts_to_the_same_predictions():
    learner, expected = Learner.load(KEPT / "learner"), EXPECTED["learner"]
    assert learner.experiment.digest == expected["digest"]
    np.testing.assert_allclose(
        learner.adapt(expected["x"], expected["y"])(expected["x"]), expected["prediction"], rtol=1e-5, atol=1e-6
    )


def test_a_saved_table_learner_answers_the_command_that_its_page_gives(capsys):
    assert (
        main(["adapt", *(str(KEPT / name) for name in ("table_learner", "known.csv")), "--predict", str(KEPT / "others.csv")])
        == 0
    )
    header, *rows = capsys.readouterr().out.splitlines()
    expected_header, *expected = EXPECTED["table_learner"]
    assert header == expected_header
    cells, were = ([line.split(",") for line in lines] for lines in (rows, expected))
    np.testing.assert_allclose(np.array(cells, float), np.array(were, float), rtol=1e-4)


def test_a_runs_folder_is_evaluated_and_gone_on_with(tmp_path, capsys):
    def rows(curve):
        return numbers((row["step"], row["mean"], row["low"], row["high"]) for row in curve)

    def last_line():
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    expected = EXPECTED["run_folder"]
    assert main(["evaluate", str(KEPT / "run_folder"), "--num-tasks", "50", "--json"]) == 0
    np.testing.assert_allclose(rows(last_line()["curve"]), numbers(expected["evaluated"]), **CLOSE)

    folder = shutil.copytree(KEPT / "run_folder", tmp_path / "run_folder")
    assert main(["train", "--resume", str(folder), "--num-iterations", "200", "--json"]) == 0
    resumed = last_line()
    np.testing.assert_allclose(resumed["meta_loss"], expected["resumed"]["meta_loss"], **CLOSE)
    np.testing.assert_allclose(rows(resumed["curve"]), numbers(expected["resumed"]["rows"]), **CLOSE)


# Links.


def experiment_of(link):
    """What a link says of the run."""
    read = links.read(parse_qs(link.removeprefix("?")))
    assert not read.notes
    return Experiment(**read.values)


def as_then(experiment):
    """The fields that there were; those that came later have their defaults."""
    fields, defaults = (json.loads(one.to_json()) for one in (experiment, Experiment()))
    later = fields.keys() - LINKS["default"].keys()
    assert {name: fields[name] for name in later} == {name: defaults[name] for name in later}
    return {name: value for name, value in fields.items() if name not in later}


def test_a_link_that_says_nothing_is_the_same_experiment():
    """Links and files leave out what is the default."""
    assert as_then(Experiment()) == LINKS["default"]
    assert Experiment().digest == LINKS["default_digest"]


def test_a_link_with_every_field_is_read_to_the_same_experiment_and_written_the_same():
    kept = LINKS["every_field"]
    experiment = experiment_of(kept["link"])
    assert as_then(experiment) == kept["experiment"]
    assert experiment.digest == kept["digest"]
    assert links.address("", experiment.changes()) == kept["link"]


def test_every_page_has_a_link_here():
    assert {kept["page"] for kept in PAGES} == {path.stem for path in (ROOT / "pages").glob("*.py")}


@pytest.mark.parametrize("kept", PAGES, ids=lambda kept: f"{kept['page']}{kept['link'][4:40]}")
def test_a_link_opens_its_page_as_it_was(kept):
    experiment = experiment_of(kept["link"])
    changes = {name: value for name, value in as_then(experiment).items() if value != LINKS["default"][name]}
    assert changes == kept["experiment"]

    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=300)
    if kept["page"] != "home":
        app.switch_page(f"pages/{kept['page']}.py")
    app.query_params.update(parse_qs(kept["link"].removeprefix("?")))
    app.run()
    assert not app.exception
    assert not [note.value for note in app.info if "link" in note.value]
    renamed = session.RENAMED.get(kept["page"], {})
    assert {key: app.session_state[renamed.get(key, key)] for key in kept["state"]} == kept["state"]
    if session.VALID in app.session_state:
        assert app.session_state[session.VALID].changes() == experiment.changes()


# Names and shapes that code elsewhere relies on.


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (
            "maml_engine",
            "Batch Episode Sinusoid Table MAMLRegressor MLP Conv4 MAML FOMAML Reptile MetaSGD MAMLPlusPlus ANIL BOIL IMAML "
            "CAVIA MetaCurvature Experiment Report Learner train adapt evaluate meta_value_and_grad mean_squared_error "
            "softmax_cross_entropy Checkpoint R2D2 ALPaCA DKT PACOH CNP ProtoNet ProtoMAML UNICORN",
        ),
        (
            "maml_engine.tutorial",
            "MAMLRegressor inner_loop maml_meta_loss maml_train_step generate_sinusoid_task sample_task_data sample_task_batch "
            "train_maml evaluate_adaptation sample_tasks evaluate_on_new_tasks",
        ),
        ("maml_engine.tables", "Roles Settings judge read_sheet Verdict TableLearner"),
        ("maml_engine.tasks", "Sinusoid Table"),
        ("maml_engine.tasks.table", "Table"),
        ("maml_engine.experiment", "Experiment VERSION"),
        ("maml_engine.training", "train Report Checkpoint Diverged"),
        ("maml_engine.evaluation", "evaluate AdaptationCurves"),
        ("maml_engine.learner", "Learner Prediction"),
        ("maml_engine.methods", "METHODS MAML"),
    ],
)
def test_public_names_are_there(module, names):
    there = importlib.import_module(module)
    assert not [name for name in names.split() if not hasattr(there, name)]
    if module == "maml_engine":
        assert set(names.split()) <= set(there.__all__)


@pytest.mark.parametrize(
    ("function", "signature"),
    [
        ("Batch", "x, y, weight=None"),
        ("Episode", "support, query"),
        ("Sinusoid.sample", "self, key, meta_batch_size, k_shot, k_query"),
        ("Sinusoid.split", "self, name"),
        ("meta_value_and_grad", "method, model, episode, loss_fn, *, rule=None, iteration=0, key=None"),
        ("adapt", "method, model, support, inner_steps=None, loss_fn, *, rule=None"),
        ("train", "experiment, *, start=None, model=None, tasks=None"),
        # `k_query` is 100 where nothing is said, but for tasks of pictures, which there were none of.
        ("evaluate", "learner, key, num_tasks=600, k_shot=10, k_query=None, inner_steps=10, *, tasks=None, split='test'"),
        ("Learner.adapt", "self, x, y, inner_steps=None"),
        ("Learner.save", "self, folder"),
        ("Learner.load", "folder, model=None"),
    ],
)
def test_public_functions_take_what_they_took(function, signature):
    """Parameters under their names, in their order, by position up to the star; new ones may follow by keyword."""
    place = maml_engine
    for name in function.split("."):
        place = getattr(place, name)
    positional, _, keywords = signature.partition("*, ")
    parameters = inspect.signature(place).parameters
    for number, part in enumerate(filter(None, positional.split(", "))):
        name, has_default, default = part.partition("=")
        assert list(parameters)[number] == name
        assert parameters[name].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        assert not has_default or parameters[name].default == ast.literal_eval(default)
    for part in filter(None, keywords.split(", ")):
        name, _, default = part.partition("=")
        assert parameters[name].default == ast.literal_eval(default)


@pytest.mark.parametrize("name", sorted(maml_engine.methods.METHODS))
def test_every_method_takes_step_size_and_steps_first(name):
    method = maml_engine.methods.METHODS[name](0.02, 3)
    assert (method.inner_lr, method.inner_steps) == (0.02, 3)


def test_public_shapes():
    """The names together, once through: from tasks to an adapted module, which leaves its own untouched."""
    assert maml_engine.Sinusoid() == maml_engine.Sinusoid(amplitude=(0.1, 5.0), phase=(0.0, math.pi), x=(-5.0, 5.0))
    episode = jax.jit(lambda key: maml_engine.Sinusoid().sample(key, 4, 5, 7))(jax.random.key(0))
    assert (episode.support.x.shape, episode.query.y.shape) == ((4, 5, 1), (4, 7, 1))
    model = nnx.Linear(1, 1, rngs=nnx.Rngs(1))  # any module will do
    before = jax.tree.map(np.asarray, nnx.state(model, nnx.Param))
    method = maml_engine.MAML(inner_lr=0.01, inner_steps=2)
    loss, gradient = maml_engine.meta_value_and_grad(method, model, episode)
    assert loss.shape == ()
    assert jax.tree.structure(gradient.init) == jax.tree.structure(before)
    support = jax.tree.map(lambda leaf: leaf[0], episode.support)
    assert maml_engine.adapt(method, model, support)(support.x).shape == (5, 1)
    jax.tree.map(np.testing.assert_array_equal, before, nnx.state(model, nnx.Param))

    learner = Learner.untrained(Experiment(hidden_dim=8))
    assert learner.adapt(support.x, support.y)(support.x).shape == (5, 1)
    curves = maml_engine.evaluate(learner, jax.random.key(1), 20, 5, 10, 3)
    assert (curves.loss.shape, curves.mean.shape) == ((20, 4), (4,))
    low, high = curves.interval()
    assert (low <= curves.mean).all() and (curves.mean <= high).all()
