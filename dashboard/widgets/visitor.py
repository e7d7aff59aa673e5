"""Who a visitor is: on a hosted demo a secret that the browser keeps in a cookie, or the user who has logged in.

A server that is somebody's own has one visitor, and its browsers have cookies all the same: a class may come to it (`browser`).

The cookie comes with the page's first HTML (`GivesCookie`), so that the WebSocket brings it along from the beginning, and no
script can read it. Where a browser takes no cookies, a session is a visitor of its own. What is kept of a visitor anywhere is
`owner()`, from which the secret cannot be found. Light: a first picture need not wait for the engine.
"""

import hashlib
import re
import secrets

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.hosting import is_hosted
from dashboard.widgets import session

COOKIE = "maml_lab_visitor"
COOKIE_SECONDS = 400 * 24 * 3600  # the longest that browsers keep one
LOCAL = "local"  # the one visitor of a server that is somebody's own
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")  # as `new_secret` makes them


def visitor() -> str:
    """Who this session's visitor is: a secret, not to be shown or stored; see `owner`."""
    if not is_hosted():
        return LOCAL
    return f"user {user}" if (user := _logged_in()) else browser()


def browser() -> str:
    """Which browser this is, on any server: a secret like `visitor`'s."""
    if (kept := st.context.cookies.get(COOKIE)) and is_secret(kept):
        return kept
    return st.session_state.setdefault(session.VISITOR, new_secret())


def owner() -> str:
    """The visitor as runs and the like know who they belong to."""
    return owner_of(visitor())


def owner_of(visitor: str) -> str:
    """What may be stored of a visitor: nobody finds the secret from it."""
    return hashlib.sha256(visitor.encode()).hexdigest()


def new_secret() -> str:
    """For a visitor who has none; it cannot be guessed."""
    return secrets.token_urlsafe(32)


def is_secret(value: object) -> bool:
    """Whether a cookie's value is one that this app has made, by its form."""
    return isinstance(value, str) and _SECRET.fullmatch(value) is not None


def _logged_in() -> str:
    """The user of `st.login` by their provider's name for them; empty where nobody has logged in."""
    if not st.user.get("is_logged_in"):
        return ""
    known_by = st.user.get("sub") or st.user.get("email")
    return f"{st.user.get('iss', '')} {known_by}" if known_by else ""


class GivesCookie:
    """Middleware of the server: a browser that comes for the page without the cookie gets one with it."""

    def __init__(self, app: ASGIApp) -> None:
        """Around the app."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers as the app does."""
        if scope["type"] != "http" or scope["method"] != "GET" or is_secret(HTTPConnection(scope).cookies.get(COOKIE)):
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("set-cookie", _cookie(is_secure=_came_by_https(scope)))
                    headers["cache-control"] = "no-store"  # it is for this browser alone
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _came_by_https(scope: Scope) -> bool:
    """By what the visitor's browser speaks, which a proxy in front tells."""
    return Headers(scope=scope).get("x-forwarded-proto", scope.get("scheme", "http")).split(",")[0].strip() == "https"


def _cookie(*, is_secure: bool) -> str:
    kept = f"{COOKIE}={new_secret()}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Lax"
    return f"{kept}; Secure" if is_secure else kept
