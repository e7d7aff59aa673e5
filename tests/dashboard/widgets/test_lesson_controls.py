"""What a class can be given: every page's part of the link has a name, and what sets it can be hidden."""

import re

import pytest

from dashboard.widgets import lesson_controls, links, session
from tests.pages.walks import PAGES, own
from tests.test_packaging import ROOT

FRAME = {links.LEARNER_KEY, links.JOB_KEY}


def test_every_page_s_part_of_the_link_is_here_and_nothing_else():
    every = {key for page in PAGES for key in own(page) if not lesson_controls.is_free(key)}
    assert every | FRAME == set(lesson_controls.OWN)


def test_the_buttons_are_those_of_the_pages():
    files = [*(ROOT / "pages").glob("*.py"), *(ROOT / "dashboard" / "page_parts").rglob("*.py")]
    made = set(re.findall(r'key=f?"(\w+)', "".join(file.read_text() for file in files)))
    buttons = {name for _, *names in lesson_controls.OWN.values() for name in names} - {session.LEARNER_CHOICE}
    for name in buttons:
        stem = re.sub(r"_\d$", "_", name.removesuffix("*"))
        assert stem in made or name in made, name


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_has_is_told_apart(page):
    names = [lesson_controls.label(key) for key in own(page) if not lesson_controls.is_free(key)]
    assert len(set(names)) == len(names)


def test_what_is_settled_is_hidden_with_its_buttons_and_what_is_open_is_not():
    style = lesson_controls.hiding(("adapt_shots", "learn_lr"))
    hidden = style.partition("{")[0]
    assert ".st-key-task_seed," in hidden and ".st-key-another_twelve," in hidden and ".st-key-inner_lr" in hidden
    assert ".st-key-adapt_shots" not in hidden and ".st-key-learn_lr" not in hidden
    assert ".st-key-do_6" not in hidden and ".st-key-do_5" in hidden  # one of the two that it sets is open
    assert '[class*="st-key-run_"]' in hidden
    assert ".st-key-space [role" in hidden
    assert ":has(.st-key-adapt_shots, .st-key-learn_lr)" in style
    assert ".st-key-wall" in style.partition("pointer-events")[0].rpartition("}")[2]


def test_all_that_is_not_open_is_settled():
    keys = set(lesson_controls.settled(["task_seed", "k_shot"]))
    assert {"adapt_bench", "inner_lr", links.JOB_KEY, links.LEARNER_KEY} <= keys
    assert not {"task_seed", "k_shot", session.ANSWERED} & keys
