"""What a visitor has changed stays: on the page, over a link, and over a visit to another page."""

import pytest

from dashboard.components import address
from dashboard.widgets import links

KEY = "bench"


@pytest.fixture
def at(monkeypatch):
    """A session, and the address that comes with the next run; both as plain dictionaries."""
    monkeypatch.setattr(address.st, "session_state", state := {})
    monkeypatch.setattr(address.st, "query_params", there := {})
    address.arrive("learn")
    return state, there


def test_the_address_as_it_was_written_is_no_news_and_another_one_is(at):
    _, there = at
    assert address.from_link(KEY) is None
    address.write(KEY, "1,k7")
    assert there == {KEY: "1,k7"}
    assert address.from_link(KEY) is None
    there[KEY] = "1,k9"  # back, forward, or an edited address
    assert address.from_link(KEY) == "1,k9"
    address.write(KEY, "1,k9")
    del there[KEY]  # back to the visit as it began
    assert address.from_link(KEY) == ""


def test_who_comes_back_from_another_page_finds_what_was_left(at):
    """The navigation leads to an address that says nothing; a link that says something wins."""
    state, there = at
    address.write(KEY, "1,k7")
    address.arrive("notes")
    there.clear()
    address.arrive("learn")
    assert address.from_link(KEY) is None
    address.write(KEY, state[KEY])
    assert there == {KEY: "1,k7"}
    del there[KEY]  # in this visit it was written
    assert address.from_link(KEY) == ""
    address.arrive("notes")
    there[KEY] = "1,k3"
    address.arrive("learn")
    assert address.from_link(KEY) == "1,k3"


def test_who_goes_back_to_a_page_left_as_it_begins_finds_it_so(at):
    """The browser leaves a version in the address of a page that holds nothing else; the page writes one there, too."""
    state, there = at
    assert address.VERSION_KEY == links.VERSION_KEY
    address.write(KEY, "1,k7")
    address.arrive("notes")
    there.clear()
    there["v"] = "1"
    address.arrive("learn")
    assert address.says_all()
    assert address.from_link(KEY) == ""
    state[KEY] = "1,k7"  # another part of the page, changed in an earlier visit and shown in a later run
    address.arrive("learn")
    assert not address.says_all()
    assert address.from_link(KEY) is None


def test_a_run_on_the_same_page_is_no_new_visit(at):
    _, there = at
    address.write(KEY, "1,k7")
    there.clear()
    address.arrive("learn")
    assert address.from_link(KEY) == ""
