"""From any page to any other, with something changed on each: what one page leaves behind, another can live with."""

import pytest
import streamlit as st

from dashboard.widgets import links
from tests.pages.kept_runs import a_run, kept
from tests.pages.walks import PAGES, bound, change, every_pair, own, problems, visit


@pytest.fixture(scope="module", autouse=True)
def _somebody_has_trained():
    """Without a run, the page of runs has nothing to set."""
    with kept(a_run("one", seed=1), a_run("two")):
        yield


def test_a_tour_takes_every_way_once():
    tour = every_pair(PAGES)
    ways = list(zip(tour, tour[1:], strict=False))
    assert len(ways) == len(set(ways)) == len(PAGES) * (len(PAGES) - 1)
    assert all(before != after for before, after in ways)


# What code keeps in a page's link beside its widgets: jobs, here of a server before, and a place in a course.
KEPT = {
    "contest": "gone",
    "walk": "gone",
    "card_job": "gone",
    "check_job": "gone",
    "race_runs": "gone.too",
    "pair": "leak.gone.too",
    "answered": "1",
}


def test_no_page_breaks_another_or_takes_anything_from_its_address(open_app):
    """In one session, all ordered pairs of pages; who comes back finds what was left, on the page and in the address."""
    app, tour, left, wrong = open_app(), every_pair(PAGES), {}, []
    every = {page: own(page) for page in PAGES}
    for key, content in KEPT.items():
        app.session_state[key] = content
    for turn, (before, page) in enumerate(zip(tour, tour[1:], strict=False)):
        visit(app, page)
        wrong += [f"{before} -> {page}: {problem}" for problem in problems(app)]
        now = {key: app.session_state.get(key, default) for key, default in every[page].items() if default is not None}
        changed = {key for key, value in now.items() if value != every[page][key]}
        assert changed == {key for key in app.query_params if key in now}, f"{before} -> {page}"
        assert now == left.get(page, now), f"{before} -> {page}"
        done = change(app, page, turn)
        wrong += [f"{before} -> {page}, {done}: {problem}" for problem in problems(app)]
        left[page] = {key: app.session_state.get(key, default) for key, default in every[page].items() if key in now}
        stray = bound(app) - {*every[page], *links.FIELDS, links.LEARNER_KEY}
        assert not stray, f"Widgets of {page} that stand in its link, but not among its own: {stray}"
    assert not wrong


@pytest.mark.parametrize("page", PAGES)
def test_reset_brings_every_page_back(page, open_app):
    app = open_app(page)
    change(app, page, 0)
    app.button(key="_reset").click().run()
    assert not list(problems(app))
    defaults = {key: default for key, default in own(page).items() if default is not None}
    assert {key: app.session_state.get(key, default) for key, default in defaults.items()} == defaults


@pytest.mark.parametrize(("page", "title"), [("home", "Home"), ("your_tasks", "Your tasks")])
def test_a_tab_is_titled_by_its_page(page, title, open_app, monkeypatch):
    titles = []
    monkeypatch.setattr(st, "set_page_config", lambda **settings: titles.append(settings.get("page_title")))
    open_app(page)
    assert titles[-1] == f"{title} · MAML Lab"
    assert set(titles) == {None, titles[-1]}  # none before the page is known, and no other
