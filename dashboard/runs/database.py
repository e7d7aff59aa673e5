"""Which database the library lies in, how it is reached, and what is said when it is away."""

import logging
import os
import sqlite3
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

from dashboard.runs import sqlite
from dashboard.runs.waiting import REST_SECONDS, WRITES
from maml_engine.runtime.paths import home_folder

log = logging.getLogger(__name__)

NO_ANSWER = "does not answer"
MEANWHILE = "what is made meanwhile stays on this server and is kept when it can be"
POSTGRES_REASONS = {  # by PostgreSQL's own codes; here, since `postgres` is imported with its driver
    "25006": "may not be written: its database is read-only",
    "42501": "may not be written: its database does not allow it",
    "53100": "is full: the disk has no room left",
    "57014": "is too busy to answer",
    "55P03": "is locked by another program",
    "28P01": "does not let this server in: the password is wrong",
    "28000": "does not let this server in",
    "3D000": "does not answer: there is no database of that name",
}


class LibraryAway(Exception):
    """The library cannot be read or written just now; the message is one sentence for the person at the screen."""


def is_configured() -> bool:
    """Whether somebody has named a database, which other processes may share."""
    return configured_url() != _own_url()


def configured_url() -> str:
    """The database of `MAML_LAB_DATABASE`, or of `[runs] url` in Streamlit's secrets, or a file in `MAML_LAB_HOME`."""
    if chosen := os.environ.get("MAML_LAB_DATABASE"):
        return chosen
    for folder in (Path.cwd(), Path.home()):
        try:
            secrets = tomllib.loads((folder / ".streamlit" / "secrets.toml").read_text(encoding="utf-8"))
            return str(secrets["runs"]["url"])
        except (OSError, KeyError, TypeError, ValueError):
            continue
    return _own_url()


def _own_url() -> str:
    return URL.create("sqlite", database=str(home_folder() / "runs.db")).render_as_string()


class Database:
    """One database, opened when it is first asked. Safe to call from any thread.

    url: of SQLAlchemy; None takes the configured one.
    """

    def __init__(self, url: str | None = None):
        """Opens nothing yet."""
        self._given, self._engine, self._is_current = url, None, False
        self._opening = threading.Lock()
        self._rest_until, self._last_sentence = 0.0, ""

    @property
    def name(self) -> str:
        """Where it is, without a password."""
        return make_url(self._given or configured_url()).render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads.

        Raises:
          LibraryAway: the database is away, or of a newer app.
        """
        with self._saying_away(), self._connected() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes, from its first statement on; all of it happens or nothing.

        Raises:
          LibraryAway: the database is away, read-only, full or of a newer app; nothing has changed.
        """
        with self._saying_away(), self._connected() as connection:
            connection = connection.execution_options(**{WRITES: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Lets connections go."""
        if self._engine is not None:
            self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with self.engine().connect() as connection:
            self._rest_until = 0.0
            if not self._is_current:
                _bring_up_to_date(connection)
                self._is_current = True
            yield connection

    def engine(self) -> Engine:
        """SQLAlchemy's engine.

        Raises:
          LibraryAway: the database did not answer a moment ago, or there is no such database.
        """
        if time.monotonic() < self._rest_until:
            raise LibraryAway(self._last_sentence)
        with self._opening:
            if self._engine is None:
                self._engine = _engine_of(self._given or configured_url())
            return self._engine

    @contextmanager
    def _saying_away(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            self._is_current = False  # what comes back may be another database
            sentence = f"The library of runs {_reason(error)}; {MEANWHILE}."
            if _reason(error) == NO_ANSWER:  # nor would it answer the next visitor
                self._rest_until, self._last_sentence = time.monotonic() + REST_SECONDS, sentence
            log.warning("%s (%s)", sentence, " ".join(str(getattr(error, "orig", error)).split()))
            raise LibraryAway(sentence) from error


def _bring_up_to_date(connection: Connection) -> None:
    from dashboard.runs import schema  # Alembic: a first picture does not wait for it

    if connection.dialect.name == "sqlite":
        sqlite.keep_journal_beside(connection)
    with connection.begin():
        try:
            is_current = schema.is_current(connection)
        except schema.NewerSchema as error:
            raise LibraryAway(str(error)) from None
    if not is_current:
        with connection.execution_options(**{WRITES: True}).begin():
            schema.migrate(connection)
        connection.execution_options(**{WRITES: False})


def _engine_of(text: str) -> Engine:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):  # the latter for a port that is no number
        raise LibraryAway("The library of runs has no address: MAML_LAB_DATABASE must be like postgresql://...") from None
    kind = url.get_backend_name()
    if kind in ("postgresql", "postgres"):
        from dashboard.runs import postgres  # its driver: a first picture does not wait for it

        return postgres.engine(url)
    if kind == "sqlite" and url.database not in (None, "", ":memory:"):
        return sqlite.engine(url)
    raise LibraryAway(f"The library of runs must lie in PostgreSQL or in a file of SQLite, got {kind}.")


def _reason(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    if isinstance(original, sqlite3.Error):
        name = getattr(original, "sqlite_errorname", "")
        return next((reason for start, reason in sqlite.REASONS.items() if name.startswith(start)), NO_ANSWER)
    if isinstance(original, OSError):
        return "cannot be written: the folder MAML_LAB_HOME does not allow it"
    return POSTGRES_REASONS.get(getattr(original, "sqlstate", None) or "", NO_ANSWER)
