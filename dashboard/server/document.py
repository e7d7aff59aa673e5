"""Streamlit's one HTML document, at the end of which comes what every page of the app has in the browser: styles and scripts.

As elements of a page (`st.html`) they came with each run of its script, and late: Streamlit first fetches what shows HTML,
keeps a room for each meanwhile, and all that stood below them moved when they came.
"""

import gzip
from pathlib import Path

import streamlit
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.server import start_up

STATIC = Path(streamlit.__file__).parent / "static"
# What is asked of the document that is changed here: whole and as it is, and not whether it is still Streamlit's.
_DROPPED = (b"accept-encoding", b"if-none-match", b"if-modified-since")
# While the server imports, a browser that came by a page's link has nothing to do: it reads Plotly then, a second's work, and
# not when the first chart is there. Home's picture needs none.
_MEANWHILE = """<script>
if (!window.location.pathname.endsWith("/")) window.addEventListener("load", () => {
  const bundle = document.querySelector('script[type="module"][src*="/static/js/"]');
  if (bundle) import(new URL("./%s", bundle.src)).catch(() => {});
});
</script>"""


class EndsWith:
    """Middleware: puts `content` at the end of the document."""

    def __init__(self, app: ASGIApp, content: str) -> None:
        """Around the app.

        Args:
          app: it.
          content: HTML; in the body, since Streamlit's own rules of style are in the head, and the later of two equals counts.
        """
        self._app = app
        self._document = (STATIC / "index.html").read_bytes()
        plotly = next((STATIC / "static" / "js").glob("PlotlyChart.*.js"), None)
        self._ready = self._with(content)
        self._starting = self._with(content + _MEANWHILE % plotly.name) if plotly else self._ready

    def _with(self, content: str) -> dict[str, bytes]:
        """The document with it, by how it is encoded."""
        before, end, after = self._document.rpartition(b"</body>")
        whole = before + content.encode() + end + after
        return {"": whole, "gzip": gzip.compress(whole)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does, and with more where the answer is the document."""
        asked = Headers(scope=scope) if scope["type"] == "http" and scope["method"] == "GET" else Headers()
        if "text/html" not in asked.get("accept", ""):  # as every browser asks for a page
            await self._app(scope, receive, send)
            return
        encoding = "gzip" if "gzip" in asked.get("accept-encoding", "") else ""
        whole = (self._ready if start_up.is_done() else self._starting)[encoding]
        scope = {**scope, "headers": [(name, value) for name, value in scope["headers"] if name.lower() not in _DROPPED]}
        held: list[Message] = []  # of an answer that may be the document, as long as it

        async def send_more(message: Message) -> None:
            if message["type"] == "http.response.start":
                length = Headers(raw=message["headers"]).get("content-length")
                if length == str(len(self._document)):
                    held.append(message)
                    return
            elif held:
                held.append(message)
                if message.get("more_body", False):
                    return
                start, *parts = held
                message = {"type": "http.response.body", "body": b"".join(part.get("body", b"") for part in parts)}
                if message["body"] == self._document:
                    message["body"] = whole
                    _say_changed(start, len(whole), encoding)
                await send(start)
            await send(message)

        await self._app(scope, receive, send_more)


def _say_changed(start: Message, length: int, encoding: str) -> None:
    """In the headers of the answer."""
    headers = MutableHeaders(scope=start)
    headers["content-length"] = str(length)
    headers.add_vary_header("accept-encoding")
    if encoding:
        headers["content-encoding"] = encoding
    for name in ("etag", "last-modified"):  # they are of Streamlit's file
        del headers[name]
