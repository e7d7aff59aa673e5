"""Which database the library lies in, how it is reached, and what is said when it is away."""

import logging
import os
import random
import sqlite3
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError

from dashboard.runs import schema
from maml_engine.runtime.paths import home_folder

log = logging.getLogger(__name__)

WAIT_SECONDS = 4.0  # for a lock, a connection or an answer; then a visitor is told
REST_SECONDS = 2.0  # after a connection that failed, during which nobody waits for another
MEANWHILE = "what is made meanwhile stays on this server and is kept when it can be"


class LibraryAway(Exception):
    """The library cannot be read or written just now; the message is one sentence for the person at the screen."""


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
            connection = connection.execution_options(writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Lets connections go."""
        if self._engine is not None:
            self._engine.dispose()

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = self._opened()
        with engine.connect() as connection:
            self._rest_until = 0.0
            if not self._is_current:
                _bring_up_to_date(connection)
                self._is_current = True
            yield connection

    def _opened(self) -> Engine:
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
        except schema.NewerSchema as error:
            raise LibraryAway(str(error)) from None
        except (SQLAlchemyError, sqlite3.Error, OSError) as error:
            self._is_current = False  # what comes back may be another database
            sentence = f"The library of runs {_reason(error)}; {MEANWHILE}."
            if _is_unreachable(error):
                self._rest_until, self._last_sentence = time.monotonic() + REST_SECONDS, sentence
            log.warning("%s (%s)", sentence, " ".join(str(getattr(error, "orig", error)).split()))
            raise LibraryAway(sentence) from error


def _bring_up_to_date(connection: Connection) -> None:
    with connection.begin():
        is_current = schema.is_current(connection)
    if not is_current:
        with connection.execution_options(writes=True).begin():
            schema.migrate(connection)
        connection.execution_options(writes=False)


def _engine_of(text: str) -> Engine:
    try:
        url = make_url(text)
    except ArgumentError:
        raise LibraryAway("The library of runs has no address: MAML_LAB_DATABASE must be like postgresql://...") from None
    kind = url.get_backend_name()
    if kind in ("postgresql", "postgres"):
        return _postgresql(url.set(drivername="postgresql+psycopg"))
    if kind == "sqlite" and url.database:
        return _sqlite(url.set(drivername="sqlite+pysqlite"))
    raise LibraryAway(f"The library of runs must lie in PostgreSQL or in a file of SQLite, got {kind!r}.")


def _postgresql(url: URL) -> Engine:
    """Each connection is asked whether it lives before it is used, and no wait is longer than a visitor's."""
    seconds = int(WAIT_SECONDS)
    engine = create_engine(
        url,
        pool_pre_ping=True,
        pool_size=4,
        max_overflow=8,
        pool_timeout=WAIT_SECONDS,
        pool_recycle=300,
        connect_args={
            "connect_timeout": max(2, seconds // 2),
            "tcp_user_timeout": 500 * seconds,
            "application_name": "maml-lab",
            "prepare_threshold": None,  # what stands between, such as PgBouncer, may not keep prepared statements
        },
    )

    @event.listens_for(engine, "connect")
    def configure(connection, record) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {1000 * seconds}")
            cursor.execute("SET idle_in_transaction_session_timeout = 10000")
        connection.commit()

    return engine


def _sqlite(url: URL) -> Engine:
    Path(url.database or "").expanduser().parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def configure(connection, record) -> None:
        # Else Python's driver begins transactions where it likes, and none around CREATE TABLE.
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        _begin(connection.connection.dbapi_connection, connection.get_execution_options().get("writes", False))

    return engine


def _begin(connection: sqlite3.Connection, writes: bool) -> None:
    """Begins with the lock that the transaction needs.

    SQLite's own waiting looks again ten times a second and is fair to nobody: of sixteen writers one would be refused.
    """
    connection.execute("PRAGMA busy_timeout = 0")
    until = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            if not connection.in_transaction:
                connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            connection.execute("SELECT 1 FROM sqlite_master").close()  # a reader's lock comes with its first statement
            break
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                if connection.in_transaction:
                    connection.rollback()
                raise
            time.sleep(random.uniform(0.001, 0.008))
    connection.execute(f"PRAGMA busy_timeout = {int(1000 * WAIT_SECONDS)}")


_SQLITE_REASONS = {
    "SQLITE_BUSY": "is locked by another program",
    "SQLITE_LOCKED": "is locked by another program",
    "SQLITE_READONLY": "may not be written: its file or the folder MAML_LAB_HOME is read-only",
    "SQLITE_CANTOPEN": "cannot be opened: the folder MAML_LAB_HOME does not allow it",
    "SQLITE_PERM": "may not be opened",
    "SQLITE_FULL": "is full: the disk has no room left",
    "SQLITE_IOERR": "cannot be read or written: the disk answers with errors",
    "SQLITE_NOTADB": "is damaged: its file is no database",
    "SQLITE_CORRUPT": "is damaged",
}
_POSTGRES_REASONS = {
    "25006": "may not be written: its database is read-only",
    "42501": "may not be written: its database does not allow it",
    "53100": "is full: the disk has no room left",
    "57014": "is too busy to answer",
    "55P03": "is locked by another program",
    "28P01": "does not let this server in: the password is wrong",
    "28000": "does not let this server in",
    "3D000": "does not answer: there is no database of that name",
}


def _reason(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    if isinstance(original, sqlite3.Error):
        name = getattr(original, "sqlite_errorname", "")
        return next((reason for start, reason in _SQLITE_REASONS.items() if name.startswith(start)), "does not answer")
    if isinstance(original, OSError):
        return "cannot be written: the folder MAML_LAB_HOME does not allow it"
    return _POSTGRES_REASONS.get(getattr(original, "sqlstate", None) or "", "does not answer")


def _is_unreachable(error: BaseException) -> bool:
    """Whether the next visitor would wait as long in vain."""
    original = getattr(error, "orig", None)
    return isinstance(error, DBAPIError) and not isinstance(original, sqlite3.Error) and not getattr(original, "sqlstate", None)
