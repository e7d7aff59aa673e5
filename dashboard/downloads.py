"""What a visitor takes home: the learner, the curves, the same run as a Python script. Made in memory."""

import csv
import io
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dashboard.jobs import Snapshot
from maml_engine import Experiment, Learner
from maml_engine.home import home_folder

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from maml_engine.tables import TableLearner


def learner_zip(learner: "Learner | TableLearner", beside: Mapping[str, bytes] | None = None) -> bytes:
    """The learner's folder, to be unpacked and opened with `Learner.load`.

    Args:
      beside: files by name that lie next to the folder.
    """
    content = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="maml-lab-") as folder:
        learner.save(folder)
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(folder).iterdir()):
                archive.writestr(_entry(f"learner/{path.name}"), path.read_bytes())
            for name, rows in (beside or {}).items():
                archive.writestr(_entry(name), rows)
    return content.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    """A file of no date, so that the same content gives the same bytes."""
    return zipfile.ZipInfo(name, (2000, 1, 1, 0, 0, 0))


def save(learner: "Learner | TableLearner", name: str) -> Path:
    """Writes the learner's folder among this machine's runs.

    Raises:
      StorageError: the disk is full, or writing is not allowed.
    """
    folder = home_folder() / "runs" / name
    learner.save(folder)
    return folder


def curves_csv(snapshot: Snapshot) -> str:
    """One row a measurement: `iteration, curve, step, loss`; `curve` is "meta_loss", "meta_loss_mean" or "held_out"."""
    content = io.StringIO()
    rows = csv.writer(content, lineterminator="\n")
    rows.writerow(["iteration", "curve", "step", "loss"])
    for iteration, loss, mean in snapshot.history.tolist():
        rows.writerow([int(iteration), "meta_loss", "", repr(loss)])
        rows.writerow([int(iteration), "meta_loss_mean", "", repr(mean)])
    for iteration, curve in zip(snapshot.curve_iterations.tolist(), np.asarray(snapshot.curves).tolist(), strict=True):
        for step, loss in enumerate(curve):
            rows.writerow([iteration, "held_out", step, repr(loss)])
    return content.getvalue()


def figure_html(figure: "go.Figure") -> str:
    """The figure as a page of its own, which needs no network."""
    return figure.to_html(include_plotlyjs=True, full_html=True)


def script(experiment: Experiment) -> str:
    """The same run as a Python script that needs `maml_engine` alone."""
    changes = experiment.changes()
    arguments = "".join(f"    {name}={_literal(value)},\n" for name, value in changes.items())
    described = f"Experiment(\n{arguments})" if changes else "Experiment()  # the tutorial's own run"
    return (_TABLE_SCRIPT if experiment.tasks == "table" else _SCRIPT).format(
        digest=experiment.digest, experiment=described, tasks_arguments=_table_arguments(experiment)
    )


def _literal(value: object) -> str:
    """Python source for a field's value; `repr` escapes whatever a column may be called."""
    return repr(value)


def _table_arguments(experiment: Experiment) -> str:
    names = ("task", "inputs", "target", "log", "k_shot", "seed")
    return ", ".join(f"{name}=experiment.{name}" for name in names)


_SCRIPT = '''"""Run {digest} of MAML Lab. It needs `maml_engine` alone: python run.py"""

import jax

from maml_engine import Experiment, evaluate, train

experiment = {experiment}

for report in train(experiment):
    print(f"iteration {{report.iteration:>7,}}  meta-loss {{report.meta_loss[-1]:.4f}}", flush=True)

learner = report.result
learner.save("learner")
for row in evaluate(learner, jax.random.key(1), k_shot=experiment.k_shot).rows():
    print(row)
'''

_TABLE_SCRIPT = '''"""Run {digest} of MAML Lab. It needs `maml_engine` and the table: python run.py FILE.csv"""

import sys

import jax

from maml_engine import Experiment, evaluate, train
from maml_engine.tasks.table import Table

experiment = {experiment}

table = Table.read(sys.argv[1], {tasks_arguments})
if table.digest != experiment.data:
    sys.exit(f"{{sys.argv[1]}} is not the table of this run: its SHA-256 is {{table.digest}}.")

for report in train(experiment, tasks=table):
    print(f"iteration {{report.iteration:>7,}}  meta-loss {{report.meta_loss[-1]:.4f}}", flush=True)

learner = report.result
learner.save("learner")
for row in evaluate(learner, jax.random.key(1), k_shot=experiment.k_shot, tasks=table).rows():
    print(row)
'''
