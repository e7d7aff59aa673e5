"""A link says what an Experiment says, or in one sentence what it could not."""

import math

import pytest

from dashboard.widgets import links
from maml_engine import Experiment
from maml_engine.experiment import VERSION

CHANGED = {
    "method": "fomaml",
    "inner_lr": 0.0123,
    "meta_lr": 1e-05,
    "inner_steps": 5,
    "amplitude": (0.5, 2.0),
    "inputs": ("a", "b"),
    "seed": 7,
}


def test_what_is_written_is_read_again():
    assert links.read(links.write(CHANGED)).values == CHANGED
    assert links.read(links.write(CHANGED)).notes == []


def test_defaults_are_left_out_and_come_back_exactly():
    values = {name: spec.default for name, spec in links.FIELDS.items()}
    assert links.write(values) == {}
    assert links.read({"phase": Experiment.spell((0.0, math.pi))}).values == {"phase": (0.0, math.pi)}


def test_names_and_values_are_spelled_as_flags_are():
    assert links.write(CHANGED)["inner_lr"] == "0.0123"
    assert links.write(CHANGED)["inputs"] == "a,b"
    assert [float(end) for end in links.write(CHANGED)["amplitude"].split(",")] == [0.5, 2.0]


@pytest.mark.parametrize(
    ("name", "spelled"),
    [
        ("inner_lr", "0"),
        ("inner_lr", "-1"),
        ("inner_lr", "nan"),
        ("inner_lr", "abc"),
        ("k_shot", "0"),
        ("k_shot", "2.5"),
        ("method", "x"),
    ],
)
def test_a_value_out_of_range_gives_way_to_the_default_with_one_sentence(name, spelled):
    link = links.read({name: spelled, "seed": "3"})
    assert link.values == {"seed": 3}
    (note,) = link.notes
    assert f"`{name}`" in note
    assert Experiment.spell(links.FIELDS[name].default) in note


def test_unknown_keys_are_handed_back_as_they_came():
    link = links.read({"utm_source": "mail", "steps": ["1", "2"]})
    assert link.values == {}
    assert link.notes == []
    assert link.others == {"utm_source": ["mail"], "steps": ["1", "2"]}
    assert "`utm_source`" in links.unknown_note(["utm_source"])


def test_an_unknown_version_is_named_and_still_read():
    link = links.read({"v": str(VERSION + 1), "seed": "3"})
    assert link.values == {"seed": 3}
    assert str(VERSION + 1) in link.notes[0]
    assert links.read({"v": str(VERSION)}).notes == []


def test_a_strangers_text_is_short_and_carries_no_markdown_fence():
    assert len(links.unknown_note(["x" * 10_000])) < 300
    assert links.unknown_note(["`` <script>"]).startswith("The link also holds ``` `` <script> ```, ")


def test_a_strangers_value_is_no_markup_in_the_sentence_about_it():
    (note,) = links.read({"method": "*a* [b](http://c) :smile:"}).notes
    assert "`method` must be one of" in note
    assert r"\*a\* \[b\]\(http:" in note
    assert ":smile" not in note


def test_the_address_holds_the_version_and_what_is_not_the_default():
    address = links.address("http://here/train?old=1", {"inner_lr": 0.1, "seed": 0, "amplitude": (1.0, 2.0)})
    assert address == f"http://here/train?v={VERSION}&inner_lr=0.1&amplitude=1,2"
