"""The figures of the Compare page: numbers in, numbers out."""

import numpy as np
import pytest

from dashboard.figures import compare as figures
from dashboard.figures.style import method_colour
from dashboard.results import Band, Difference, Fit, Row


def test_the_budget_figure_has_a_line_and_a_band_for_each_method_and_references_across():
    x = np.array([0.0, 10.0])
    bands = {
        "maml": Band(x, np.array([3.0, 1.0]), np.array([2.0, 0.5]), np.array([4.0, 2.0])),
        "fomaml": Band(x, *[np.array([3.0, 2.0])] * 3),  # one seed: no band
    }
    figure = figures.budget_figure(bands, {"oracle": 0.01}, "gradients", 5)
    oracle, maml_band, maml, fomaml = figure.data
    assert list(oracle.y) == [0.01, 0.01]
    assert list(oracle.x) == [0, 10]
    assert list(maml_band.y) == [4, 2, 0.5, 2]
    assert list(maml.y) == [3, 1]
    assert (maml.line.color, maml.line.dash) == (method_colour("maml"), "solid")
    assert (fomaml.line.color, fomaml.line.dash) == (method_colour("fomaml"), "dash")
    assert "gradients" in figure.layout.xaxis.title.text
    assert "after 5 steps" in figure.layout.yaxis.title.text
    assert figure.layout.yaxis.type == "log"
    low, high = 10 ** np.array(figure.layout.yaxis.range)
    assert 0.005 < low < 0.01
    assert 4 < high < 10
    figure = figures.budget_figure(bands, {"oracle": 1e-12}, "gradients", 5)  # out of sight, where it would squash the rest
    assert 10 ** figure.layout.yaxis.range[0] > 0.1
    assert not figures.budget_figure({}, {}, "seconds", 1).data


def test_a_method_that_blew_up_leaves_a_gap_and_no_error():
    loss = np.array([3.0, np.nan, np.inf])
    figure = figures.budget_figure({"boil": Band(np.arange(3.0), loss, loss, loss)}, {}, "iterations", 1)
    assert list(figure.data[0].y) == [3.0]


def test_losses_carry_their_intervals_best_on_top():
    rows = [Row("oracle", 0.1, 0.05, 0.15), Row("maml", 1.0, 0.8, 1.3), Row("boil", np.nan, np.nan, np.nan)]
    figure = figures.losses_figure(rows, 1)
    assert [trace.y[0] for trace in figure.data] == ["MAML", "Oracle"]  # drawn from below
    assert figure.data[0].error_x.array[0] == pytest.approx(0.3)
    assert figure.data[0].error_x.arrayminus[0] == pytest.approx(0.2)
    left, right = figure.layout.xaxis.range
    assert left < 0 < 1.3 < right < 1.5  # from 0, at which a dot is seen whole
    assert not figures.losses_figure([], 1).data


def test_a_method_that_was_ranked_before_it_had_learned_is_marked():
    rows = [Row("maml", 2.5, 2.0, 3.0, fall=0.4), Row("reptile", 1.8, 1.5, 2.0, fall=0.02), Row("oracle", 0.1, 0.0, 0.2)]
    figure = figures.losses_figure(rows, 1)
    assert [trace.y[0] for trace in figure.data] == ["Oracle", "Reptile", "MAML<br>not converged"]


def test_differences_stand_beside_a_line_at_zero():
    figure = figures.differences_figure([Difference("anil", -0.4, -0.5, -0.3, 0.9)], "maml", 3)
    assert figure.data[0].x[0] == -0.4
    assert figure.layout.shapes[0].x0 == 0
    assert "minus MAML's" in figure.layout.xaxis.title.text
    assert not figures.differences_figure([], "maml", 1).data


def test_the_same_tasks_are_drawn_under_each_method():
    x = np.linspace(-5, 5, 4)
    fits = {
        name: [Fit(x, 2 * np.ones(4), x[:2], np.zeros(2), np.full((3, 4), value)) for _ in range(4)]
        for name, value in (("maml", 1.0), ("anil", -1.0))
    }
    figure = figures.tasks_figure(fits, 2)
    truth, maml, anil, points = figure.data[:4]
    assert len(figure.data) == 4 * 4
    assert list(truth.y) == [2] * 4
    assert (list(maml.y), maml.line.color) == ([1.0] * 4, method_colour("maml"))
    assert (list(anil.y), anil.line.color) == ([-1.0] * 4, method_colour("anil"))
    assert list(points.x) == list(x[:2])
    assert figure.layout.yaxis.range[1] == 2.5
    assert not figures.tasks_figure({}, 1).data
