"""Refusals: the nearest name, a misspelt field, a value on one line."""

import copy
import dataclasses
import inspect
import pickle

import numpy as np
import pytest

from maml_engine import MAML, Experiment, Sinusoid
from maml_engine.checks import check_choice, near, shown


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Experiment(innerlr=0.1), r"Experiment has no field 'innerlr' \(did you mean 'inner_lr'\?\); it has method, "),
        (lambda: Experiment(lr=0.1), r"Experiment has no field 'lr'; it has method, "),
        (lambda: MAML(inner_step=2), r"MAML has no field 'inner_step' \(did you mean 'inner_steps'\?\); it has inner_lr, "),
        (lambda: MAML().replace(inner_rl=2), r"no field 'inner_rl' \(did you mean 'inner_lr'\?\)"),
        (lambda: Sinusoid(amplitud=(0.1, 1.0)), r"Sinusoid has no field 'amplitud' \(did you mean 'amplitude'\?\)"),
    ],
)
def test_a_misspelt_field_is_refused_with_the_one_that_it_is_near_to(make, sentence):
    with pytest.raises(TypeError, match=sentence):
        make()


def test_fields_are_seen_by_help_and_values_are_copied_as_before():
    assert list(inspect.signature(MAML).parameters) == ["inner_lr", "inner_steps", "inner_optimizer"]
    assert inspect.signature(Experiment).parameters["inner_lr"].default == 0.01
    for value in (Experiment(inner_lr=0.2), MAML(0.2, 3)):
        assert copy.copy(value) == copy.deepcopy(value) == dataclasses.replace(value) == value
        assert pickle.loads(pickle.dumps(value)) == value


@pytest.mark.parametrize(
    ("given", "found"),
    [("MAML", "maml"), ("mmal", "maml"), ("meta-sgd", "metasgd"), ("meta_sgd", "metasgd"), ("transformer", ""), (None, "")],
)
def test_the_nearest_name(given, found):
    assert near(given, ["maml", "metasgd", "reptile"]) == (f" (did you mean {found!r}?)" if found else "")


def test_what_is_no_text_is_no_choice():
    for value in (["maml"], 3, None, {}):
        with pytest.raises(ValueError, match=r"`method` must be one of maml, got "):
            check_choice("method", value, ["maml"])


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", r"'a\nb'"),
        (np.ones((2, 3)), "an array of shape [2, 3]"),
        (Experiment, "the class Experiment"),
        (near, "the function near"),
        ([0.1], "[0.1]"),
    ],
)
def test_a_value_is_shown_on_one_line(value, text):
    assert shown(value) == text
    assert len(shown("x" * 100)) == 60
