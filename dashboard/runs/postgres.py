"""PostgreSQL, where several servers share one library: connections that are asked whether they live, and no endless wait."""

import time
from typing import Any

import psycopg
from sqlalchemy import URL, Connection, Engine, create_engine, event

from dashboard.runs.waiting import WAIT_SECONDS, be_patient

PING_SECONDS, CONNECT_SECONDS = 1.5, 2  # together less than a visitor waits


class Impatient(psycopg.Connection):
    """One that is closed when no answer comes: a server that hangs and a network that swallows packets do not say so."""

    patience = PING_SECONDS

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """An answer."""
        began, most = time.monotonic(), self.patience if timeout is None else timeout
        try:
            return super().wait(gen, interval, most)
        except Exception:
            if time.monotonic() - began < most:
                raise
            self.pgconn.finish()
            raise psycopg.OperationalError(f"No answer came within {most:g} s.") from None


def engine(url: URL) -> Engine:
    """Connects when it is first asked."""
    made = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_pre_ping=True,
        pool_size=4,
        max_overflow=8,
        pool_timeout=WAIT_SECONDS,
        pool_recycle=300,
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "maml-lab",
            "prepare_threshold": None,  # what stands between, such as PgBouncer, may not keep prepared statements
        },
    )

    @event.listens_for(made, "do_connect")
    def connect(dialect: Any, record: Any, arguments: Any, named: Any) -> psycopg.Connection:
        return Impatient.connect(*arguments, **named)

    @event.listens_for(made, "connect")
    def configure(connection: Any, record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET statement_timeout = {int(900 * WAIT_SECONDS)}")  # ms: the server says why before we give up
            cursor.execute(f"SET lock_timeout = {int(700 * WAIT_SECONDS)}")
            cursor.execute("SET idle_in_transaction_session_timeout = 10000")
        connection.commit()

    @event.listens_for(made, "begin")
    def begin(connection: Connection) -> None:
        be_patient(connection, WAIT_SECONDS)

    @event.listens_for(made, "checkin")
    def give_back(connection: Any, record: Any) -> None:
        if connection is not None:
            connection.patience = PING_SECONDS

    return made
