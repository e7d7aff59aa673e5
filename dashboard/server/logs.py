"""What a hosted server writes down: one JSON object a line, and nothing that lets a reader be somebody else.

Addresses end at their "?", behind which stand ids of runs and a teacher's secret; what looks like a token is cut to three
letters, whoever wrote it. At home the log stays as Streamlit writes it.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any, TextIO

log = logging.getLogger("maml_lab")

_QUERY = re.compile(r"(?<=[\w/])\?[^\s\"'<>]*=[^\s\"'<>]*")
_LOGIN = re.compile(r"(?<=://)[^\s/@]+@")  # user and password of a database's address
# Ids of runs have 16 letters, sessions 36, visitors 43. What is all small or all capital letters is a name, as a random token
# of that length is not (1 in a million), and so is an exception's.
_TOKEN = re.compile(r"(?<![\w-])[\w-]{16,}(?![\w-])", re.ASCII)
_NAME = re.compile(r"[a-z_-]+\d{0,2}|[A-Z_-]+|(?:[A-Z][a-z]+)+(?:Error|Exception|Warning)")


def masked(text: str) -> str:
    """Text without what identifies a visitor or a run, and without passwords."""
    text = _LOGIN.sub("…@", _QUERY.sub("?…", text))
    return _TOKEN.sub(lambda found: found[0] if _NAME.fullmatch(found[0]) else f"{found[0][:3]}…", text)


class JsonLines(logging.Formatter):
    """A record as one line; `extra={"facts": {...}}` adds fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": masked(record.getMessage()),
        }
        if record.exc_info:
            line["error"] = masked(self.formatException(record.exc_info))
        return json.dumps(line | getattr(record, "facts", {}), ensure_ascii=False, default=str)


def begin(stream: TextIO | None = None) -> None:
    """From now on every logger writes such lines; again after more modules have made loggers of their own.

    Args:
      stream: where to; None is the process's standard error.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    log.setLevel(logging.INFO)
    logging.captureWarnings(True)
    for logger in list(logging.root.manager.loggerDict.values()):
        if isinstance(logger, logging.Logger) and logger.handlers:  # Streamlit's and Uvicorn's
            logger.handlers.clear()
            logger.propagate = True
