"""Databases for the library of runs, SQLite's and PostgreSQL's, and what can happen to one."""

import contextlib
import secrets
import signal
import sqlite3
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, NullPool, create_engine, event

from benchmarks.postgres import Cluster


class Sqlite:
    """New files, and what can happen to one."""

    def __enter__(self) -> "Sqlite":
        self._folder = tempfile.TemporaryDirectory(prefix="maml-lab-database-")
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def new(self) -> str:
        """The address of an empty database."""
        return f"sqlite:///{self._folder.name}/{secrets.token_hex(4)}.db"

    def troubles(self, url: str) -> dict[str, Callable[[], Any]]:
        """What goes wrong, by name: a context manager during which it does."""
        path = Path(url.removeprefix("sqlite:///"))
        return {"locked": lambda: _locked(path), "moved away": lambda: _moved(path), "full": lambda: _full(path)}


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextlib.contextmanager
def _moved(path: Path) -> Iterator[None]:
    """Its folder is gone, and a file stands in its place."""
    aside = path.parent.rename(path.parent.with_name(f"{path.parent.name}.aside"))
    path.parent.write_text("")
    yield
    path.parent.unlink()
    aside.rename(path.parent)


@contextlib.contextmanager
def _full(path: Path) -> Iterator[None]:
    """SQLite's own bound on the size of a file answers as a full disk does."""

    def bound(connection: Any, record: Any) -> None:
        connection.execute("PRAGMA max_page_count = 1")

    event.listen(Engine, "connect", bound)
    yield
    event.remove(Engine, "connect", bound)


class Postgres:
    """New databases in a server, and what can happen to it."""

    def __init__(self, cluster: Cluster):
        self.cluster = cluster

    def new(self) -> str:
        """The address of an empty database."""
        return self.cluster.url(self.cluster.new_database())

    def troubles(self, url: str) -> dict[str, Callable[[], Any]]:
        """What goes wrong, by name: a context manager during which it does."""
        name = url.rpartition("/")[2]
        return {
            "stopped": lambda: self._stopped(signal.SIGINT),
            "crashed": lambda: self._stopped(signal.SIGQUIT),
            "hangs": self.cluster.hanging,
            "read-only": lambda: self._read_only(name),
            "locked": lambda: self._table_locked(name),
            "sessions ended": lambda: self._ended(name),
        }

    @contextlib.contextmanager
    def _stopped(self, how: int) -> Iterator[None]:
        self.cluster.stop(how)
        yield
        self.cluster.start()

    @contextlib.contextmanager
    def _read_only(self, name: str) -> Iterator[None]:
        self.cluster.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        self._end_sessions(name)
        yield
        self.cluster.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")
        self._end_sessions(name)

    @contextlib.contextmanager
    def _table_locked(self, name: str) -> Iterator[None]:
        engine = create_engine(self.cluster.url(name), poolclass=NullPool)
        with engine.connect() as connection, connection.begin():
            connection.exec_driver_sql("LOCK TABLE runs IN ACCESS EXCLUSIVE MODE")
            yield

    @contextlib.contextmanager
    def _ended(self, name: str) -> Iterator[None]:
        """Ten times a second, whatever they are at."""
        done = threading.Event()

        def end() -> None:
            while not done.wait(0.1):
                self._end_sessions(name)

        thread = threading.Thread(target=end)
        thread.start()
        yield
        done.set()
        thread.join()

    def _end_sessions(self, name: str) -> None:
        self.cluster.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
