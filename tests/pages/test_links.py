"""Every page opens from any link: what cannot be read is said in one sentence each, and nothing is a traceback."""

import math
import re
from pathlib import Path

import pytest

from dashboard.widgets import links, session
from maml_engine import Experiment
from maml_engine.experiment import VERSION
from tests.pages import walks
from tests.pages.walks import PAGES, own

ROOT = Path(__file__).resolve().parents[2]
NASTY = ("nan", "1e999", "-1", "abc", "x" * 10_000, "<b>[x](http://x)", "")


def test_a_key_belongs_to_one_page_alone():
    """Widgets of one key share their value: what is a number on one page would be None, or a list, on another."""
    owners = {}
    for page in PAGES:
        for key in own(page):
            owners.setdefault(key, []).append(page)
    assert {key: pages for key, pages in owners.items() if len(pages) > 1} == {}
    assert not set(owners) & {*links.FIELDS, *links.RESERVED}


def test_a_key_that_was_renamed_is_an_alias_on_its_page_alone():
    for page, renamed in session.RENAMED.items():
        keys = set(own(page))
        assert set(renamed.values()) <= keys
        assert not set(renamed) & {*keys, *links.FIELDS, *links.RESERVED}
        assert f'name="{page}"' in (ROOT / "pages" / f"{page}.py").read_text()


@pytest.mark.parametrize(
    ("page", "old", "spelled", "now", "value"),
    [
        ("adapt", "shots", "8", "adapt_shots", 8),
        ("gradients", "adapt_lr", "0.0002", "gradient_lr", 0.0002),
        ("notes", "card", "meta_sgd_5_shot", "published_card", "meta_sgd_5_shot"),
        ("pitfalls", "shots", "5", "pitfall_shots", 5),
    ],
)
def test_an_old_key_means_the_same_on_its_page(page, old, spelled, now, value, opened):
    app = opened(page, {old: spelled})
    assert app.session_state[now] == value
    assert now in app.query_params
    assert old not in app.query_params
    assert not [note for note in said(app) if "link" in note.lower()]


@pytest.fixture(scope="module")
def opened(open_app):
    """Opens a page by a link's parameters."""
    return lambda page, parameters: open_app(page, **parameters)


def said(app):
    return [element.value for kind in (app.info, app.error, app.warning) for element in kind]


@pytest.mark.parametrize("turn", range(len(NASTY)))
@pytest.mark.parametrize("page", PAGES)
def test_a_hostile_link_is_answered_in_sentences(page, turn, opened):
    """Every nasty value for every field and every key of the page's own: in each turn others meet."""
    names = [*links.FIELDS, *own(page), "job", "learner", "stranger"]
    parameters = {name: NASTY[(number + turn) % len(NASTY)] for number, name in enumerate(names)} | {"v": "999"}
    app = opened(page, parameters)
    sentences = said(app)
    assert any("`999`" in sentence for sentence in sentences)
    assert all(len(sentence) < 600 for sentence in sentences)
    # Inside backticks, or with its brackets escaped, nothing of a stranger's is a link.
    assert not any("](http" in re.sub(r"`[^`]*`", "", sentence).replace("\\]", "") for sentence in sentences)


@pytest.mark.parametrize("nasty", NASTY)
def test_every_value_of_home_may_be_nasty(nasty, opened):
    keys = own("home")
    app = opened("home", dict.fromkeys(keys, nasty))
    assert not app.exception
    values = [app.session_state[key] for key in keys if key in app.session_state]
    assert all(math.isfinite(value) for value in values if isinstance(value, float))


