"""The figures of a visitor's table and of a new task: numbers in, numbers out."""

import json

import numpy as np

from dashboard.downloads import files
from dashboard.figures import your_tasks as figures
from dashboard.figures.style import AFTER, method_colour
from tests.small_verdict import EVIL


def test_rows_are_a_line_for_each_task_the_first_one_strong():
    tasks = {"a": (np.array([2.0, 1.0]), np.array([5.0, 4.0])), EVIL: (np.array([1.0, 1.0]), np.array([0.0, 1.0]))}
    evil, first = figures.rows_figure(tasks, "x", "y").data
    assert (list(first.x)[:-1], list(first.y)[:-1], first.line.color) == ([1, 2], [4, 5], AFTER)
    assert evil.mode == "markers"  # an x twice: no line
    assert not figures.rows_figure({}, "x", "y").data


def test_the_other_tasks_are_one_trace_with_gaps_and_apart_in_the_file_of_numbers():
    tasks = {name: (np.array([1.0, 2.0]), np.array([value, value])) for value, name in enumerate("abc")}
    others, first = figures.rows_figure(tasks, "x", "y").data
    assert (first.name, others.name, list(others.text)) == ("a", "the other tasks", [*"ccc", *"bbb"])
    np.testing.assert_array_equal(others.y, [2, 2, np.nan, 1, 1, np.nan])
    lines = files.figure_csv(figures.rows_figure(tasks, "x", "y", are_apart=True)).splitlines()
    assert lines == ["trace,x,y", "c,1.0,2.0", "c,2.0,2.0", "b,1.0,1.0", "b,2.0,1.0", "a,1.0,0.0", "a,2.0,0.0"]


def test_categories_and_classes_are_named_on_their_axes():
    figure = figures.rows_figure({"a": (np.zeros(1), np.ones(1))}, "x", "y", categories=("<i>", "b"), classes=("no", "yes"))
    assert figure.layout.xaxis.ticktext == ("&lt;i&gt;", "b")
    assert figure.layout.yaxis.ticktext == ("no", "yes")


def test_predictions_have_a_band_and_bars():
    known = (np.array([1.0]), np.array([10.0]))
    rows = tuple(np.array([value]) for value in (2.0, 20.0, 18.0, 23.0))
    x = np.linspace(0, 3, 4)
    band, line, dots, points = figures.prediction_figure(known, rows, (x, x, x - 1, x + 1), titles=("x", "y"), nominal=0.9).data
    assert band.name == "90% interval"
    assert list(band.y) == [1, 2, 3, 4, 2, 1, 0, -1]
    assert list(line.y) == [0, 1, 2, 3]
    assert (dots.error_y.array[0], dots.error_y.arrayminus[0]) == (3, 2)
    assert list(points.y) == [10]
    empty = tuple(np.zeros(0) for _ in range(4))
    assert len(figures.prediction_figure(known, empty, None, titles=("x", "y"), nominal=0.9).data) == 1


def test_predicted_classes_are_named_and_have_no_bars():
    row = (np.zeros(1), np.ones(1), np.ones(1), np.ones(1))
    figure = figures.prediction_figure(
        (np.zeros(1), np.zeros(1)), row, None, titles=("x", "y"), nominal=0.9, classes=("<b>", "yes")
    )
    assert figure.data[0].error_y.array is None
    assert figure.layout.yaxis.ticktext == ("&lt;b&gt;", "yes")


def test_the_validation_curve_has_its_methods_colour():
    (line,) = figures.validation_figure([10, 20], [0.9, 0.5], "reptile").data
    assert list(line.y) == [0.9, 0.5]
    assert line.line.color == method_colour("reptile")


def test_no_figure_draws_a_strangers_tag():
    every = [
        figures.rows_figure({EVIL: (np.zeros(2), np.zeros(2))}, EVIL, EVIL),
        figures.prediction_figure((np.zeros(1),) * 2, (np.zeros(1),) * 4, None, titles=(EVIL, EVIL), nominal=0.9),
    ]
    for figure in every:
        assert "<b>bold" not in json.dumps(figure.to_plotly_json(), default=str)
