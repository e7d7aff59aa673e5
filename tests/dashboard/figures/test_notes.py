"""The figures of the Notes page: numbers in, numbers out."""

import math

import numpy as np

from dashboard.figures import notes as figures


def test_the_boards_picture_marks_what_fails():
    figure = figures.board_figure(["a", "b", "c"], [1e-12, 0.0, math.nan], [1e-10, 0.0, 1e-3])
    measured = figure.data[-1]
    assert list(measured.marker.color) == [figures.AFTER, figures.AFTER, figures.WRONG]
    assert measured.x[1] == figures.MIN_ERROR
    assert list(measured.y) == ["a", "b", "c"]
    assert len(figures.board_figure([], [], []).data[-1].x) == 0


def test_the_published_picture_holds_both_intervals():
    figure = figures.published_figure(["a", "b"], [0.9, 0.67], [0.16, None], [(0.7, 0.6, 0.85), (0.6, 0.5, 0.7)])
    printed, ours = figure.data
    assert list(printed.error_x.array) == [0.16, 0]
    np.testing.assert_allclose(ours.error_x.array, [0.15, 0.1])
    np.testing.assert_allclose(ours.error_x.arrayminus, [0.1, 0.1])
    assert figures.published_figure([], [], [], []).data[1].x.size == 0
