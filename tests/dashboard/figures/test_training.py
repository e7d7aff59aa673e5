"""The figures of the Train page: numbers in, numbers out."""

import numpy as np

from dashboard.figures import style
from dashboard.figures import training as figures

HISTORY = np.stack([np.arange(1.0, 101), np.full(100, 2.0), np.full(100, 2.0)], axis=1)
CURVES = np.array([[3.0, 2.0, 1.0], [3.0, 1.0, 0.5]])


def test_smoothing_keeps_a_constant_and_starts_at_the_first_value():
    np.testing.assert_allclose(figures.smoothed(np.full(50, 2.5), 10), 2.5)
    assert figures.smoothed(np.array([4.0, 0.0]), 10)[0] == 4.0
    np.testing.assert_array_equal(figures.smoothed(np.array([1.0, 5.0, 2.0]), 1), [1.0, 5.0, 2.0])


def test_meta_loss_is_smoothed_over_raw_on_a_logarithmic_axis():
    figure = figures.meta_loss_figure(HISTORY, "#123456", num_iterations=500)
    raw, smooth = figure.data
    np.testing.assert_array_equal(raw.x, HISTORY[:, 0])
    np.testing.assert_allclose(smooth.y, 2.0)
    assert smooth.line.color == "#123456"
    assert smooth.line.width > raw.line.width
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis.title.text == "meta-loss (MSE)"
    assert tuple(figure.layout.xaxis.range) == (0, 500)


def test_the_fan_has_a_line_a_step():
    figure = figures.fan_figure(np.array([0, 50]), CURVES)
    assert [trace.name for trace in figure.data] == ["before", "after 1 step", "after 2 steps"]
    np.testing.assert_array_equal(figure.data[1].y, [2.0, 1.0])
    assert figure.data[0].line.color == style.BEFORE
    assert figure.data[-1].line.color == style.AFTER


def test_empty_figures_have_axes():
    for figure in (
        figures.meta_loss_figure(np.zeros((0, 3))),
        figures.fan_figure(np.zeros(0), np.zeros((0, 0))),
        figures.curve_figure(np.zeros(0), np.zeros(0), np.zeros(0)),
    ):
        assert len(figure.data) == 0
        assert figure.layout.xaxis.title.text
        assert figure.layout.yaxis.title.text


def test_the_family_shows_each_task_with_its_own_colours():
    x = np.linspace(-5, 5, 11)
    lines = np.zeros((6, 11))
    figure = figures.family_figure(
        x, lines, lines + 1, lines + 2, support_x=np.zeros((6, 3)), support_y=np.zeros((6, 3)), inner_steps=1
    )
    assert len(figure.data) == 24
    assert [trace.line.color for trace in figure.data[:3]] == [style.TRUTH, style.BEFORE, style.AFTER]
    assert [trace.showlegend for trace in figure.data[:5]] == [True, True, True, True, False]
    assert tuple(figure.layout.yaxis.range) == (-5.5, 5.5)


def test_a_band_is_drawn_between_its_ends():
    low, mean, high = np.array([[1.0, 0.5], [2.0, 1.0], [3.0, 1.5]])
    figure = figures.curve_figure(mean, low, high)
    np.testing.assert_array_equal(figure.data[0].y, high)
    np.testing.assert_array_equal(figure.data[1].y, low)
    assert figure.data[1].fill == "tonexty"
    assert figure.data[2].name == "MAML"


def test_predictions_lie_beside_the_line_where_they_would_be_right():
    figure = figures.prediction_figure(np.array([1.0, 3.0]), np.zeros(2), np.array([1.0, 3.0]), target="sst_c", inner_steps=5)
    assert [trace.name for trace in figure.data] == ["truth", "before", "after 5 steps"]
    assert figure.layout.xaxis.title.text == "true sst_c"
    assert list(figure.data[0].x) == [1.0, 3.0]


def test_right_answers_have_their_interval_and_the_line_of_guessing():
    at, accuracies = np.array([0, 50]), np.stack([np.full((2, 3), share) for share in (0.5, 0.4, 0.6)], axis=-1)
    accuracies[:, 1] = [[0.2, 0.1, 0.3], [0.9, 0.85, 0.95]]
    figure = figures.accuracy_fan_figure(at, accuracies, chance=0.2, colour="#123456", num_iterations=80)
    band, trained = figure.data[1], figure.data[2]
    assert [trace.name for trace in figure.data] == ["before", "95 % interval", "after 1 step", "after 2 steps"]
    np.testing.assert_allclose(trained.y, [20, 90])
    np.testing.assert_allclose(sorted(band.y), [10, 30, 85, 95])
    assert figure.layout.shapes[0].y0 == 20 and tuple(figure.layout.xaxis.range) == (0, 80)
    assert not figures.accuracy_fan_figure(np.zeros(0), np.zeros((0, 0, 3)), chance=0.5).data
    both = figures.run_figure(figures.meta_loss_figure(HISTORY), figures.accuracy_fan_figure(at, accuracies, chance=0.2))
    assert (both.layout.yaxis.type, both.layout.yaxis2.type) == ("log", "linear")
    assert both.layout.yaxis2.title.text == "right answers (%)"
