"""The figures of a verdict: numbers in, numbers out."""

import json

import numpy as np
import pytest

from dashboard.figures import verdict as figures
from dashboard.figures.style import AFTER, BEFORE, TRUTH, method_colour
from tests.small_verdict import EVIL, score, small_verdict, task_picture

VERDICT = small_verdict()


def test_errors_carry_their_intervals_best_on_top_in_units_or_relative():
    figure = figures.errors_figure(VERDICT, "metasgd", in_units=True)
    assert [trace.x[0] for trace in figure.data] == pytest.approx([1.6, 1.0, 0.4])  # drawn from below
    meta = figure.data[-1]
    assert meta.error_x.array[0] == pytest.approx(0.2)
    assert meta.error_x.arrayminus[0] == pytest.approx(0.1)
    assert meta.marker.color == method_colour("metasgd")
    assert figure.data[1].marker.color == method_colour("pooled") != TRUTH
    assert "y" in figure.layout.xaxis.title.text
    assert figures.errors_figure(VERDICT, "metasgd", in_units=False).data[-1].x[0] == 0.2


def test_differences_leave_the_meta_learner_out():
    figure = figures.differences_figure(VERDICT, "metasgd", in_units=True)
    assert [trace.x[0] for trace in figure.data] == pytest.approx([-1.2, -0.6])
    assert figure.layout.shapes[0].x0 == 0


def test_shots_show_the_meta_learner_and_the_best_of_the_rest_strong():
    figure = figures.shots_figure(VERDICT, "metasgd", in_units=True)
    by_name = {trace.name: trace for trace in figure.data}
    assert list(by_name["Meta"].y) == pytest.approx([1.2, 0.4, 0.2])
    assert by_name["Pooled"].y[2] is None
    assert by_name["Meta"].line.width == by_name["Pooled"].line.width > by_name["Support mean"].line.width
    assert figure.layout.shapes[0].x0 == 2


def test_a_fit_that_is_wrong_by_orders_of_magnitude_leaves_the_axis():
    wild = small_verdict(scores=(*VERDICT.scores, score("scratch", 0.9, -0.7, curve=(300.0, 40.0, 0.9))))
    assert figures.shots_figure(wild, "metasgd", in_units=False).layout.yaxis.range[1] < 2


def test_gains_are_sorted_and_losses_have_the_others_colour():
    (bars,) = figures.gains_figure(VERDICT).data
    assert list(bars.y) == [0.9, 0.6, -0.4]
    assert list(bars.marker.color) == [AFTER, AFTER, method_colour("pooled")]
    assert not figures.gains_figure(small_verdict(tasks=())).data


def test_tasks_have_a_panel_each_with_its_errors():
    figure = figures.tasks_figure(VERDICT.task_pictures, "x", "y")
    truth, before, after, support = figure.data
    assert (truth.marker.color, before.line.color, after.line.color) == (TRUTH, BEFORE, AFTER)
    assert np.isfinite(np.array(support.x, float)).sum() == 4
    assert figure.layout.annotations[0].text.endswith(f"{figures.task_error(task_picture('a'), 'before'):.2g} → 0")
    first = np.array(after.x, float)[:4]
    assert np.all(np.diff(first) > 0)  # along x, whatever the order of the rows
    assert figures.tasks_figure(VERDICT.task_pictures, "x", "y", as_lines=False).data[1].mode == "markers"
    assert not figures.tasks_figure([], "x", "y").data


def test_the_error_of_a_task_is_over_the_rows_that_were_no_support():
    assert figures.task_error(task_picture("a", shift=5.0), "after") == 5
    assert figures.task_error(task_picture("a"), "before") == pytest.approx(np.sqrt((10**2 + 20**2) / 2))


def test_the_table_of_tasks_begins_with_those_that_gain_most():
    assert [row["task"] for row in figures.task_table(VERDICT.tasks)] == ["c", "a", EVIL]


def test_no_figure_draws_a_strangers_tag():
    every = [
        *(figures.errors_figure(small_verdict(target=EVIL), "metasgd", in_units=unit) for unit in (True, False)),
        figures.gains_figure(small_verdict(target=EVIL)),
        figures.tasks_figure(VERDICT.task_pictures, EVIL, EVIL),
    ]
    for figure in every:
        assert "<b>bold" not in json.dumps(figure.to_plotly_json(), default=str)
