"""Another value of a page's control compiles nothing, once the page has been used."""

import pytest

from dashboard.engine_calls import cache
from tests.pages import walks
from tests.programs import compiled

# How a page is opened, and its controls that ask the engine for new numbers. What is dragged has tests of its own, in
# tests/analysis/test_toy_landscape.py and tests/dashboard/engine_calls/test_sine_bench.py; on Train and Notes no control asks.
ASKING = {
    "home": ({}, ("shots", "point_noise", "point_seed")),
    "learn": ({"lesson": "6"}, ("learn_lr", "learn_steps")),
    "parameter_space": ({"space": "The real network"}, ("slice_seed", "slice_steps")),
    "gradients": ({}, ("gradient_lr", "inner_steps", "meta_batch_size", "k_shot", "seed")),
    "adapt": ({}, ("adapt_shots", "adapt_lr", "task_seed", "task_range")),
    "compare": ({}, ("k_shot", "meta_batch_size", "hidden_dim", "seed", "after")),
    "pitfalls": ({}, ("pitfall_shots", "cell_lr", "cell_steps")),
    "characters": ({"picture_task": "5.5"}, ("episode_seed",)),  # another kind of task has shapes of its own
    "your_tasks": ({}, ("known_rows", "effort", "example")),
}
CHOICES = ("selectbox", "button_group")
# Numbers of points share a program as far as they fit into the same room: here one of each room, then another of each.
ROOMS = {"gradients": (20, 40, 80), "compare": (20, 40, 80)}


@pytest.fixture
def asked(monkeypatch):
    """What pages ask of the engine, computed in this process, where it is counted."""
    asked = []

    def compute(function, args, kwargs):
        asked.append(function.__qualname__)
        return function(*args, **kwargs)

    monkeypatch.setattr(cache, "compute", compute)
    return asked


@pytest.mark.parametrize("page", ASKING)
def test_another_value_compiles_nothing(page, open_app, asked):
    parameters, keys = ASKING[page]
    app = open_app(page, **parameters)
    programs = compiled()

    def move(key, turn):
        (widget,) = [widget for widget in walks.widgets(app) if widget.key == key]
        offers = walks.values(widget)
        for offer in offers if widget.type in CHOICES and not turn else offers[-turn:][:1]:
            walks.send(app, widget, offer)
        assert not list(walks.problems(app))

    for key in keys:
        move(key, 0)
    before, asked_before = len(programs), len(asked)
    for turn in (1, 2):
        for key in keys:
            move(key, turn)
    assert programs[before:] == []
    assert len(asked) > asked_before or page == "your_tasks", "Nothing was asked, so nothing is said here."


@pytest.mark.parametrize("page", ROOMS)
def test_another_number_of_many_points_compiles_nothing(page, open_app, asked):
    app, programs = open_app(page), compiled()

    def take(k_shot):
        (widget,) = [widget for widget in walks.widgets(app) if widget.key == "k_shot"]
        walks.send(app, widget, {"double_value": float(k_shot)})
        assert not list(walks.problems(app))

    for room in ROOMS[page]:
        take(room)
    before, asked_before = len(programs), len(asked)
    for room in ROOMS[page]:
        take(room - 7)
    assert programs[before:] == []
    assert len(asked) > asked_before
