"""Every answer carries the headers; the metrics are nobody's; uploads of all visitors together are bounded."""

import re
from types import SimpleNamespace

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from streamlit import config

from dashboard.server import start_up, uploads, web
from tests.answers import answer_of
from tests.test_packaging import ROOT


def asked(path, method="GET", size=0):
    """Status, headers and body of an answer of a server that says "inside" to whatever reaches it."""
    inside = Route("/{path:path}", lambda request: PlainTextResponse("inside"), methods=["GET", "PUT", "DELETE"])
    app = Starlette(routes=[*web.ROUTES, inside], middleware=web.MIDDLEWARE)
    status, headers, body = answer_of(app, path, method, content_length=str(size))
    return status, headers, body.decode()


@pytest.mark.parametrize("path", ["/", "/train", "/healthz", "/_stcore/metrics", "/static/x.js"])
def test_every_answer_carries_the_headers(path):
    _, headers, _ = asked(path)
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'self'" and policy["object-src"] == "'none'"
    assert not re.search(r"https?:|wss?:", headers["content-security-policy"])  # nothing comes from elsewhere or goes there


def test_who_may_embed_is_the_operators_choice(monkeypatch):
    assert "frame-ancestors *" in web.headers()["content-security-policy"]
    monkeypatch.setenv(web.FRAME_ANCESTORS, "https://moodle.example.edu")
    assert "frame-ancestors https://moodle.example.edu" in web.headers()["content-security-policy"]


@pytest.mark.parametrize("path", ["/_stcore/metrics", "/_stcore/metrics/", "/lab/_stcore/metrics"])
def test_the_metrics_are_not_public(path):
    status, _, body = asked(path)
    assert status == 404 and "inside" not in body
    assert asked("/_stcore/health")[2] == "inside"


def test_no_visitor_fills_the_memory_with_files(monkeypatch):
    held = SimpleNamespace(get_stats=lambda: {"cache_memory_bytes": [SimpleNamespace(byte_length=size) for size in sizes]})
    monkeypatch.setattr(st.runtime, "exists", lambda: True)
    monkeypatch.setattr(st.runtime, "get_instance", lambda: SimpleNamespace(uploaded_file_mgr=held))
    path, sizes = "/_stcore/upload_file/session/file", [uploads.MAX_MB * 10**6]
    monkeypatch.setenv("MAML_LAB_HOSTED", "1")
    assert asked(path, "PUT")[2] == "inside"
    sizes.append(1)
    assert asked(path, "PUT")[0] == 507
    assert asked(path)[2] == "inside"
    monkeypatch.setenv("MAML_LAB_HOSTED", "")  # at home nobody else is hurt
    assert asked(path, "PUT")[2] == "inside"


def test_one_session_fills_it_neither_at_home_nor_on_a_hosted_demo(monkeypatch):
    files = {"mine": {"a": SimpleNamespace(data=b"x" * 600_000), "b": SimpleNamespace(data=b"x" * 300_000)}}
    held = SimpleNamespace(file_storage=files, get_stats=dict)
    monkeypatch.setattr(st.runtime, "get_instance", lambda: SimpleNamespace(uploaded_file_mgr=held))
    monkeypatch.setattr(uploads, "MAX_SESSION_MB", 1)
    assert asked("/_stcore/upload_file/mine/c", "PUT", 100_000)[2] == "inside"
    status, _, sentence = asked("/_stcore/upload_file/mine/c", "PUT", 100_001)
    assert status == 413 and sentence == "Your files must be at most 1 MB together; 1 MB are here already."
    assert asked("/_stcore/upload_file/mine/a", "PUT", 700_000)[2] == "inside"  # takes the place of what was there
    assert asked("/lab/_stcore/upload_file/other/c", "PUT", 700_000)[2] == "inside"
    assert asked("/_stcore/upload_file/mine/c", "DELETE", 700_000)[2] != sentence


def test_health_is_said_once_all_is_imported(monkeypatch):
    monkeypatch.setattr(start_up, "is_done", lambda: False)
    assert asked("/healthz")[0] == 503
    monkeypatch.setattr(start_up, "is_done", lambda: True)
    assert asked("/healthz")[0::2] == (200, '{"status":"ok"}')


def test_the_settings_are_fit_for_strangers():
    assert config.get_option("browser.gatherUsageStats") is False
    assert config.get_option("server.enableCORS") is config.get_option("server.enableXsrfProtection") is True
    assert config.get_option("client.showErrorDetails") in ("type", "none")  # no traceback
    assert config.get_option("client.showErrorLinks") is False
    assert config.get_option("server.maxUploadSize") <= 50
    assert config.get_option("server.maxWidgetStateSize") <= 5
    assert config.get_option("server.enableStaticServing") is config.get_option("server.enableAgentApi") is False
    assert "app = st.App(" in (ROOT / "streamlit_app.py").read_text()
