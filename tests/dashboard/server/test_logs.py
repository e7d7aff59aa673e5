"""A line a record, readable by machines; no id, token, address or password comes through, and names do."""

import base64
import io
import json
import logging
import pkgutil
import random

import pytest
from streamlit.error_util import handle_uncaught_app_exception

import dashboard
import maml_engine
from dashboard.server import logs


@pytest.fixture
def lines():
    """What is logged, and the loggers as they were before."""
    before = {logger: (logger.handlers[:], logger.propagate) for logger in every_logger()}
    root = logging.root.handlers[:], logging.root.level
    stream = io.StringIO()
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()], stream
    logging.captureWarnings(False)
    logging.root.handlers[:], logging.root.level = root
    for logger, (handlers, propagate) in before.items():
        logger.handlers[:], logger.propagate = handlers, propagate


def every_logger():
    return [logger for logger in logging.root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]


def test_every_record_is_a_line_of_json_whoever_writes_it(lines):
    read, stream = lines
    own = logging.getLogger("as.streamlit.has.them")
    own.propagate = False
    own.addHandler(logging.StreamHandler(io.StringIO()))
    logs.begin(stream)
    own.warning('two\nlines with "quotes" of %s', "Zoë")
    logs.log.info("ready", extra={"facts": {"caches_max_mb": 3}})
    try:
        raise ValueError("no such run: /runs?run=Ab3-xYz_98765432")
    except ValueError:
        own.exception("failed")
    first, second, third = read()
    assert first["message"] == 'two\nlines with "quotes" of Zoë' and first["level"] == "warning"
    assert second["caches_max_mb"] == 3
    assert "Traceback" in third["error"] and "Ab3" not in third["error"] and "/runs?…" in third["error"]


def test_an_error_of_a_page_is_such_a_line_too(lines):
    """Where rich is installed, and Flax brings it, Streamlit would print it to standard output, with all that it quotes."""
    read, stream = lines
    logs.begin(stream)
    try:
        raise KeyError("/runs?run=Ab3-xYz_98765432")
    except KeyError as error:
        handle_uncaught_app_exception(error)
    (line,) = [line for line in read() if "error" in line]
    assert line["level"] == "error" and "KeyError" in line["error"] and "Ab3" not in line["error"]


@pytest.mark.parametrize("num_bytes", [12, 16, 32])
def test_no_token_comes_through(num_bytes):
    draw = random.Random(num_bytes)
    for _ in range(20_000):
        token = base64.urlsafe_b64encode(draw.randbytes(num_bytes)).rstrip(b"=").decode()
        for text in (f"run {token}", f"'{token}'", f"/runs/{token}/learner.zip"):
            assert token not in logs.masked(text)


def test_addresses_end_before_their_question_and_passwords_are_gone():
    assert logs.masked("GET /train?job=x&teacher=y failed") == "GET /train?… failed"
    assert logs.masked("postgresql+psycopg://lab:pass@db:5432/runs is away") == "postgresql+psycopg://…@db:5432/runs is away"


def test_names_are_left():
    names = [module.name for package in (maml_engine, dashboard) for module in pkgutil.walk_packages(package.__path__)]
    for name in [*names, "meta_batch_size_of_tasks", "FileNotFoundError", "MAML_LAB_FRAME_ANCESTORS", "maml-lab-training"]:
        assert logs.masked(f"in {name}: what?") == f"in {name}: what?"
