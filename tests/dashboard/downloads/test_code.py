"""What is taken home works at home."""

import csv
import io
import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from dashboard.downloads import code
from dashboard.figures.style import base_figure
from dashboard.jobs import DONE, Snapshot
from maml_engine import Experiment, Learner

SMALL = Experiment(num_iterations=5, meta_batch_size=2, hidden_dim=4, inner_lr=0.02, amplitude=(1.0, 2.0))


def test_the_learner_comes_back_from_its_archive(tmp_path):
    learner = Learner.untrained(SMALL)
    with zipfile.ZipFile(io.BytesIO(code.learner_zip(learner))) as archive:
        archive.extractall(tmp_path)
    loaded = Learner.load(tmp_path / "learner")
    x = np.linspace(-5, 5, 4)
    np.testing.assert_array_equal(loaded.adapt(x, np.sin(x))(x), learner.adapt(x, np.sin(x))(x))


def test_curves_hold_every_number():
    history = np.array([[1.0, 3.0, 3.5], [2.0, 2.0, 2.5]])
    snapshot = Snapshot(
        SMALL, DONE, history=history, curve_iterations=np.array([0, 2]), curves=np.array([[3.0, 1.0], [2.9, 0.1]])
    )
    rows = list(csv.DictReader(io.StringIO(code.curves_csv(snapshot))))
    assert len(rows) == 8
    assert rows[0] == {"iteration": "1", "curve": "meta_loss", "step": "", "loss": "3.0"}
    assert rows[-1] == {"iteration": "2", "curve": "held_out", "step": "1", "loss": "0.1"}


def test_the_script_describes_the_same_run():
    namespace = {}
    source = code.script(SMALL)
    described = source[source.index("experiment = ") : source.index("\n\nfor report")]
    exec(f"from maml_engine import Experiment\n{described}", namespace)
    assert namespace["experiment"] == SMALL


def test_a_column_cannot_smuggle_code_into_the_script():
    nasty = 'x", exec("print(1)") #\n"""'
    experiment = Experiment(tasks="table", data="0" * 64, task="t", inputs=(nasty,), target="{y}", model="mlp")
    source = code.script(experiment)
    namespace = {}
    described = source[source.index("experiment = ") : source.index("\n\nfile = ")]
    exec(f"from maml_engine import Experiment\n{described}", namespace)
    assert namespace["experiment"] == experiment
    compile(source, "run.py", "exec")


def run_alone(source, folder):
    """The output of a Python that finds `maml_engine` and nothing else of ours."""
    (folder / "run.py").write_text(source)
    (folder / "maml_engine").symlink_to(os.path.join(os.getcwd(), "maml_engine"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "run.py"], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def code_cells(notebook):
    """Source of each code cell, in order."""
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("kind", ["script", "notebook"])
def test_a_run_as_code_runs_with_the_engine_alone(tmp_path, kind):
    made = getattr(code, kind)(SMALL)
    printed = run_alone("\n\n".join(code_cells(json.loads(made))) if kind == "notebook" else made, tmp_path)
    assert "iteration       5" in printed
    assert "'step': 1, 'mean'" in printed
    assert Learner.load(tmp_path / "learner").experiment == SMALL


def test_the_notebook_is_one():
    notebook = json.loads(code.notebook(SMALL))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    identities = [cell["id"] for cell in notebook["cells"]]
    assert len(set(identities)) == len(identities) == 5
    for cell in notebook["cells"]:
        assert cell["cell_type"] == "markdown" or (cell["outputs"], cell["execution_count"]) == ([], None)
        assert all(line.endswith("\n") for line in cell["source"][:-1])


def test_the_notebook_of_a_table_reads_it_from_beside():
    table = Experiment(tasks="table", data="0" * 64, task="t", inputs=("a",), target="y", model="mlp")
    source = "\n\n".join(code_cells(json.loads(code.notebook(table))))
    assert 'file = "table.csv"' in source
    compile(source, "notebook", "exec")


# A figure's numbers.


def numbers(figure):
    return list(csv.reader(io.StringIO(code.figure_csv(figure))))


def test_a_name_in_a_figures_numbers_is_no_formula():
    figure = base_figure("=1+1", "y")
    figure.add_scatter(x=["@task", "-2"], y=[-1.5, 2.0], name="=2+2")
    assert numbers(figure) == [["trace", "'=1+1", "y"], ["'=2+2", "'@task", "-1.5"], ["'=2+2", "-2", "2.0"]]


def test_a_figures_numbers_carry_the_axes_titles():
    figure = base_figure("inner step", "query loss (MSE)")
    figure.add_scatter(x=[0, 1, None, 2], y=np.array([3.0, 0.5, np.nan, 0.25], np.float32), name="MAML")
    figure.add_bar(y=[1.5], error_y={"type": "data", "array": [0.2], "arrayminus": [0.1]})
    assert numbers(figure) == [
        ["trace", "inner step", "query loss (MSE)", "y below", "y above"],
        ["MAML", "0", "3.0", "", ""],
        ["MAML", "1", "0.5", "", ""],
        ["MAML", "2", "0.25", "", ""],
        ["trace 2", "0", "1.5", "0.1", "0.2"],
    ]


def test_a_map_has_one_row_a_cell_and_panels_are_named():
    figure = make_subplots(1, 2)
    figure.add_trace(go.Heatmap(x=["a", "b"], y=[10, 20], z=[[1, 2], [3, np.nan]], name="map"), 1, 1)
    figure.add_scatter(x=[1], y=[2], row=1, col=2)
    assert numbers(figure) == [
        ["trace", "panel", "x", "y", "z"],
        ["map", "xy", "a", "10", "1"],
        ["map", "xy", "b", "10", "2"],
        ["map", "xy", "a", "20", "3"],
        ["map", "xy", "b", "20", ""],
        ["trace 2", "x2y2", "1", "2", ""],
    ]


def test_a_figure_without_traces_has_no_rows():
    assert numbers(base_figure("x", "y")) == [["trace", "x", "y"]]
