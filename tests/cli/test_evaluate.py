"""`maml evaluate`."""

import dataclasses
import json

import numpy as np
import pytest

from maml_engine import Experiment, Learner
from maml_engine.tasks.images import omniglot_files
from tests.tasks.images.omniglot_archives import write_runs


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ("--num-tasks 0", "`num_tasks`"),
        ("--num-tasks many", "`num_tasks`"),
        ("--k-shot 0", "`k_shot`"),
        ("--inner-steps -1", "`inner_steps` must be a whole number >= 0, got -1"),
        ("--seed -1", "`seed`"),
        ("--data x.csv", "`--data` must be left out"),
    ],
)
def test_evaluate_refuses_numbers_out_of_range(run, trained, flags, complaint):
    code, _, err = run("evaluate", trained, *flags.split())
    assert code == 2
    assert complaint in err


def test_evaluate_prints_a_small_table(run, trained):
    code, out, _ = run("evaluate", trained, "--num-tasks", 5, "--inner-steps", 2)
    assert code == 0
    header, *rows = out.splitlines()[1:]
    assert header.split() == ["step", "mean", "loss", "95", "%", "interval"]
    assert [row.split()[0] for row in rows] == ["0", "1", "2"]


@pytest.fixture
def thirds(tmp_path):
    """A table of 12 tasks: which third of a line a point is in."""
    rng = np.random.default_rng(0)
    lines = [f"t{task},{x:.3f},{int(x * 3)}" for task in range(12) for x in [0.1, 0.5, 0.9, *rng.uniform(size=9)]]
    path = tmp_path / "thirds.csv"
    path.write_text("\n".join(["task,x,third", *lines]))
    return path


def test_a_table_of_labels_is_learned_with_accuracy(run, thirds, tmp_path):
    table = ["--tasks", "table", "--data", thirds, "--task", "task", "--inputs", "x", "--target", "third"]
    flags = ["--loss", "softmax_cross_entropy", "--k-shot", 5, "--num-iterations", 400, "--hidden-dim", 16, "--inner-lr", 0.1]
    code, _, err = run("train", *table, *flags, "--out", tmp_path / "run")
    assert code == 0, err
    _, out, _ = run("evaluate", tmp_path / "run", "--data", thirds)
    header, *rows = out.splitlines()[1:]
    assert header.split()[-4:] == ["accuracy", "95", "%", "interval"]
    mean, low, to, high = rows[1].split()[-4:]
    assert to == "to"
    assert float(low) <= float(mean) <= float(high)
    assert float(mean) > 0.7
    _, out, _ = run("evaluate", tmp_path / "run", "--data", thirds, "--json")
    assert 0.7 < json.loads(out)["curve"][1]["accuracy"] <= 1
    (tmp_path / "known.csv").write_text("x,third\n0.1,0\n0.2,0\n0.5,1\n0.6,1\n0.9,2")
    (tmp_path / "asked.csv").write_text("x\n0.05\n0.97")
    _, out, _ = run("adapt", tmp_path / "run", tmp_path / "known.csv", "--predict", tmp_path / "asked.csv")
    assert [line.split(",")[1] for line in out.splitlines()] == ["third", "0", "2"]


def test_labels_from_1_and_a_family_of_curves_are_refused_in_one_sentence(run, thirds, tmp_path):
    from_1 = tmp_path / "from_1.csv"
    from_1.write_text(thirds.read_text().replace(",2\n", ",3\n").replace(",0\n", ",1\n"))
    table = ["--tasks", "table", "--data", from_1, "--task", "task", "--inputs", "x", "--target", "third", "--k-shot", 5]
    code, _, err = run("train", *table, "--loss", "softmax_cross_entropy")
    assert code == 2
    assert "Column 'third' must hold labels, whole numbers from 0 on, where the loss is of classes, got" in err
    code, _, err = run("train", "--loss", "softmax_cross_entropy")
    assert code == 2
    assert "these tasks have one number a row" in err


# Pictures.

GLYPHS = Experiment(tasks="glyphs", n_way=2, k_shot=1, k_query=1, model="conv4", filters=2, loss="softmax_cross_entropy")


@pytest.fixture(scope="module")
def untrained(tmp_path_factory):
    """Folders of learners of one network, by method."""
    protonet = Learner.untrained(dataclasses.replace(GLYPHS, method="protonet"))
    learners = {"protonet": protonet, "maml": protonet.replace(experiment=GLYPHS)}
    folders = {name: tmp_path_factory.mktemp(name) for name in learners}
    for name, learner in learners.items():
        learner.save(folders[name])
    return folders


def test_a_learner_that_solves_is_evaluated_on_other_tasks_of_pictures(run, untrained):
    folder = untrained["protonet"]
    numbers = ("--num-tasks", 3, "--k-query", 2, "--inner-steps", 1)
    code, out, err = run("evaluate", folder, "--tasks", "glyphs", "--n-way", 4, *numbers, "--json")
    assert code == 0, err
    facts = json.loads(out)
    assert (facts["tasks"], facts["n_way"], facts["num_tasks"]) == ("glyphs", "4", 3)
    assert facts["curve"][0]["accuracy"] == pytest.approx(0.25, abs=0.3)
    assert {"accuracy_low", "accuracy_high"} <= facts["curve"][1].keys()


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ("--tasks glyphs --n-way 3", "`--tasks` must have 2 classes, for which this learner has outputs, got 3"),
        ("--n-way 1", "`n_way` must be a whole number >= 2"),
        ("--tasks sinusoid", "`tasks` must be one of glyphs, omniglot"),
        ("--tasks omniglot", "Omniglot is not on this machine"),
        ("--tasks omniglot_runs", "Omniglot is not on this machine"),
    ],
)
def test_tasks_that_a_learner_cannot_take_are_refused(run, untrained, tmp_path, monkeypatch, flags, complaint):
    monkeypatch.setenv("MAML_LAB_DATA", str(tmp_path))
    monkeypatch.setattr(omniglot_files, "SOURCE", "http://127.0.0.1:1")
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path))
    code, _, err = run("evaluate", untrained["maml"], *flags.split())
    assert code == 2
    assert complaint in err


def test_the_authors_runs_of_omniglot_are_tasks_of_their_own_number_of_classes(run, untrained, tmp_path, monkeypatch):
    monkeypatch.setenv("MAML_LAB_DATA", str(tmp_path))
    (tmp_path / "omniglot").mkdir()
    write_runs(tmp_path / "omniglot" / "one_shot_all_runs.zip")
    asked = ("--tasks", "omniglot_runs", "--inner-steps", 1, "--json")
    code, out, err = run("evaluate", untrained["protonet"], *asked)
    assert code == 0, err
    facts = json.loads(out)
    assert (facts["tasks"], facts["num_tasks"]) == ("omniglot_runs", 2)
    assert facts["curve"][0]["accuracy"] == pytest.approx(1 / 20, abs=0.1) and "accuracy" in facts["curve"][1]
    code, _, err = run("evaluate", untrained["maml"], *asked)
    assert code == 2 and "`--tasks` must have 2 classes, for which this learner has outputs, got 20" in err
    code, _, err = run("evaluate", untrained["protonet"], *asked, "--n-way", 5)
    assert code == 2 and "`--n-way` must be left out: each of Omniglot's runs is of 20 classes, got '5'" in err


def test_a_learner_of_functions_takes_no_pictures(run, trained):
    code, _, err = run("evaluate", trained, "--tasks", "glyphs")
    assert code == 2
    assert "`--tasks` must have rows of shape [1], got glyphs of [28, 28, 1]" in err
