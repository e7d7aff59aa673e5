"""The figures of a verdict: numbers in, numbers out."""

import dataclasses
import json

import numpy as np
import pytest

from dashboard.figures import verdict as figures
from dashboard.figures.style import AFTER, BEFORE, TRUTH, method_colour
from maml_engine.tables import Curves, Effect, TaskCurve
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


def curves(kind="number", categories=()):
    tasks = tuple(
        TaskCurve(name, (1.0, 2.0, 3.0 + place), (0.5, 1.5), (1.1, 2.1)) for place, name in enumerate(("a", EVIL, "c"))
    )
    return Curves("x <b>", kind, categories, (0.0, 1.0, 2.0), (1.0, 2.0, 4.0), tasks, 9)


def test_one_tasks_curve_stands_out_with_its_rows():
    others, mean, own, rows = figures.curves_figure(curves(), EVIL, "y").data
    assert list(others.y) == [1, 2, 3, None, 1, 2, 5, None]
    assert (list(mean.y), list(own.y), list(rows.x), list(rows.y)) == ([1, 2, 4], [1, 2, 4], [0.5, 1.5], [1.1, 2.1])
    assert own.line.color == AFTER
    assert "<" not in own.name + rows.name + "".join(others.text)
    assert len(figures.curves_figure(curves(), "none of them", "y").data) == 2


def test_curves_over_orders_of_magnitude_have_a_logarithmic_axis():
    rows = tuple(2.0**power for power in range(14))
    own = TaskCurve("a", (1.0, 50.0, 8000.0), tuple(range(14)), rows)
    figure = figures.curves_figure(dataclasses.replace(curves(), tasks=(own,)), "a", "y")
    assert figure.layout.yaxis.type == "log"
    assert figures.curves_figure(curves(), "a", "y").layout.yaxis.type == "linear"


def test_curves_over_days_and_categories_have_their_axis():
    days = figures.curves_figure(curves("date"), "a", "y")
    assert list(days.data[1].x)[1] == "1970-01-02T00:00:00"
    named = figures.curves_figure(curves("text", ("u", "<i>", "w")), "a", "y")
    assert [*named.layout.xaxis.tickvals] == [0, 1, 2]
    assert "<" not in "".join(named.layout.xaxis.ticktext)


def test_inputs_that_move_the_target_most_come_first():
    effects = [Effect("a", "0", "1", 0.1, 0.2), Effect("b", "0", "1", -3.21456, 0.5, True)]
    rows = figures.effect_table(effects)
    assert [row["input"] for row in rows] == ["b (of the task)", "a"]
    assert rows[0]["moves by"] == -3.21


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
