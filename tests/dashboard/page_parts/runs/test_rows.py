"""Runs as rows, lines and axes: pure functions."""

import dataclasses

import numpy as np
import pytest

from dashboard.page_parts.runs import rows
from dashboard.runs import Run
from maml_engine import Experiment


def a_run(run_id="a", losses=((3, 2, 1.5), (2.5, 1, 0.5)), **changes):
    fields = {name: changes.pop(name) for name in ("name", "note", "status", "kind", "owner") if name in changes}
    experiment = Experiment(**({"inner_steps": 2, "num_iterations": 100} | changes))
    curves = np.array(losses, float)
    at = np.linspace(0, 100, len(curves)).astype(int)
    return Run(
        id=run_id, **({"owner": "me"} | fields), experiment=experiment, iteration=100, curve_iterations=at, curves=curves
    )


MAML = a_run("maml", seed=1)
REPTILE = a_run(
    "reptile", [[3, 2, 1.6], [2.5, 1, 0.75]], method="reptile", inner_lr=0.1, name="big step", note="why  not\nbig?"
)
DIVERGED = a_run("diverged", [[3, 2, 1.6], [2.5, 1, np.nan]], inner_lr=0.5, status="diverged")
EMPTY = a_run("empty", np.zeros((0, 0)), status="stopped")
NEWER = Run(id="newer", owner="me")
ALL = [MAML, REPTILE, DIVERGED, EMPTY, NEWER]


def test_the_loss_is_that_after_the_steps_of_the_training():
    assert rows.losses(MAML).tolist() == [1.5, 0.5] and rows.held_out(MAML) == 0.5
    assert np.isnan(rows.held_out(DIVERGED)) and np.isnan(rows.held_out(EMPTY)) and len(rows.losses(NEWER)) == 0
    assert rows.steps_of(a_run(losses=[[3, 2]], inner_steps=5)) == 1  # no more were measured
    assert rows.steps_of(a_run(inner_steps=0)) == 1


@pytest.mark.parametrize(
    ("result", "found"),
    [
        ({"mean": [3, 2, 0.45], "low": [3, 2, 0.4], "high": [3, 2, 0.5]}, (0.45, 0.4, 0.5)),
        ({"mean": [3, 2, None], "low": [3, 2, None], "high": [3, 2, None]}, None),
        ({"mean": [3], "low": [3], "high": [3]}, None),
        ({"mean": "abc", "low": 1}, None),
        ("nonsense", None),
    ],
)
def test_what_was_measured_at_the_end_counts_and_a_strangers_file_may_say_anything(result, found):
    run = dataclasses.replace(MAML, result={"held_out": result})
    assert rows.measured(run) == found
    assert rows.held_out(run) == (0.45 if found else 0.5)
    assert rows.columns([run]).get("interval") == (["0.4 to 0.5"] if found else None)


def test_a_run_is_called_by_its_name_and_method():
    assert [rows.title(run) for run in ALL] == ["MAML", "big step (Reptile)", "MAML", "MAML", "Run of a newer MAML Lab"]
    assert rows.title(a_run(kind="verdict", name="shops")) == "shops (verdict on a table)"
    assert rows.words(MAML) == "MAML, 100 meta-iterations, α = 0.01, 2 inner steps, seed 1"


def test_names_in_a_picture_tell_its_runs_apart():
    assert rows.labels([MAML, REPTILE, DIVERGED]) == ["MAML, α = 0.01, seed 1", "big step", "MAML, α = 0.5, seed 0"]
    assert rows.labels([MAML, MAML]) == ["MAML", "MAML (2)"]


def test_cells_are_numbers_where_they_sort_as_numbers():
    cells = rows.columns(ALL)
    assert cells["inner_lr"] == [0.01, 0.1, 0.01 * 50, 0.01, None]
    assert cells[rows.HELD_OUT] == [0.5, 0.75, None, None, None]
    assert cells["curve"][:3] == [[1.5, 0.5], [1.6, 0.75], [1.6]]
    assert cells["note"][1] == "why not big?" and "tasks" not in cells and "against" not in cells
    assert len({len(column) for column in cells.values()}) == 1
    assert "tasks" in rows.columns([MAML, a_run(tasks="lines")])


def test_only_differences_beside_a_baseline():
    cells = rows.columns([MAML, REPTILE], only_differences=True)
    assert [name for name in cells if name in rows.FIELDS] == ["method", "inner_lr", "seed"]
    assert cells["method"] == ["MAML", "Reptile"]
    cells = rows.columns([MAML, REPTILE, EMPTY], MAML, only_differences=True)
    assert cells["name"][0] == "◆ MAML"
    assert cells["method"] == ["MAML", "Reptile", None]  # the baseline shows what it is, the others what is not like it
    assert cells["seed"] == [1, 0, 0]
    assert cells["against"] == [None, 0.25, None]
    assert not set(rows.columns([MAML, MAML], only_differences=True)) & set(rows.FIELDS)


def test_differences_from_the_baseline_are_spelt():
    assert rows.differences(REPTILE, MAML) == [
        ("method", "Reptile", "MAML"),
        ("inner_lr", "α = 0.1", "α = 0.01"),
        ("seed", "seed 0", "seed 1"),
    ]
    assert rows.differences(NEWER, MAML) == []


def test_a_small_picture_has_few_points_and_the_last_one():
    losses = np.linspace(3, 1, 301)
    thinned = rows.spark(a_run(losses=np.stack([losses] * 3, axis=1)))
    assert 20 <= len(thinned) <= rows.SPARK_POINTS and thinned[-1] == 1.0 and thinned[0] == pytest.approx(3, abs=0.1)