@pytest.mark.parametrize(
    ("page", "dead", "rest"),
    [
        ("compare", {"contest": "gone"}, {"methods": ["maml", "anil"], "seeds": "2"}),
        ("gradients", {"race_runs": "gone.too"}, {"race_iterations": "1,000"}),
        ("gradients", {"pair": "nonsense"}, {"race_lr": "0.02"}),  # as it was spelt before
        ("gradients", {"learner": "run gone"}, {"gradient_lr": "0.0002"}),
        ("pitfalls", {"pair": "nonsense"}, {"cell_steps": "5"}),
        ("pitfalls", {"pair": "finite_pool.gone.too"}, {"pitfall_shots": "12"}),
        ("notes", {"card_job": "gone"}, {"published_card": "meta_sgd_10_shot"}),
        ("parameter_space", {"walk": "gone"}, {"space": "The real network", "walk_seed": "3"}),
        ("train", {"job": "gone"}, {"inner_lr": "0.02"}),
        ("your_tasks", {"trial": "gone"}, {"example": "Patients"}),
        ("home", {"own_runs": "gone"}, {"shots": "7"}),
        ("compare", {"methods": ["maml", "mine"]}, {"seeds": "2"}),
        ("compare", {"methods": "mine"}, {"seeds": "2"}),
        ("compare", {"method": "mine"}, {"seeds": "2"}),
        ("compare", {"pin": "mine"}, {"after": "3"}),
        ("compare", {"overlay": "mine"}, {"after": "3"}),
    ],
)
def test_what_a_link_names_and_is_not_here_is_said_in_one_sentence_and_the_rest_opens(page, dead, rest, opened):
    app = opened(page, dead | rest)
    assert len(said(app)) == 1, said(app)
    assert said(app)[0].count(". ") <= 1 and len(said(app)[0]) < 300
    defaults = own(page)
    for key, spelled in rest.items():
        value = app.session_state[key]
        assert links.same(spelled if isinstance(spelled, list) else [spelled.replace(",", "")], value), key
        assert key not in defaults or value != defaults[key]
    (name, content), *_ = dead.items()
    now = app.query_params.get(name, "")
    assert content != now and "gone" not in str(now) and "mine" not in str(now)
    app.run()
    assert not app.exception


def test_an_old_link_opens_and_says_so_only_where_it_matters(opened):
    assert not [note for note in said(opened("train", {"v": str(VERSION), "inner_lr": "0.02"})) if "link" in note]
    app = opened("train", {"v": "0", "inner_lr": "0.02"})
    assert app.session_state["inner_lr"] == 0.02
    assert any("version 0" in note for note in said(app))


def test_what_a_widget_did_not_take_is_said_once(opened):
    app = opened("pitfalls", {"cell_steps": "99", "pitfall_shots": "12"})
    (note,) = [note for note in said(app) if "`cell_steps`" in note]
    assert "`99`" in note and note.endswith("its default, 1.")
    assert app.session_state["pitfall_shots"] == 12
    assert not [note for note in said(app) if "shots`" in note]


@pytest.mark.parametrize(
    ("page", "state"),
    [
        ("adapt", {"task_range": "phase", "shown": "random", "shown_steps": 3}),
        ("compare", {"methods": ["anil", "imaml"], "budget": "gradients", "amount_gradients": 20_000, "look": "cavia"}),
        ("train", {"card": "cavia"}),
        ("notes", {"published_card": "meta_sgd_10_shot"}),
        ("pitfalls", {"summary": "median", "cell_lr": 0.0005}),
    ],
)
def test_the_copied_link_opens_the_same_page(page, state, opened):
    app = opened(page, {})
    switches = {key for key, _ in walks.switches(app)}
    for key, value in state.items():
        if key in switches:
            app.query_params[key] = str(value)
        else:
            app.session_state[key] = value
        app.run()
        assert not app.exception
    parameters = walks.address(app, own(page)) | {"v": str(VERSION)}
    assert set(state) <= set(parameters)
    again = opened(page, parameters)
    assert not again.exception
    assert {key: again.session_state[key] for key in state} == state
    assert not [note for note in said(again) if "link" in note.lower()]


@pytest.mark.parametrize(
    ("spelled", "value", "same"),
    [(["10"], 10, True), (["1.0"], 1, True), (["abc"], 1, False), (["a", "b"], ["a", "b"], True), (["a"], ["a", "b"], False)],
)
def test_a_links_text_may_spell_a_value_in_several_ways(spelled, value, same):
    assert links.same(spelled, value) == same


def test_a_refusal_names_key_value_and_default():
    assert links.refused_note("steps", ["-3"], 10) == (
        "The link's `steps` cannot be `-3` on this page, which keeps to its default, 10."
    )
    assert links.refused_note("adapt_lr", ["x"], None).endswith("its default.")
    assert Experiment.spell(("maml", "reptile")) in links.refused_note("methods", ["x"], ["maml", "reptile"])
