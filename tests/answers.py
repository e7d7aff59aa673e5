"""What an ASGI app answers, without a server."""

import asyncio
from typing import Any

from tests.loops import run_alone


def answer_of(app: Any, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body.

    Args:
      app: what is asked.
      path: of what.
      method: how.
      headers: of the question; an underscore is a hyphen.
    """
    sent: list[Any] = []
    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": path, "method": method, "headers": pairs, "query_string": b"", "root_path": ""}

    async def receive() -> Any:  # who asks says nothing more, and stays
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    async def ask() -> None:
        await app(scope, receive, send)

    run_alone(ask())
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:])
