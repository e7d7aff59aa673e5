"""Jobs of several processes: who waits, who has one, and that a process which slept past its lease writes nothing."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, func, insert, or_, select, text, update

from dashboard.runs.run import now
from dashboard.runs.tables import jobs


@dataclass(frozen=True)
class Claim:
    """A job in a process's hands.

    id: the job's, and its run's.
    owner: who asked for it.
    request: what was asked for, as `enqueue` took it.
    lease_number: which taking this is; what another has taken since has a higher one.
    """

    id: str
    owner: str
    request: dict[str, Any]
    lease_number: int


@dataclass(frozen=True)
class Waiting:
    """A job of the queue, for whoever looks.

    id: the job's.
    owner: who asked for it.
    created: when.
    worker: the process that has it; None: it waits.
    lease_until: when that process must have said again that it lives.
    """

    id: str
    owner: str
    created: datetime
    worker: str | None
    lease_until: datetime | None


def time_of(connection: Connection) -> datetime:
    """The database's own time, which all its processes agree on."""
    if connection.dialect.name == "sqlite":
        return now()
    return connection.execute(text("SELECT clock_timestamp()")).scalar_one()


def enqueue(
    connection: Connection,
    job_id: str,
    *,
    owner: str,
    request: Mapping[str, Any],
    worker: str | None = None,
    lease_seconds: float = 0.0,
) -> None:
    """Puts a job at the end of the line, or into a process's hands, where its first lease has number 1.

    Args:
      connection: a transaction that writes.
      job_id: the run's.
      owner: who asks for it.
      request: what whoever takes it needs to know.
      worker: the process that has it from the beginning; None: it waits.
      lease_seconds: for how long it is its.
    """
    moment = time_of(connection)
    values = {"id": job_id, "owner": owner, "request": json.dumps(dict(request)), "created": moment, "stop": False}
    held = {"worker": worker, "lease_number": 1, "lease_until": moment + timedelta(seconds=lease_seconds)}
    connection.execute(insert(jobs).values(**values | (held if worker else {"lease_number": 0})))


def claim(connection: Connection, worker: str, lease_seconds: float) -> Claim | None:
    """The job that is next, if one is: of whoever has fewest under way, the oldest. A job whose lease has run out is free."""
    moment = time_of(connection)
    is_free = or_(jobs.c.worker.is_(None), jobs.c.lease_until < moment)
    others = jobs.alias()
    under_way = (
        select(func.count())
        .where(and_(others.c.owner == jobs.c.owner, others.c.worker.is_not(None), others.c.lease_until >= moment))
        .scalar_subquery()
    )
    columns = (jobs.c.id, jobs.c.owner, jobs.c.request, jobs.c.lease_number)
    line = select(*columns).where(is_free).order_by(under_way, jobs.c.created, jobs.c.id).limit(1)
    found = connection.execute(line.with_for_update(skip_locked=True, of=jobs)).first()
    if found is None:
        return None
    number, until = found.lease_number + 1, moment + timedelta(seconds=lease_seconds)
    mine = update(jobs).where(jobs.c.id == found.id).values(worker=worker, lease_number=number, lease_until=until)
    connection.execute(mine)
    return Claim(found.id, found.owner, json.loads(found.request), number)


def renew(connection: Connection, job_id: str, *, lease_number: int, lease_seconds: float) -> bool:
    """A lease from now on; False where another process has taken the job since, or it is gone.

    Args:
      connection: in a transaction that writes.
      job_id: the job's.
      lease_number: of the `Claim`.
      lease_seconds: how long the lease is.
    """
    until = time_of(connection) + timedelta(seconds=lease_seconds)
    held = and_(jobs.c.id == job_id, jobs.c.lease_number == lease_number)
    return connection.execute(update(jobs).where(held).values(lease_until=until)).rowcount == 1


def is_held(connection: Connection, job_id: str, lease_number: int) -> bool:
    """Whether the job is still in these hands, and it stays so until the transaction ends."""
    held = select(jobs.c.id).where(jobs.c.id == job_id, jobs.c.lease_number == lease_number).with_for_update()
    return connection.execute(held).first() is not None


def waiting(connection: Connection) -> list[Waiting]:
    """All jobs, the oldest first."""
    columns = (jobs.c.id, jobs.c.owner, jobs.c.created, jobs.c.worker, jobs.c.lease_until)
    return [Waiting(*row) for row in connection.execute(select(*columns).order_by(jobs.c.created, jobs.c.id))]
