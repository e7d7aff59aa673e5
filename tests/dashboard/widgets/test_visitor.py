"""Who a visitor is, by cookie, by session and by login, and how the cookie comes."""

import re
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from dashboard.widgets import visitor
from dashboard.widgets.visitor import COOKIE, GivesCookie, is_secret, new_secret, owner_of
from tests.loops import run_alone


@pytest.fixture
def hosted(monkeypatch):
    monkeypatch.setenv("MAML_LAB_HOSTED", "1")


@pytest.fixture
def browser(monkeypatch):
    """What this session's browser brings along."""
    browser = SimpleNamespace(cookies={}, user={}, state={})
    for name, value in (("context", browser), ("user", browser.user), ("session_state", browser.state)):
        monkeypatch.setattr(st, name, value)
    return browser


def test_at_home_all_are_one(browser, monkeypatch):
    monkeypatch.delenv("MAML_LAB_HOSTED", raising=False)
    browser.cookies[COOKIE] = secret = new_secret()
    assert visitor.visitor() == "local"
    assert visitor.browser() == secret
    browser.cookies.clear()
    assert is_secret(found := visitor.browser())
    assert visitor.browser() == found != secret


def test_a_browser_is_known_by_its_cookie(hosted, browser):
    browser.cookies[COOKIE] = secret = new_secret()
    assert visitor.visitor() == secret
    assert visitor.owner() == owner_of(secret)
    assert secret not in visitor.owner()


@pytest.mark.parametrize("forged", ["", "local", "user https://login ada", "a" * 42, "a" * 42 + "\n", "a" * 5000])
def test_what_we_have_not_made_is_no_visitor(hosted, browser, forged):
    browser.cookies[COOKIE] = forged
    assert is_secret(found := visitor.visitor())
    assert found != forged
    assert visitor.visitor() == found  # as long as the session lasts


def test_sessions_without_a_cookie_are_strangers_to_each_other(hosted, browser):
    first = visitor.visitor()
    browser.state.clear()
    assert visitor.visitor() != first


def test_who_has_logged_in_is_the_same_everywhere(hosted, browser):
    browser.user |= {"is_logged_in": True, "iss": "https://login", "sub": "ada"}
    found = visitor.visitor()
    browser.cookies[COOKIE] = new_secret()
    browser.state.clear()
    assert visitor.visitor() == found
    browser.user["sub"] = "bob"
    assert visitor.visitor() != found
    browser.user["is_logged_in"] = False
    assert visitor.visitor() == browser.cookies[COOKIE]


def test_streamlit_runs_it(hosted):
    def page():
        import streamlit as st

        from dashboard.widgets.visitor import visitor

        st.text(visitor())

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert is_secret(found := app.text[0].value)
    assert app.run().text[0].value == found


async def get(path, headers):
    """The headers of an answer, from an app with a page and something else."""
    told = []

    async def app(scope, receive, send):
        del receive
        kind = b"text/html; charset=utf-8" if scope["path"] == "/" else b"text/plain"
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": b""})

    async def keep(message):
        told.append(message)

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "scheme": "http", "path": path, "headers": raw}

    async def hear():
        return {"type": "http.disconnect"}

    await GivesCookie(app)(scope, hear, keep)
    return {name.decode(): value.decode() for name, value in told[0]["headers"]}


def answer(path="/", **headers):
    return run_alone(get(path, {name.replace("_", "-"): value for name, value in headers.items()}))


def test_the_cookie_comes_with_the_page_and_once(hosted):
    given = answer()
    assert re.fullmatch(rf"{COOKIE}=[\w-]{{43}}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax", given["set-cookie"])
    assert given["cache-control"] == "no-store"
    kept = given["set-cookie"].partition(";")[0]
    assert "set-cookie" not in answer(cookie=f"other=1; {kept}")
    assert "set-cookie" not in answer(cookie=f'of another app={{"a": [1, 2]}}; {kept}')  # as browsers send it
    for forged in (f"{COOKIE}=forged", "other=1", "=;=,\x01"):
        assert "set-cookie" in answer(cookie=forged)


def test_nothing_else_comes_with_a_cookie(hosted):
    assert "set-cookie" not in answer("/health")


def test_at_home_browsers_are_told_apart_too(monkeypatch):
    monkeypatch.delenv("MAML_LAB_HOSTED", raising=False)
    assert "set-cookie" in answer()


def test_behind_https_it_never_leaves_https(hosted):
    assert answer(x_forwarded_proto="https")["set-cookie"].endswith("; Secure")
