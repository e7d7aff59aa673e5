"""Streamlit's document ends with what is given; whatever else is asked of the server comes as it is."""

import gzip

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse
from starlette.routing import Mount, Route
from streamlit.web.server.starlette.starlette_static_routes import create_streamlit_static_handler

from dashboard.server import start_up
from dashboard.server.document import STATIC, EndsWith
from tests.answers import answer_of

CONTENT = "<script>what every page has: θ</script>"
OTHER = "<body>" + "a" * 3000 + "</body>"
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8", "accept-encoding": "gzip, br"}
INDEX = (STATIC / "index.html").read_bytes()


def asked(path, method="GET", **headers):
    """Status, headers and body, decoded, of an answer of Streamlit's own handler of files, compressed as Streamlit does."""
    app = Starlette(
        routes=[
            Route("/report.html", lambda request: HTMLResponse(OTHER)),
            Mount("/", create_streamlit_static_handler(str(STATIC), "")),
        ],
        middleware=[Middleware(EndsWith, content=CONTENT), Middleware(GZipMiddleware, minimum_size=1000)],
    )
    status, found, body = answer_of(app, path, method, **headers)
    if method == "GET" and "content-length" in found:
        assert len(body) == int(found["content-length"])
    return status, found, gzip.decompress(body) if found.get("content-encoding") == "gzip" else body


@pytest.mark.parametrize("path", ["/", "/index.html", "/train", "/characters"])
@pytest.mark.parametrize("encoding", ["", "gzip, br"])
def test_the_document_of_every_page_ends_with_it(path, encoding):
    status, headers, body = asked(path, accept=BROWSER["accept"], accept_encoding=encoding)
    assert status == 200 and headers.get("content-encoding", "") == encoding[:4]
    before, after = body.split(CONTENT.encode())
    assert before + after == INDEX and after.lstrip().startswith(b"</body>")
    assert "accept-encoding" in headers["vary"].lower()


def test_a_browser_that_has_it_gets_it_anew():
    _, streamlits, _ = asked("/train")
    assert "etag" in streamlits  # by which a browser would keep what an earlier version of the app gave
    status, headers, body = asked("/train", **BROWSER, if_none_match=streamlits["etag"])
    assert status == 200 and CONTENT.encode() in body
    assert not {"etag", "last-modified"} & set(headers)


def test_what_is_something_else_stays_as_it_is():
    assert asked("/report.html", **BROWSER)[2] == OTHER.encode()
    for path in ("/favicon.png", "/static/js/" + next((STATIC / "static" / "js").glob("Html.*.js")).name):
        assert asked(path, **BROWSER)[2] == (STATIC / path[1:]).read_bytes()
    assert asked("/train", accept="application/json")[2] == INDEX
    assert asked("/train", "HEAD", **BROWSER)[2] == b""


def test_while_the_server_imports_a_browser_reads_plotly(monkeypatch):
    plotly = next((STATIC / "static" / "js").glob("PlotlyChart.*.js")).name.encode()
    assert plotly not in asked("/train", **BROWSER)[2]
    monkeypatch.setattr(start_up, "is_done", lambda: False)
    assert plotly in asked("/train", **BROWSER)[2]
