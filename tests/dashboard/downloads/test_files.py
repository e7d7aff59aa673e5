"""What is taken home is whole."""

import csv
import io
import zipfile

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard.downloads import files
from dashboard.figures.style import base_figure
from dashboard.jobs import DONE, Snapshot
from maml_engine import Experiment, Learner

SMALL = Experiment(num_iterations=5, hidden_dim=4, inner_lr=0.02)


def test_the_learner_comes_back_from_its_archive(tmp_path):
    learner = Learner.untrained(SMALL)
    with zipfile.ZipFile(io.BytesIO(files.learner_zip(learner))) as archive:
        archive.extractall(tmp_path)
    loaded = Learner.load(tmp_path / "learner")
    x = np.linspace(-5, 5, 4)
    np.testing.assert_array_equal(loaded.adapt(x, np.sin(x))(x), learner.adapt(x, np.sin(x))(x))


def test_curves_hold_every_number():
    history = np.array([[1.0, 3.0, 3.5], [2.0, 2.0, 2.5]])
    snapshot = Snapshot(
        SMALL, DONE, history=history, curve_iterations=np.array([0, 2]), curves=np.array([[3.0, 1.0], [2.9, 0.1]])
    )
    rows = list(csv.DictReader(io.StringIO(files.curves_csv(snapshot))))
    assert len(rows) == 8
    assert rows[0] == {"iteration": "1", "curve": "meta_loss", "step": "", "loss": "3.0"}
    assert rows[-1] == {"iteration": "2", "curve": "held_out", "step": "1", "loss": "0.1"}


def numbers(figure):
    return list(csv.reader(io.StringIO(files.figure_csv(figure))))


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


def test_a_switched_figure_gives_the_numbers_of_all_choices():
    figures = {unit: base_figure("x", f"error in {unit}").add_scatter(x=[1, 2], y=[unit, 3], name="=one") for unit in (1, 2)}
    rows = list(csv.reader(io.StringIO(files.figures_csv(figures))))
    assert rows[0] == ["shown", "trace", "x", "error in 1"]
    assert [(row[0], *row[2:]) for row in rows[1:]] == [("1", "1", "1"), ("1", "2", "3"), ("2", "1", "2"), ("2", "2", "3")]
    assert {row[1] for row in rows[1:]} == {"'=one"}
    (one,) = ({1: figure} for figure in list(figures.values())[:1])
    assert files.figures_csv(one) == files.figure_csv(one[1])
