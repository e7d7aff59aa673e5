"""What several figures draw alike."""

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.figures import parts, style


def test_a_band_runs_along_its_upper_end_and_back_along_the_lower_one():
    x, low, high = np.array([0.0, 1.0]), np.array([1.0, 2.0]), np.array([3.0, 5.0])
    band = go.Scatter(parts.band(x, low, high, fill="#123456", name="around"))
    assert list(zip(band.x, band.y, strict=True)) == [(0, 3), (1, 5), (1, 2), (0, 1)]
    assert (band.fill, band.fillcolor, band.line.width, band.mode, band.name) == ("toself", "#123456", 0, "lines", "around")


def test_a_dots_bar_goes_from_low_to_high():
    dot = go.Scatter(parts.dot_with_interval("one", 2.0, 1.5, 4.0, colour="#123456", marker={"size": 9}))
    assert (dot.x[0] - dot.error_x.arrayminus[0], dot.x[0] + dot.error_x.array[0]) == (1.5, 4.0)
    assert (dot.y[0], dot.marker.size, dot.marker.color, dot.error_x.color) == ("one", 9, "#123456", "#123456")


def test_labels_stand_in_their_order():
    figure = style.base_figure("x", "")
    parts.label_axis(figure, ["b", "a"])
    assert figure.layout.yaxis.categoryarray == ("b", "a")
    assert figure.layout.yaxis.range == (-0.6, 1.6)


@pytest.mark.parametrize("panel", range(7))
def test_what_is_placed_stays_in_its_panels_frame(panel):
    figure = parts.lay_out_panels(style.base_figure("x", "y"), [str(number) for number in range(7)], chosen=2)
    frame, title = figure.layout.shapes[panel], figure.layout.annotations[panel]
    x, y = parts.place(np.array([0.0, 1.0]), np.array([0.0, 1.0]), panel)
    assert frame.x0 < x[0] < x[1] < frame.x1
    assert frame.y0 < y[0] < y[1] < title.y < frame.y1
    assert (title.text, frame.line.color == style.AFTER) == (str(panel), panel == 2)
    assert (figure.layout.xaxis.range, figure.layout.yaxis.range) == ((0, 3), (-3, 0))


def test_joined_curves_have_a_gap_after_each():
    one, two = (np.array([1.0, 2.0]), np.array([3.0, 4.0])), (np.array([5.0]), np.array([6.0]))
    both = parts.joined([one, two])
    np.testing.assert_array_equal(both["x"], [1, 2, np.nan, 5, np.nan])
    np.testing.assert_array_equal(both["y"], [3, 4, np.nan, 6, np.nan])


def test_small_multiples_share_their_axes_and_are_found_by_number():
    look = {"row_height": 100, "room": 50, "spacing": 0.05, "y_limit": 2.0, "x_marks": (-1, 1)}
    figure = parts.small_multiples(4, columns=3, **look)
    assert figure.layout.height == 250
    figure.add_scatter(x=[0], y=[0], **parts.cell(3))
    assert (figure.data[0].xaxis, figure.data[0].yaxis) == ("x4", "y4")
    assert figure.layout.yaxis4.range == (-2, 2)
    assert (figure.layout.yaxis4.title.text, figure.layout.xaxis5.title.text) == ("y", "x")
    assert parts.small_multiples(0, columns=1, **look).layout.height == 150


def test_steps_are_counted_in_words():
    assert [parts.after_steps(steps) for steps in (0, 1, 2)] == ["after 0 steps", "after 1 step", "after 2 steps"]
