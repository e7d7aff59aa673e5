"""Files from the internet: resumed where a download was interrupted, written aside, checked, and then renamed."""

import hashlib
import http.client
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from maml_engine.io.arrays import StorageError, sync_folder

SECONDS = 20  # without a byte
PIECE = 1 << 18
TRIES = 3


class NotAvailable(StorageError):
    """A file could not be had from elsewhere; the message says why."""


def download(url: str, path: Path, *, md5: str) -> None:
    """Brings a file here, unless it is here; what an interrupted call has brought is not asked for again.

    Args:
      url: where it is.
      path: where it goes; it is there whole and checked, or not at all.
      md5: of its content, in hexadecimal. It tells a damaged file, not a malicious one.

    Raises:
      NotAvailable: no connection, no such file, not what it must be, or no room.
    """
    if path.is_file():
        return
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for attempt in range(1, TRIES + 1):
            try:
                _append(url, part)
                break
            except (http.client.IncompleteRead, TimeoutError, ConnectionError):
                if attempt == TRIES:
                    raise
        if (found := _md5(part)) != md5:
            part.unlink()
            raise NotAvailable(f"{url} is not the file that it must be: its MD5 is {found}, not {md5}.")
        os.replace(part, path)
        sync_folder(path.parent)
    except (OSError, http.client.HTTPException) as error:
        brought = f"; {part.stat().st_size:,} bytes are here, and another try goes on from there" if part.is_file() else ""
        raise NotAvailable(f"{url} could not be read ({_reason(error)}){brought}.") from None


def _append(url: str, part: Path) -> None:
    """Asks for what is not here yet, and writes it behind what is."""
    have = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer: Any = urllib.request.urlopen(request, timeout=SECONDS)
    except urllib.error.HTTPError as error:
        if error.code != http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
            raise
        return  # nothing is missing, or what is here is wrong, which the digest tells
    with answer, part.open("ab" if answer.status == http.client.PARTIAL_CONTENT else "wb") as file:
        wanted = answer.headers.get("Content-Length")
        got = 0
        while piece := answer.read(PIECE):
            got += file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    if wanted is not None and got < int(wanted):
        raise http.client.IncompleteRead(b"", int(wanted) - got)


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _reason(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"the server says {error.code}"
    if isinstance(error, urllib.error.URLError):
        return str(getattr(error.reason, "strerror", None) or error.reason)
    if isinstance(error, http.client.IncompleteRead):
        return "the connection ended early"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
