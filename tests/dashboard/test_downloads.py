"""What is taken home works at home."""

import csv
import io
import os
import subprocess
import sys
import zipfile

import numpy as np

from dashboard import downloads
from dashboard.jobs import DONE, Snapshot
from maml_engine import Experiment, Learner

SMALL = Experiment(num_iterations=5, meta_batch_size=2, hidden_dim=4, inner_lr=0.02, amplitude=(1.0, 2.0))


def test_the_learner_comes_back_from_its_archive(tmp_path):
    learner = Learner.untrained(SMALL)
    with zipfile.ZipFile(io.BytesIO(downloads.learner_zip(learner))) as archive:
        archive.extractall(tmp_path)
    loaded = Learner.load(tmp_path / "learner")
    x = np.linspace(-5, 5, 4)
    np.testing.assert_array_equal(loaded.adapt(x, np.sin(x))(x), learner.adapt(x, np.sin(x))(x))


def test_curves_hold_every_number():
    history = np.array([[1.0, 3.0, 3.5], [2.0, 2.0, 2.5]])
    snapshot = Snapshot(
        SMALL, DONE, history=history, curve_iterations=np.array([0, 2]), curves=np.array([[3.0, 1.0], [2.9, 0.1]])
    )
    rows = list(csv.DictReader(io.StringIO(downloads.curves_csv(snapshot))))
    assert len(rows) == 8
    assert rows[0] == {"iteration": "1", "curve": "meta_loss", "step": "", "loss": "3.0"}
    assert rows[-1] == {"iteration": "2", "curve": "held_out", "step": "1", "loss": "0.1"}


def test_the_script_describes_the_same_run():
    namespace = {}
    source = downloads.script(SMALL)
    described = source[source.index("experiment = ") : source.index("\n\nfor report")]
    exec(f"from maml_engine import Experiment\n{described}", namespace)
    assert namespace["experiment"] == SMALL


def test_a_column_cannot_smuggle_code_into_the_script():
    nasty = 'x", exec("print(1)") #\n"""'
    experiment = Experiment(tasks="table", data="0" * 64, task="t", inputs=(nasty,), target="{y}", model="mlp")
    source = downloads.script(experiment)
    namespace = {}
    described = source[source.index("experiment = ") : source.index("\n\ntable = ")]
    exec(f"from maml_engine import Experiment\n{described}", namespace)
    assert namespace["experiment"] == experiment
    compile(source, "run.py", "exec")


def test_the_script_runs_with_the_engine_alone(tmp_path):
    (tmp_path / "run.py").write_text(downloads.script(SMALL))
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        [sys.executable, "-W", "error", "run.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "iteration       5" in done.stdout
    assert Learner.load(tmp_path / "learner").iteration == 5
