"""Colours mean the same everywhere."""

from dashboard.figures import style
from dashboard.method_names import COLOURS, NAMES
from maml_engine.methods import METHODS


def test_steps_go_from_before_to_after():
    assert style.step_colours(0) == [style.BEFORE]
    assert style.step_colours(1) == [style.BEFORE, style.AFTER]
    colours = style.step_colours(10)
    assert len(set(colours)) == 11
    assert colours[0] == style.BEFORE
    assert colours[-1] == style.AFTER


def test_every_method_of_the_engine_has_a_name_and_a_colour():
    assert set(METHODS) <= set(NAMES)
    assert set(METHODS) <= set(COLOURS)
    assert len(set(COLOURS.values())) == len(COLOURS)
