"""The answers of a class: every answer is in a bar, and the bars stand at round numbers."""

import math

import numpy as np
import pytest

from dashboard.figures import lesson as figures


def test_each_choice_has_its_bar_also_without_an_answer():
    (bars,) = figures.choices_figure({0.0: 3, 2.0: 1}, ["MAML", "Reptile", "<b>neither</b>"]).data
    assert list(bars.x) == [3, 0, 1]
    assert list(bars.text) == ["3  (75%)", "0", "1  (25%)"]
    figure = figures.choices_figure({}, ["a", "b"])
    assert list(figure.data[0].x) == [0, 0]
    labels = figures.choices_figure({}, ["<b>neither</b>"]).layout.yaxis.ticktext
    assert labels == ("&lt;b&gt;neither&lt;/b&gt;",)


def test_the_first_choice_is_on_top():
    low, high = figures.choices_figure({}, ["a", "b", "c"]).layout.yaxis.range
    assert low > 2 and high < 0


@pytest.mark.parametrize("seed", range(20))
def test_every_answer_lies_in_a_bar_and_edges_are_round(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(10.0 ** rng.integers(-4, 5), 10.0 ** rng.integers(-3, 4), rng.integers(1, 200)).round(6)
    edges = figures.bins(values)
    assert np.histogram(values, edges)[0].sum() == len(values)
    width = edges[1] - edges[0]
    digit = width / 10.0 ** math.floor(math.log10(width * 1.0001))
    assert min(abs(digit - each) for each in (1, 2, 5, 10)) < 1e-6
    assert len(edges) <= 31


def test_few_whole_numbers_have_a_bar_each():
    assert figures.bins(np.array([1.0, 3.0])).tolist() == [0.5, 1.5, 2.5, 3.5]
    assert figures.bins(np.array([2.0]), 0, 4).tolist() == [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5]


def test_a_range_is_shown_whole_before_there_are_answers():
    edges = figures.bins(np.array([]), 0.0, 90.0)
    assert (edges[0], edges[-1]) == (0, 90)
    assert figures.bins(np.array([])).size > 1


@pytest.mark.parametrize("value", [0.0, 5.5, -1e12, 1e-9, 1e12])
def test_one_answer_has_a_bar(value):
    assert np.histogram([value], figures.bins(np.array([value])))[0].sum() == 1


def test_a_histogram_counts_the_answers_and_marks_the_middle():
    figure = figures.numbers_figure({0.25: 2, 0.75: 1}, unit="rad", low=0, high=1, median=0.25)
    bars = figure.data[0]
    assert sum(bars.y) == 3
    assert figure.layout.shapes[0].x0 == 0.25
    assert figure.layout.annotations[0].text == "median 0.25"
    assert figure.layout.xaxis.title.text == "answer (rad)"
    assert list(figure.layout.xaxis.range) == [0, 1]
    assert not figures.numbers_figure({}).layout.shapes


@pytest.mark.parametrize("values", [[0.3], [0.3, 0.3], [-8.6, -6.6], [0.1, 0.7], [1e4 + 0.3, 1e4 + 0.9]])
def test_no_answer_is_lost_on_an_end(values):
    values = np.array(values)
    assert np.histogram(values, figures.bins(values))[0].sum() == len(values)
