"""Runs in words, and names that visitors give."""

import dataclasses
from types import SimpleNamespace

import pytest

from dashboard.widgets import run_words
from maml_engine import Experiment

RUN = Experiment(method="metasgd", num_iterations=3000, inner_lr=0.02, inner_steps=5, seed=7)


def test_a_run_is_named_by_method_length_step_size_steps_and_seed():
    assert run_words.of_run(RUN) == "Meta-SGD, 3,000 meta-iterations, α = 0.02, 5 inner steps, seed 7"
    assert run_words.of_run(RUN, 1200) == "Meta-SGD, 1,200 of 3,000 meta-iterations, α = 0.02, 5 inner steps, seed 7"
    assert run_words.of_run(RUN, 0, title="Ada's") == "Ada's, untrained, seed 7"


def test_without_inner_steps_it_is_pretraining_and_has_no_step_size():
    assert run_words.of_run(Experiment(inner_steps=0)) == "Pretrained, 10,000 meta-iterations, seed 0"


def test_a_method_that_is_registered_elsewhere_is_called_by_its_own_name():
    run = SimpleNamespace(method="mine", num_iterations=10, inner_lr=0.1, inner_steps=1, seed=0)
    assert run_words.of_run(run).startswith("mine, 10 meta-iterations")


def test_a_difference_names_both_sides_in_the_order_of_the_fields():
    now = dataclasses.replace(RUN, inner_lr=0.01, seed=8, noise=0.5, num_iterations=4000)
    assert run_words.run_difference(RUN, now) == (
        "The sidebar now says 4,000 meta-iterations, α = 0.01, seed 8, noise 0.5; these pictures are of 3,000 meta-iterations, "
        "α = 0.02, seed 7, noise 0."
    )
    assert run_words.run_difference(RUN, RUN) == ""


@pytest.mark.parametrize("name", [spec.name for spec in dataclasses.fields(Experiment)])
def test_every_field_is_spelt_in_a_few_words(name):
    words = run_words.spell(name, getattr(Experiment(), name))
    assert words and len(words) <= 60 and words.isprintable()


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("  Ada's   start ", "Ada's start"),
        ("line\nbreak\ttab", "line break tab"),
        ("x" * 100, "x" * 39 + "…"),
        ("\u202egnp.exe", "gnp.exe"),
        ("<b>$x$</b>", "<b>$x$</b>"),  # escaped where it is shown
        ("", ""),
    ],
)
def test_a_name_is_one_short_printable_line(typed, name):
    assert run_words.given_name(typed) == name


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("", "maml-lab-0123abcd"),
        ("Ada's start, 2nd try", "maml-lab-ada-s-start-2nd-try-0123abcd"),
        ("../../etc/passwd", "maml-lab-etc-passwd-0123abcd"),
        ("Größe = 3 µm", "maml-lab-größe-3-μm-0123abcd"),
        ("CON", "maml-lab-con-0123abcd"),
        ("...", "maml-lab-0123abcd"),
    ],
)
def test_a_files_name_holds_letters_digits_and_dashes(name, stem):
    assert run_words.file_stem(name, "0123abcdef") == stem


def test_no_two_titles_are_alike():
    assert run_words.unlike({"a": "x", "b": "y", "c": "x", "d": "x"}) == {"a": "x", "b": "y", "c": "x (2)", "d": "x (3)"}
    assert run_words.unlike({"a": "x (2)", "b": "x", "c": "x"}) == {"a": "x (2)", "b": "x", "c": "x (3)"}


def test_a_run_on_pictures_names_its_task_and_no_step_where_the_method_has_none():
    run = Experiment(method="protonet", tasks="omniglot", n_way=20, k_shot=1, num_iterations=100, norm="per_step")
    words = run_words.of_run(run, title=run_words.with_task("mine", run))
    assert words == "mine, 20-way 1-shot Omniglot, 100 meta-iterations, seed 0"
    assert run_words.with_task("mine", RUN) == "mine"
    assert "transductive" in run_words.statistics_of(run)
    assert "inductive" in run_words.statistics_of(dataclasses.replace(run, norm="support"))
    assert run_words.statistics_of(dataclasses.replace(run, norm="group")) == "each picture by itself (inductive)"
