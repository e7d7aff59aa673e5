"""The description of a run: what it refuses, and that it comes back from JSON, from a link and from a flag as it was."""

import dataclasses
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maml_engine import Experiment
from maml_engine.experiment import VERSION

FIELDS = {spec.name: spec for spec in dataclasses.fields(Experiment)}


def values_of(spec):
    """Values that the field allows by itself."""
    bounds = spec.metadata.get("bounds", {})
    low, high = bounds.get("low", bounds.get("above")), bounds.get("high")
    finite = {"allow_nan": False, "allow_infinity": False}
    match spec.metadata["kind"]:
        case "number" if bounds.get("integer"):
            return st.integers(low, high)
        case "number":
            return st.floats(low, high, exclude_min="above" in bounds, **finite)
        case "interval":
            return st.tuples(*[st.floats(low, high, **finite)] * 2).map(sorted).map(tuple)
        case "choice":
            return st.sampled_from(sorted(name for name in spec.metadata["choices"] if name not in ("table", "images")))
        case "names":
            return st.lists(st.text(min_size=1), max_size=3).map(tuple)
        case "text":
            return st.text()
        case "switch":
            return st.booleans()


experiments = st.fixed_dictionaries({}, optional={name: values_of(spec) for name, spec in FIELDS.items()}).map(
    lambda values: Experiment(**values)
)


def test_the_default_is_the_tutorials_run():
    experiment = Experiment()
    assert (experiment.num_iterations, experiment.meta_batch_size, experiment.k_shot, experiment.k_query) == (
        10_000,
        25,
        10,
        10,
    )
    assert (experiment.meta_lr, experiment.inner_lr, experiment.inner_steps, experiment.hidden_dim) == (1e-3, 0.01, 1, 40)
    assert (experiment.method, experiment.tasks, experiment.model, experiment.meta_optimizer) == (
        *("maml", "sinusoid", "maml_regressor", "adam"),
    )
    assert experiment.changes() == {}


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        *[("inner_lr", value, "> 0") for value in (0, -1, math.nan, math.inf, "abc", None, True, [1], {}, 10**400)],
        *[("inner_lr", np.float32(-1), "> 0"), ("inner_lr", np.array(math.nan), "> 0")],
        *[("num_iterations", value, ">= 1") for value in (0, -5, 1.5, "many", 10**400)],
        *[("k_shot", value, "whole number >= 1") for value in (0, -1, 2.5, math.nan, 10**12)],
        *[(name, 10**9, "<=") for name in ("meta_batch_size", "inner_steps", "k_query", "hidden_dim", "num_layers")],
        *[("seed", -1, ">= 0"), ("seed", 2**32, "<= 4294967295")],
        *[("method", value, "must be one of ") for value in ("mamel", "", None, ["maml"], 3)],
        ("tasks", "cosine", "must be one of "),
        *[
            ("amplitude", value, "")
            for value in (5, (1,), (1, 2, 3), (2, 1), (-1, 1), (0, math.inf), ("a", "b"), ([1], 2), None)
        ],
        *[("inputs", value, "list of names") for value in ("x", 5, [1, 2], None)],
        ("target", 7, "a name"),
    ],
)
def test_a_value_that_cannot_work_is_refused_in_one_sentence(name, value, allowed):
    with pytest.raises(ValueError, match=f"`{name}`") as refusal:
        Experiment(**{name: value})
    message = str(refusal.value)
    assert allowed in message
    assert message.endswith(".")
    assert "\n" not in message
    assert ", got " in message or " got " in message


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({}, "`data`"),
        ({"data": "ab"}, "`task`"),
        ({"data": "ab", "task": "t"}, "`inputs`"),
        ({"data": "ab", "task": "t", "inputs": ("x",)}, "`target`"),
        ({"data": "ab", "task": "t", "inputs": ("x",), "target": "x"}, "different columns"),
        ({"data": "ab", "task": "t", "inputs": ("x",), "target": "y", "log": ("z",)}, "`log`"),
    ],
)
def test_a_table_needs_its_columns(changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        Experiment(tasks="table", **changes)


def test_a_run_on_pictures_says_which_to_bring():
    with pytest.raises(ValueError, match="`data` must be given where `tasks` is 'images'"):
        Experiment(tasks="images")
    with pytest.raises(ValueError, match="hand over those whose SHA-256 begins with 0123456789ab, a folder or a zip archive"):
        Experiment(tasks="images", data="0123456789abcdef").build_tasks()


def test_a_run_on_a_table_says_which_file_to_bring():
    experiment = Experiment(tasks="table", data="0123456789abcdef", task="year", inputs=("month",), target="sst_c")
    with pytest.raises(ValueError, match=r"0123456789ab.*'year'.*'month'.*'sst_c'"):
        experiment.build_tasks()


@given(experiments)
def test_json_round_trip(experiment):
    again = Experiment.from_json(experiment.to_json())
    assert again == experiment
    assert again.digest == experiment.digest
    assert hash(again) == hash(experiment)


@given(experiments)
def test_each_field_round_trips_as_text(experiment):
    for name in FIELDS:
        value = getattr(experiment, name)
        assert Experiment.parse(name, Experiment.spell(value)) == value


def test_numbers_are_spelled_as_people_write_them():
    assert [Experiment.spell(value) for value in (5.0, 0.01, 1e-5, 10_000, (0.1, 5.0), ("a", "b,c"))] == [
        *("5", "0.01", "1e-05", "10000", "0.1,5", 'a,"b,c"')
    ]


@given(st.sampled_from(sorted(FIELDS)), st.text())
def test_any_text_is_a_value_or_a_refusal_in_one_sentence(name, content):
    try:
        value = Experiment.parse(name, content)
    except ValueError as error:
        assert f"`{name}`" in str(error)
    else:
        assert Experiment.parse(name, Experiment.spell(value)) == value


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_any_json_is_an_experiment_or_a_refusal(value):
    for content in (json.dumps(value), json.dumps(dict.fromkeys(FIELDS, value))):
        try:
            Experiment.from_json(content)
        except ValueError as error:
            assert str(error)


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", "3", '"a"', "[" * 100_000, '{"version": 99}', '{"version": "1"}', '{"inner_lr": NaN}']
)
def test_what_is_no_experiment_is_refused(content):
    with pytest.raises(ValueError) as refusal:
        Experiment.from_json(content)
    assert "\n" not in str(refusal.value)


def test_an_unknown_key_is_refused_by_name():
    with pytest.raises(ValueError, match="'inner_learning_rate'"):
        Experiment.from_json('{"inner_learning_rate": 0.1}')


def test_missing_keys_take_their_defaults():
    assert Experiment.from_json(json.dumps({"version": VERSION, "seed": 3})) == Experiment(seed=3)


def test_the_digest_names_the_run_and_not_the_spelling():
    assert (
        Experiment().digest == "c3aa9744214caf6e"
    )  # sha256 of {"version": 1}; in links and files since version 1: it may not change
    assert Experiment(inner_lr=1, amplitude=[1, 2]).digest == Experiment(inner_lr=1.0, amplitude=(1.0, 2.0)).digest
    digests = {Experiment(**{name: 2}).digest for name in ("seed", "k_shot", "inner_steps", "inner_lr")}
    assert len(digests) == 4


def test_every_field_says_what_it_is():
    for spec in FIELDS.values():
        assert spec.metadata["help"]


def test_the_method_takes_its_fields_from_the_experiment():
    method = Experiment(method="fomaml", inner_lr=0.05, inner_steps=3).build_method()
    assert (type(method).__name__, method.inner_lr, method.inner_steps) == ("FOMAML", 0.05, 3)
