"""What stands in the parameter plane: links, and what anybody may send."""

import math
from dataclasses import asdict
from types import SimpleNamespace

import pytest

from dashboard.components import parameter_plane
from dashboard.components.parameter_plane import scene as scenes
from dashboard.components.parameter_plane.scene import OPENINGS, PlaneScene

BASE = PlaneScene.opening("valleys")


@pytest.mark.parametrize("surface", OPENINGS)
def test_every_surface_opens(surface):
    scene = PlaneScene.opening(surface)
    assert scene.surface == surface
    assert scene.landscape.tasks == OPENINGS[surface]["tasks"]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"theta": (0.25, -1.5)},
        {"tasks": ((0.0, 0.0, 0.0), (1.5, -2.25, 0.7854)), "inner_steps": 20},
        {"inner_lr": 0.123, "proximal": 7.5, "gap": 1.2, "shown": ("maml",)},
        {"shown": ()},
    ],
)
def test_a_link_gives_back_what_it_was_made_of(changes):
    spelled = scenes.spell(PlaneScene.opening("valleys", **changes).edits(BASE))
    edits, notes = scenes.parse(spelled, "valleys")
    assert notes == []
    assert PlaneScene.opening("valleys", **edits) == PlaneScene.opening("valleys", **changes)
    assert (spelled == "") == (changes == {})


@pytest.mark.parametrize(
    ("forged", "expected", "message"),
    [
        ({"theta": [math.nan, 0]}, {}, "`theta` must be two finite numbers"),
        ({"theta": [99, 0]}, {"theta": (5.0, 0)}, "moved to its edge"),
        ({"theta": {"x": 1}}, {}, "`theta` must be two finite numbers"),
        ({"tasks": [[0, 0, 0]] * 10_000}, {"tasks": ((0, 0, 0.0),) * 8}, "at most 8 tasks, got 10,000"),
        ({"tasks": [[0, 0, 0], [1, math.inf, 0], "x"]}, {"tasks": ((0, 0, 0.0),)}, "2 that came were none"),
        ({"tasks": [[0, -77, 0]]}, {"tasks": ((0, -5.0, 0.0),)}, "1 task lay outside"),
        ({"tasks": []}, {}, "at least one task"),
        ({"tasks": "10000"}, {}, "at least one task"),
        ({"inner_steps": 1e9}, {"inner_steps": 20}, "`inner_steps` must be from 0 to 20, got 1e+09"),
        ({"inner_lr": -1}, {"inner_lr": 0.01}, "`inner_lr` must be from 0.01 to 2"),
        ({"proximal": True}, {}, "`proximal` must be a number"),
        ({"gap": "1e999"}, {}, "`gap` must be a number"),
    ],
)
def test_what_cannot_be_is_refused_or_taken_to_the_nearest_with_one_sentence(forged, expected, message):
    edits, notes = scenes.checked(forged, "valleys")
    assert edits == expected
    assert len(notes) == 1
    assert message in notes[0]
    PlaneScene.opening("valleys", **edits)  # what is left can stand


def test_names_that_are_no_methods_are_left_out():
    assert scenes.checked({"shown": ["imaml", "<b>", "maml", 3]}, "valleys") == ({"shown": ("maml", "imaml")}, [])
    assert scenes.checked({"shown": "maml"}, "valleys") == ({"shown": ()}, [])


def test_a_link_of_another_version_is_read_as_far_as_possible():
    edits, notes = scenes.parse("9,k4,z1,tnan~2", "valleys")
    assert edits == {"inner_steps": 4}
    assert len(notes) == 3
    assert "unknown version" in notes[0]


def test_a_scene_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="`inner_steps`"):
        PlaneScene.opening("valleys", inner_steps=21)


@pytest.fixture
def state(monkeypatch):
    """A visitor's session in which the plane was shown, and what the browser will send."""
    session = {parameter_plane.BASE + "plane": BASE, "plane": ""}
    monkeypatch.setattr(parameter_plane, "st", SimpleNamespace(session_state=session))

    def sends(now):
        session[parameter_plane.WIDGET + "plane"] = {"now": now}
        parameter_plane._take_in("plane")
        return session["plane"], session.get(parameter_plane.NOTES + "plane", [])

    return sends


def test_what_the_browser_says_is_kept_as_edits(state):
    sent = asdict(BASE) | {"theta": [0.5, -1.0], "number": 3}
    assert state(sent) == ("1,t0.5~-1", [])
    assert parameter_plane._number_sent("plane") == 3
    assert parameter_plane.scene_now("plane", BASE).theta == (0.5, -1.0)
    assert state(asdict(BASE)) == ("", [])


@pytest.mark.parametrize(
    ("forged", "message"),
    [
        ("nonsense", "no scene"),
        ({"surface": "valleys", "tasks": [[0, 0, 0]] * 10_000}, "at most 8 tasks, got 10,000"),
        ({"surface": "valleys", "theta": [math.nan, 1]}, "two finite numbers"),
    ],
)
def test_what_the_browser_cannot_have_sent_is_put_right_with_one_sentence(state, forged, message):
    _, notes = state(forged)
    assert len(notes) == 1
    assert message in notes[0]
    assert parameter_plane.scene_now("plane", BASE).landscape


def test_what_is_said_of_another_surface_is_late_and_left_aside(state):
    assert state({"surface": "bowls", "theta": [1, 1]}) == ("", [])


def test_a_number_that_is_none_counts_as_no_message(state):
    state({"surface": "valleys", "number": "7"})
    assert parameter_plane._number_sent("plane") == 0
