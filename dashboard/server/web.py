"""What the server says beside its pages: headers that tell browsers what they may do with them, and whether it is well.

Streamlit lets an app wrap its answers (`st.App(middleware=...)`) and give some of its own (`routes=...`).
"""

import os

from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.hosting import is_hosted
from dashboard.server import start_up, uploads

# Sites that may show the app within their own pages, as Content-Security-Policy spells them.
FRAME_ANCESTORS = "MAML_LAB_FRAME_ANCESTORS"
# Streamlit's own bundle makes functions from text (Vega, Plotly's WebGL), writes style sheets as it runs, and opens components'
# modules as blobs. All else comes from this server or not at all: what a page holds cannot be sent elsewhere by it.
_POLICY = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}


def headers() -> dict[str, str]:
    """What every answer carries.

    Anybody may embed the app, unless `MAML_LAB_FRAME_ANCESTORS` says who: a lecture's pages do. The cookie that says who a
    visitor is does not come along into another site's frame, so nothing of a visitor's can be clicked on there.
    """
    policy = _POLICY | {"frame-ancestors": os.environ.get(FRAME_ANCESTORS, "*")}
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",  # an address may name a run, or hold a teacher's secret
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }


class Guard:
    """Middleware: adds `headers`, keeps the server's metrics to itself, and bounds what visitors upload together."""

    def __init__(self, app: ASGIApp) -> None:
        """Around the app."""
        self._app, self._headers = app, headers()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does, or refuses."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(self._headers)
            await send(message)

        answer = self._app
        if scope["path"].rstrip("/").endswith("/_stcore/metrics"):
            answer = PlainTextResponse("Not Found", status_code=404)
        elif scope["method"] == "PUT" and "/_stcore/upload_file/" in scope["path"]:
            if is_hosted() and uploads.are_full():
                answer = PlainTextResponse(
                    "Too many files are open on this server. Try again in some minutes.", status_code=507
                )
            elif sentence := uploads.too_much(scope):
                answer = PlainTextResponse(sentence, status_code=413)
        await answer(scope, receive, send_with_headers)


async def healthz(request: Request) -> JSONResponse:
    """Whether a proxy should send visitors here: 503 until everything is imported."""
    del request
    ready = start_up.is_done()
    return JSONResponse({"status": "ok" if ready else "starting"}, 200 if ready else 503, {"cache-control": "no-store"})


MIDDLEWARE = [Middleware(Guard)]
ROUTES = [Route("/healthz", healthz)]
