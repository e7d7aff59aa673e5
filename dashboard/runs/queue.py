"""Jobs of several processes: who waits, who has one, and that a process which slept past its lease writes nothing."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, text, update

from dashboard.runs.run import digest_of, now
from dashboard.runs.tables import job_states, jobs

PROGRESS, SNAPSHOT = "progress", "snapshot"  # the parts of a job's state


@dataclass(frozen=True)
class Claim:
    """A job in a process's hands.

    id: the job's, and its run's.
    owner: who asked for it.
    request: what was asked for, as `enqueue` took it.
    lease_number: which taking this is; what another has taken since has a higher one.
    snapshot: what the process that had it before has left to go on from; None where there is nothing, or it was altered.
    """

    id: str
    owner: str
    request: dict[str, Any]
    lease_number: int
    snapshot: bytes | None = None


@dataclass(frozen=True)
class Held:
    """What a process says of a job that it has.

    lease_number: of the `Claim`; 1 where it was the first to have it.
    progress: how the job is, for who looks; None: as it said before.
    snapshot: what another process would go on from; None: as it said before.
    """

    lease_number: int
    progress: bytes | None = None
    snapshot: bytes | None = None


@dataclass(frozen=True)
class Heard:
    """What others say to the process that has a job.

    stop: its owner wants it to end.
    unseen: seconds since somebody looked at it through another process; None where nobody has.
    """

    stop: bool
    unseen: float | None


@dataclass(frozen=True)
class UnderWay:
    """A job as it is for whoever has its id.

    owner: who asked for it.
    request: what was asked for, as `enqueue` took it.
    created: when.
    is_held: whether a process has it, which has said so in time.
    progress: how it is, as that process said last; None where it has not.
    """

    owner: str
    request: dict[str, Any]
    created: datetime
    is_held: bool
    progress: bytes | None


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
    return Claim(found.id, found.owner, json.loads(found.request), number, _state(connection, found.id, SNAPSHOT))


def renew(connection: Connection, held: Mapping[str, Held], lease_seconds: float) -> dict[str, Heard]:
    """Leases from now on, and how the jobs are; without those that another process has taken since, or that are gone.

    Args:
      connection: in a transaction that writes.
      held: jobs by id; what is said of those that are not this process's any more is left aside.
      lease_seconds: how long the leases are.
    """
    moment, heard = time_of(connection), dict[str, Heard]()
    until = moment + timedelta(seconds=lease_seconds)
    for job_id in sorted(held):  # in one order, so that no two processes wait for each other
        mine = update(jobs).where(jobs.c.id == job_id, jobs.c.lease_number == held[job_id].lease_number)
        row = connection.execute(mine.values(lease_until=until).returning(jobs.c.stop, jobs.c.looked)).first()
        if row is None:
            continue
        heard[job_id] = Heard(bool(row.stop), None if row.looked is None else (moment - row.looked).total_seconds())
        for part, content in ((PROGRESS, held[job_id].progress), (SNAPSHOT, held[job_id].snapshot)):
            if content is not None:
                connection.execute(delete(job_states).where(job_states.c.job == job_id, job_states.c.part == part))
                values = {"job": job_id, "part": part, "digest": digest_of(content), "content": content}
                connection.execute(insert(job_states).values(values))
    return heard


def look(connection: Connection, job_ids: Sequence[str]) -> None:
    """Somebody looks at jobs that other processes have."""
    connection.execute(update(jobs).where(jobs.c.id.in_(job_ids)).values(looked=time_of(connection)))


def under_way(connection: Connection, job_id: str) -> UnderWay | None:
    """A job as it is now; None where none of that id waits or runs."""
    columns = (jobs.c.owner, jobs.c.request, jobs.c.created, jobs.c.lease_until)
    row = connection.execute(select(*columns).where(jobs.c.id == job_id)).first()
    if row is None:
        return None
    is_held = row.lease_until is not None and row.lease_until >= time_of(connection)
    return UnderWay(row.owner, json.loads(row.request), row.created, is_held, _state(connection, job_id, PROGRESS))


def _state(connection: Connection, job_id: str, part: str) -> bytes | None:
    """What is kept of a job, if it is whole."""
    columns = (job_states.c.digest, job_states.c.content)
    row = connection.execute(select(*columns).where(job_states.c.job == job_id, job_states.c.part == part)).first()
    return row.content if row is not None and digest_of(row.content) == row.digest else None


def is_held(connection: Connection, job_id: str, lease_number: int) -> bool:
    """Whether the job is still in these hands, and it stays so until the transaction ends."""
    held = select(jobs.c.id).where(jobs.c.id == job_id, jobs.c.lease_number == lease_number).with_for_update()
    return connection.execute(held).first() is not None


def waiting(connection: Connection) -> list[Waiting]:
    """All jobs, the oldest first."""
    columns = (jobs.c.id, jobs.c.owner, jobs.c.created, jobs.c.worker, jobs.c.lease_until)
    return [Waiting(*row) for row in connection.execute(select(*columns).order_by(jobs.c.created, jobs.c.id))]
