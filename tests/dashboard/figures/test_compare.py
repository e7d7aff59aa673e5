"""The figures of the Compare page: numbers in, numbers out."""

import numpy as np
import pytest

from dashboard.figures import closer_look as looks
from dashboard.figures import compare as figures
from dashboard.figures.style import TRUTH, method_colour
from dashboard.results import Band, Difference, Fit, Row
from maml_engine.analysis.method_diagnostics import (
    ContextMap,
    ImplicitError,
    LayerChange,
    PathAgainstChord,
    PlusPlusLook,
    StepField,
)


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
    assert not figures.losses_figure([], 1).data


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


def test_step_sizes_are_on_one_scale_that_is_symmetric_about_zero():
    field = StepField(("fc1", "fc2"), (np.array([[0.1, -0.3]]), np.array([[0.2], [0.0]])))
    one, two = looks.step_field_figure(field).data
    assert (one.zmin, one.zmax, two.zmin, two.zmax) == (-0.3, 0.3, -0.3, 0.3)
    middle = one.colorscale[1]
    assert middle[0] == 0.5
    assert one.colorscale[0][1] != one.colorscale[2][1]


def test_paths_are_drawn_beside_their_chord():
    paths = PathAgainstChord(np.array([[0, 0.7, 1]]), np.array([[0, 0.2, 0]]), np.array([2.0]), np.array([1.1]))
    chord, path = looks.paths_figure(paths).data
    assert (list(chord.x), list(chord.y)) == ([0, 1], [0, 0])
    assert list(path.y) == [0, 0.2, 0]
    assert not looks.paths_figure(None).data


def test_weights_have_a_line_for_each_step_that_counts():
    look = PlusPlusLook(np.array([0, 9]), np.array([[0, 0.5, 0.5], [0, 0, 1.0]]), ("fc1.bias",), np.array([[0.1, -0.2]]))
    first, last = looks.weights_figure(look).data
    assert (first.name, list(first.y)) == ("step 1", [0.5, 0])
    assert list(last.y) == [0.5, 1]
    (sizes,) = looks.step_sizes_figure(look).data
    assert (sizes.zmin, sizes.zmax, list(sizes.x)) == (-0.2, 0.2, [1, 2])
    assert not looks.step_sizes_figure(PlusPlusLook(look.iterations, look.weights, (), np.zeros((0, 2)))).data


def test_changes_are_means_with_the_middle_half():
    change = LayerChange(("fc1", "fc2"), np.array([[0.0, 1.0], [0.0, 3.0]]))
    (bars,) = looks.change_figure({"anil": change}).data
    assert list(bars.y) == [0, 2]
    np.testing.assert_allclose(bars.error_y.array, [0, 0.5])
    assert not looks.change_figure({}).data


def test_errors_are_drawn_for_both_ways():
    k = np.array([1, 2])
    error = ImplicitError(k, np.array([0.1, 0.01]), np.array([0.5, 0.0]), k, np.array([0.3, 0.2]), 1e-9)
    implicit, unrolled = looks.implicit_figure(error).data
    assert list(implicit.y) == [0.1, 0.01]
    assert np.isnan(unrolled.y[1])  # no zero on a logarithmic axis
    assert (implicit.line.dash, unrolled.line.dash) == ("solid", "dash")
    assert list(looks.cg_figure(error).data[0].y) == [0.3, 0.2]
    assert not looks.cg_figure(None).data
    assert not looks.implicit_figure(None).data


def test_contexts_are_coloured_by_what_made_the_tasks():
    contexts = ContextMap(np.array([[0.0, 1.0], [2.0, 3.0]]), 0.9)
    (dots,) = looks.contexts_figure(contexts, np.array([0.5, 4.5]), "amplitude").data
    assert list(dots.marker.color) == [0.5, 4.5]
    assert list(dots.x) == [0, 2]
    assert looks.contexts_figure(contexts, None, "amplitude").data[0].marker.color == method_colour("cavia")


def test_angles_that_are_none_are_left_out():
    figure = looks.angles_figure(np.array([10.0, 30.0, np.nan]))
    assert list(figure.data[0].x) == [10, 30]
    assert figure.layout.shapes[0].x0 == 20
    assert figure.layout.shapes[0].line.color == TRUTH
    assert not looks.angles_figure(np.full(2, np.nan)).data