def test_a_run_keeps_its_colour_as_newer_ones_come():
    older = [a_run(str(number)) for number in range(12)]
    before = rows.colours(older, 12)
    after = rows.colours([a_run("new"), *older[:5]], 13)  # of which not all are shown
    assert {run.id: after[run.id] for run in older[:5]} == {run.id: before[run.id] for run in older[:5]}
    assert before["0"] != before["1"]


def test_a_baseline_is_drawn_though_it_is_not_chosen():
    lines = rows.lines([REPTILE, EMPTY], {"reptile": "#111111", "maml": "#222222"}, MAML)
    assert [(line.colour, line.is_baseline) for line in lines] == [("#222222", True), ("#111111", False)]
    assert [line.is_baseline for line in rows.lines([MAML, REPTILE], {}, MAML)] == [True, False]


def test_axes_are_of_what_differs_and_of_what_came_of_it():
    runs = rows.on_axes([*ALL, a_run("third", [[3, 2, 1], [2, 1, 0.6]], inner_lr=0.02)])
    assert [run.id for run in runs] == ["maml", "reptile", "third"]
    found = rows.axes(runs)
    assert [axis.name for axis in found] == ["method", "inner_lr", "seed", rows.HELD_OUT]
    method, inner_lr, seed, held_out = found
    assert list(method.words) == ["MAML", "Reptile"] and method.values.tolist() == [0, 1, 0]
    assert not inner_lr.is_log and not seed.is_log and held_out.values.tolist() == [0.5, 0.75, 0.6]
    wide = [a_run(str(number), hidden_dim=8 + number, inner_lr=10.0**-number, meta_lr=0.1 / (1 + number), seed=number,
                  k_shot=number + 1, k_query=number + 2, num_iterations=100 + number) for number in range(3)]  # fmt: skip
    names = [axis.name for axis in rows.axes(wide)]
    assert len(names) == rows.MAX_AXES + 1 and "seed" not in names
    assert next(axis for axis in rows.axes(wide) if axis.name == "inner_lr").is_log


def test_nothing_is_compared_where_nothing_differs_or_there_are_too_few():
    assert rows.axes([MAML, REPTILE]) == []
    assert rows.axes([MAML, MAML, MAML]) == []


def test_what_is_brushed_keeps_the_runs_within_on_every_axis():
    each = [(0.001, "maml", 0.5), (0.01, "reptile", 0.9), (0.1, "anil", 0.7)]
    runs = [a_run(str(place), [[3, 2, loss]], inner_lr=lr, method=name) for place, (lr, name, loss) in enumerate(each)]
    axes = rows.axes(runs)
    assert rows.within(axes, {}).all()
    assert rows.within(axes, {"inner_lr": [(-3.2, -1.9)]}).tolist() == [True, True, False]  # logarithms
    assert rows.within(axes, {"inner_lr": [(-3.2, -2.9), (-1.1, -0.9)]}).tolist() == [True, False, True]
    assert rows.within(axes, {"method": [(-0.25, 0.25)]}).tolist() == [False, False, True]  # ANIL, by the alphabet
    assert rows.within(axes, {"inner_lr": [(-3.2, -1.9)], rows.HELD_OUT: [(0.6, 1)]}).tolist() == [False, True, False]
    assert rows.within(axes, {"stranger": [(0, 1)]}).all()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["maml", "reptile", "diverged", "empty", "newer"]),
        ("big", ["reptile"]),
        ("Reptile NOT", ["reptile"]),
        ("diverged", ["diverged"]),
        ("inner_lr=0.5", ["diverged"]),
        ("inner_lr=0.01", ["maml", "empty"]),
        ("maml", ["maml", "diverged", "empty"]),  # not whose network is called after it
        ("steps", []),
        ("inner_lr=0.5 reptile", []),
        ("[((", []),
    ],
)
def test_the_filter_looks_at_names_notes_methods_status_and_settings(text, found):
    assert [run.id for run in ALL if rows.matches(run, text)] == found


MEASURED = {"mean": [0.2, 0.9], "low": [0.2, 0.85], "high": [0.2, 0.95]}


@pytest.mark.parametrize(
    ("result", "found"),
    [
        ({"accuracy": MEASURED}, (90.0, 85.0, 95.0)),
        ({}, (80.0, 70.0, 90.0)),  # as it was in training
        ({"accuracy": {"mean": [0.2, "x"], "low": 3, "high": None}}, (80.0, 70.0, 90.0)),
    ],
)
def test_right_answers_of_pictures_stand_beside_the_loss(result, found):
    accuracies = np.array([[[0.2, 0.2, 0.2], [0.8, 0.7, 0.9], [0.8, 0.7, 0.9]]] * 2)
    run = dataclasses.replace(a_run("pictures", tasks="glyphs"), result=result, accuracies=accuracies)
    assert rows.right_answers(run) == pytest.approx(found)
    assert rows.right_answers(MAML) is None and rows.right_answers(NEWER) is None
    cells = rows.columns([run, MAML])
    assert cells["right"] == [pytest.approx(found[0]), None]
    assert cells["right_interval"] == [f"{found[1]:.1f} to {found[2]:.1f} %", None]
    assert "right" not in rows.columns([MAML, REPTILE])
    assert "5-way 10-shot Glyphs" in rows.words(run)
