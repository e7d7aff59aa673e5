"""The tables of a database are made, or brought to what this version of the app knows. Forward only."""

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from dashboard.runs.waiting import be_patient

MIGRATIONS = Path(__file__).with_name("migrations")
MIGRATION_SECONDS = 60
LOCK = 0x4D414D4C  # of PostgreSQL, so that of several processes one migrates and the others wait
_one_at_a_time = threading.Lock()  # Alembic's environment is one for the process


class NewerSchema(Exception):
    """The database is of a newer app."""


def is_current(connection: Connection) -> bool:
    """Whether the tables are those that this version knows.

    Raises:
      NewerSchema: a newer version has migrated them.
    """
    found, revisions = MigrationContext.configure(connection).get_current_revision(), script()
    known = {revision.revision for revision in revisions.walk_revisions()}
    if found is not None and found not in known:
        raise NewerSchema(
            f"The library of runs has the schema {found!r} of a newer MAML Lab, where this one knows up to "
            f"{revisions.get_current_head()!r}: update MAML Lab, or name another database."
        )
    return found == revisions.get_current_head()


def script() -> ScriptDirectory:
    """The migrations that this version knows."""
    return ScriptDirectory(str(MIGRATIONS))


def migrate(connection: Connection) -> None:
    """Makes them so, within the transaction that the connection is in: a kill at any moment leaves what was there before."""
    if connection.dialect.name == "postgresql":
        be_patient(connection, MIGRATION_SECONDS)  # others may be at it
        for name in ("statement_timeout", "lock_timeout"):
            connection.execute(text(f"SET LOCAL {name} = '{MIGRATION_SECONDS}s'"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
    with _one_at_a_time:
        if not is_current(connection):
            config = Config(attributes={"connection": connection})
            config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
            config.set_main_option("path_separator", "os")
            command.upgrade(config, "head")
