"""The figures of the Gradients page: numbers in, numbers out."""

import numpy as np
import pytest

from dashboard.figures import gradients as figures
from maml_engine.analysis import Agreement, Cost, FiniteDifferenceCheck, GradientComparison, GradientSweep


def comparison(steps=2):
    by_layer = Agreement(*(np.array(row) for row in ([3.0, 4.0], [1.0, 2.0], [0.5, 0.0], [60.0, 90.0])))
    overall, along = Agreement(5.0, 2.5, 0.9, 25.8), np.arange(steps + 1.0)
    both, layers = np.ones(3), ("fc1", "fc2")
    angles = 10 * along[::-1]
    return GradientComparison(steps, 0.7, both, both, layers, by_layer, overall, along + 1, along[:-1] + 0.5, angles)


def test_norms_stand_side_by_side_and_first_order_is_hatched():
    exact, first_order = figures.norms_figure(comparison()).data
    assert list(exact.x) == ["fc1", "fc2", "all"]
    np.testing.assert_array_equal(exact.y, [3, 4, 5])
    np.testing.assert_array_equal(first_order.y, [1, 2, 2.5])
    assert exact.marker.pattern.shape is None
    assert first_order.marker.pattern.shape == "/"


def test_angles_carry_their_cosines_and_the_right_angle_is_in_sight():
    figure = figures.angles_figure(comparison())
    np.testing.assert_array_equal(figure.data[0].y, [60, 90, 25.8])
    np.testing.assert_array_equal(figure.data[0].customdata, [0.5, 0, 0.9])
    assert list(figure.data[0].text) == ["60°", "90°", "26°"]
    assert figure.layout.yaxis.range[1] > 90
    assert "degrees" in figure.layout.yaxis.title.text


def test_corrections_are_read_backwards():
    figure = figures.corrections_figure(comparison())
    bars, first_order, vectors = figure.data
    np.testing.assert_array_equal(bars.y, [0.5, 1.5])
    np.testing.assert_array_equal(vectors.y, [1, 2, 3])
    assert set(first_order.y) == {3.0}
    assert (vectors.line.dash, first_order.line.dash) == ("solid", "dash")
    assert figure.layout.xaxis.range[0] > figure.layout.xaxis.range[1]


def test_without_inner_steps_there_are_no_corrections():
    assert len(figures.corrections_figure(comparison(0)).data) == 2
    assert list(figures.opening_figure(comparison(0)).data[0].y) == [0]


def sweep():
    loss = np.array([[3.0, 2.0, 100.0, 2.0], [2.0, 1.0, np.nan, np.nan]])
    return GradientSweep(np.array([0.001, 0.01, 0.1, 1.0]), np.array([1, 5]), np.full((2, 4), 30.0), np.full((2, 4), 0.5), loss)


def test_a_sweeps_lines_end_where_the_inner_loop_diverges():
    np.testing.assert_array_equal(figures.sound(sweep(), "angle"), [[30, 30, np.nan, np.nan]] * 2)


@pytest.mark.parametrize(("what", "value"), [("angle", 30.0), ("ratio", 0.5)])
def test_the_present_setting_stands_out_in_the_sweep(what, value):
    figure = figures.sweep_figure(sweep(), what, inner_steps=5, now=(0.01, value))
    one, five, now = figure.data
    assert (one.name, five.name) == ("K = 1", "K = 5")
    assert five.line.width > one.line.width
    assert (now.x[0], now.y[0]) == (0.01, value)
    np.testing.assert_array_equal(one.y[:2], [value, value])


def test_an_empty_sweep_is_empty_axes():
    figure = figures.sweep_figure(None, "angle", inner_steps=1, now=(0.01, 1.0))
    assert not figure.data
    assert figure.layout.xaxis.title.text == "inner step size α"


def test_what_is_right_lies_on_the_diagonal():
    check = FiniteDifferenceCheck(np.array([1.0, -2.0]), np.array([1.0, -2.0]), np.array([0.5, -1.0]))
    diagonal, first_order, exact = figures.check_figure(check).data
    np.testing.assert_array_equal(diagonal.x, diagonal.y)
    np.testing.assert_array_equal(exact.x, exact.y)
    np.testing.assert_array_equal(first_order.y, [0.5, -1.0])


def test_costs_are_drawn_in_milliseconds_and_megabytes():
    costs = [Cost(way, steps, 25, steps * 1e-3, steps * 10**6, 1.0) for way in figures.PASSES for steps in (5, 1)]
    for what in ("seconds", "temp_bytes"):
        figure = figures.cost_figure(costs, "inner_steps", what)
        assert [trace.name for trace in figure.data] == list(figures.PASSES)
        assert [trace.line.dash for trace in figure.data] == ["solid", "solid", "solid", "dash"]
        for trace in figure.data:
            assert list(trace.x) == [1, 5]
            np.testing.assert_allclose(trace.y, [1.0, 5.0])
    assert not figures.cost_figure([], "num_tasks", "seconds").data


def test_a_race_draws_each_method_in_its_colour():
    races = {"maml": (np.array([0, 10]), np.array([3.0, 0.5])), "fomaml": (np.array([0, 10]), np.array([3.0, 0.6]))}
    exact, first_order = figures.race_figure(races, "meta-iterations", y_title="loss").data
    assert (exact.line.dash, first_order.line.dash) == ("solid", "dash")
    assert exact.line.color != first_order.line.color
    np.testing.assert_array_equal(first_order.y, [3.0, 0.6])
    assert not figures.race_figure({}, "meta-iterations", y_title="loss").data
