"""SQLite, one file for the processes of one machine: whole transactions, their locks taken at their beginning."""

import random
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event

from dashboard.runs.waiting import IN_LINE_SECONDS, WAIT_SECONDS, WRITES

REASONS = {  # by the beginning of the name of SQLite's code
    "SQLITE_BUSY": "is locked by another program",
    "SQLITE_LOCKED": "is locked by another program",
    "SQLITE_READONLY": "may not be written: its file, or the folder MAML_LAB_HOME, is read-only",
    "SQLITE_CANTOPEN": "cannot be opened: its file, or the folder MAML_LAB_HOME, does not allow it",
    "SQLITE_PERM": "may not be opened",
    "SQLITE_FULL": "is full: the disk has no room left",
    "SQLITE_IOERR": "cannot be read or written: the disk answers with errors",
    "SQLITE_NOTADB": "is damaged: its file is no database",
    "SQLITE_CORRUPT": "is damaged",
}


def engine(url: URL) -> Engine:
    """Opens the file for each transaction, which costs less than a millisecond: one that was put in its place is seen.

    Raises:
      OSError: its folder cannot be made.
    """
    path = Path(url.database or "").expanduser()
    path.parent.mkdir(parents=True, exist_ok=True)
    url = url.set(drivername="sqlite+pysqlite", database=str(path))
    made = create_engine(url, poolclass=NullPool, connect_args={"timeout": WAIT_SECONDS})

    @event.listens_for(made, "connect")
    def configure(connection: Any, record: Any) -> None:
        # Else Python's driver begins transactions where it likes, and none around CREATE TABLE.
        connection.isolation_level = None
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        _begin(connection.connection.dbapi_connection, path, writes=connection.get_execution_options().get(WRITES, False))

    return made


def keep_journal_beside(connection: Connection) -> None:
    """Outside a transaction: undoes what somebody has done to a file, since WAL mode may lose commits before SQLite 3.51.3."""
    driver: Any = connection.connection.dbapi_connection
    if driver.execute("PRAGMA journal_mode").fetchone()[0] != "delete":
        driver.execute("PRAGMA journal_mode = DELETE")


def _begin(connection: Any, path: Path, *, writes: bool) -> None:
    """Begins with the lock that the transaction needs.

    SQLite's own waiting looks again ten times a second and is fair to nobody: of sixteen writers one would be refused. Here
    whoever has waited longest looks most often, and gives up only where nobody else gets on either.
    """
    connection.execute("PRAGMA busy_timeout = 0")
    began = seen = time.monotonic()
    written = _last_written(path)
    while True:
        try:
            if not connection.in_transaction:
                connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            connection.execute("SELECT 1 FROM sqlite_master").close()  # a reader's lock comes with its first statement
            break
        except sqlite3.OperationalError as error:
            moment = time.monotonic()
            if (last := _last_written(path)) != written:
                written, seen = last, moment
            is_stuck = moment - seen > WAIT_SECONDS or moment - began > IN_LINE_SECONDS
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or is_stuck:
                if connection.in_transaction:
                    connection.rollback()
                raise
            time.sleep(random.uniform(0.0005, 0.008 / (1 + moment - began)))
    connection.execute(f"PRAGMA busy_timeout = {int(1000 * WAIT_SECONDS)}")


def _last_written(path: Path) -> int:
    """When the file was last changed. Not to be opened for that: closing it would drop SQLite's locks."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
