"""`maml train`: going on, ending early, tables."""

import csv
import io
import json
import re
import sys

import jax
import numpy as np
import pytest

from maml_engine import Checkpoint, Learner
from maml_engine.cli import run_folder
from maml_engine.io.arrays import load_arrays
from maml_engine.training import loop
from tests.cli.tables import TABLE, write_csv
from tests.processes import SMALL


def test_a_card_does_not_go_with_a_run_that_exists(trained, run):
    code, out, err = run("train", "--resume", trained, "--preset", "tutorial")
    assert (code, out) == (2, "")
    assert "`--preset` must be left out with `--resume`" in err


def test_resume_ends_bit_for_bit_where_an_uninterrupted_run_ends(run, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "SECONDS_BETWEEN_SAVES", 0.0)
    keep = run_folder.RunFolder.keep

    def keep_and_interrupt(self, report, losses):
        keep(self, report, losses)
        if report.iteration >= 50:
            monkeypatch.undo()
            raise KeyboardInterrupt

    monkeypatch.setattr(run_folder.RunFolder, "keep", keep_and_interrupt)
    code, _, err = run("train", "--num-iterations", "120", *SMALL, "--out", tmp_path)
    assert code == 130
    stopped = Checkpoint.load(tmp_path / "checkpoint").iteration
    assert 50 <= stopped < 120
    assert err == f"Interrupted. The snapshot of iteration {stopped} is in {tmp_path}: go on with --resume {tmp_path}.\n"

    code, out, _ = run("train", "--resume", tmp_path, "--json")
    assert code == 0
    assert f"Training from iteration {stopped} to 120..." in out
    for name in ("learner.safetensors", "experiment.json", "history.safetensors"):
        assert (tmp_path / name).read_bytes() == (trained / name).read_bytes(), name
    one, other = (Checkpoint.load(folder / "checkpoint") for folder in (tmp_path, trained))
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[name])
    losses = load_arrays(trained / "history.safetensors")[0]["meta_loss"]
    assert json.loads(out.splitlines()[-1])["meta_loss"] == pytest.approx(losses.mean(dtype=np.float64), abs=0)


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--inner-lr", "0.5"], "`inner_lr` is 0.01, this one's is 0.5"),
        (["--num-iterations", "7"], "`num_iterations` must be a whole number >= 120"),
    ],
)
def test_resume_refuses_flags_of_another_run(run, trained, flags, complaint):
    code, _, err = run("train", "--resume", trained, *flags)
    assert code == 2
    assert complaint in err


def test_a_finished_run_can_be_made_longer(run, trained, tmp_path):
    code, out, _ = run("train", "--resume", trained, "--num-iterations", "130", "--out", tmp_path)
    assert code == 0
    assert Learner.load(tmp_path).iteration == 130
    assert Learner.load(trained).iteration == 120
    assert "Iteration 130 |" in out


def test_divergence_exits_with_3_and_keeps_the_last_finite_snapshot(run, tmp_path, monkeypatch):
    monkeypatch.setattr("maml_engine.training.loop.FIRST_CHUNK", 1)
    flags = ["--num-iterations", "50", *SMALL, "--meta-optimizer", "sgd", "--meta-lr", "1e9"]
    code, _, err = run("train", *flags, "--out", tmp_path)
    assert code == 3
    assert re.fullmatch(r"error: The meta-loss is no longer a finite number at iteration \d+: lower `meta_lr`.*\n", err)
    learner = Learner.load(tmp_path)
    assert f"The snapshot of iteration {learner.iteration} is in {tmp_path}" in err
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(learner.meta))


