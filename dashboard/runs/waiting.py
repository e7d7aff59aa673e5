"""How long a database is waited for, and the word for a transaction that writes."""

from sqlalchemy import Connection

WAIT_SECONDS = 4.0  # for a lock, a connection or an answer; then a visitor is told
IN_LINE_SECONDS = 30.0  # where others write one after another, and one's turn will come
REST_SECONDS = 2.0  # after an answer that did not come, during which nobody waits for another
WRITES = "maml_lab_writes"  # an option of a connection


def be_patient(connection: Connection, seconds: float) -> None:
    """Waits for answers that long, until the connection is given back."""
    vars(connection.connection.dbapi_connection)["patience"] = seconds