def test_a_table_from_training_to_predictions(run, shops, tmp_path):
    folder = tmp_path / "learner"
    flags = [*TABLE, "--data", shops, *SMALL, "--inner-lr", "0.05", "--num-iterations", "150"]
    code, out, err = run("train", *flags, "--out", folder, "--json")
    assert code == 0
    assert "1 of 13 tasks left out" in err
    assert "'tiny'" in err
    assert re.search(r"Task shop \d+ \| Before: ", out)
    assert json.loads(out.splitlines()[-1])["num_tasks"] == 2  # 15 % of twelve, each once

    code, out, _ = run("evaluate", folder, "--data", shops, "--json")
    assert code == 0
    assert json.loads(out)["num_tasks"] == 2

    support = write_csv(
        tmp_path / "support.csv", ["sales", "week", "noise"], [[np.exp(3 + 0.05 * week), week, 0] for week in range(6)]
    )
    query = write_csv(tmp_path / "query.csv", ["noise", "city", "week"], [[0, "A", 3], [0, "B", 12]])
    code, out, _ = run("adapt", folder, support, "--predict", query)
    assert code == 0
    header, *rows = csv.reader(io.StringIO(out))
    assert header == ["week", "noise", "sales"]
    weeks = np.arange(6.0)
    expected = Learner.load(folder).adapt(np.stack([weeks, 0 * weeks], 1), 3 + 0.05 * weeks)([[3, 0], [12, 0]])
    np.testing.assert_allclose([float(row[2]) for row in rows], np.exp(expected[:, 0]), rtol=1e-5)  # in the file's own units

    code, _, err = run("adapt", folder, write_csv(tmp_path / "bad.csv", ["sales", "week"], [[1, 2]]), "--predict", query)
    assert code == 2
    assert "Column 'noise' must be one of the file's columns" in err

    code, out, _ = run("train", "--resume", folder, "--data", shops, "--num-iterations", "160")
    assert code == 0
    assert Learner.load(folder).iteration == 160


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (["--target", "profit", "--log", "profit"], "Column 'profit' must be one of the file's columns"),
        (["--inputs", "week,week"], "differ"),
        (["--log", "city"], "`log`"),
        (["--k-shot", "15"], "at least 3 tasks"),
        (["--log", "noise"], "must hold numbers > 0 for its logarithm"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(run, shops, changes, complaint):
    code, _, err = run("train", *TABLE, "--data", shops, *changes)
    assert code == 2
    assert complaint in err
    assert len(err.splitlines()) == 1


def test_tasks_of_pictures_take_their_network_and_loss_unless_told_otherwise(run, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "HELD_OUT_TASKS", 4)
    small = ["--n-way", 2, "--k-shot", 1, "--k-query", 1, "--meta-batch-size", 1, "--filters", 2, "--method", "protonet"]
    code, out, err = run("train", "--tasks", "glyphs", *small, "--num-iterations", 1, "--out", tmp_path / "run")
    assert code == 0, err
    lines = out.splitlines()
    assert re.fullmatch(r"Task 10 \| Right before: \d+\.\d% → After adapting: \d+\.\d%", lines[-2])
    experiment = Learner.load(tmp_path / "run").experiment
    assert (experiment.model, experiment.loss, experiment.n_way) == ("conv4", "softmax_cross_entropy", 2)


def test_a_run_is_tracked_and_the_tracker_hears_of_its_end(run, monkeypatch):
    heard = []

    def track(reports, to, *, complain):
        complain(f"to {to}")
        try:
            for report in reports:
                heard.append(report.iteration)
                yield report
        finally:
            heard.append("end")

    monkeypatch.setattr("maml_engine.training.track", track)
    code, out, err = run("train", "--num-iterations", "40", *SMALL, "--track", "mlflow", "--track", "tensorboard:folder")
    assert code == 0 and "EVALUATING" in out
    assert err.splitlines()[-2:] == ["to tensorboard:folder", "to mlflow"]
    assert heard[-4:] == [40, 40, "end", "end"]


def test_a_tracker_whose_library_is_missing_stops_before_training(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    code, out, err = run("train", "--track", "mlflow")
    assert (code, out) == (2, "")
    assert err == (
        'error: This needs the package mlflow-skinny, which is not installed: pip install "maml-engine[mlflow]" brings it.\n'
    )
