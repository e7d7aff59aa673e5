"""Whether all that the library keeps is whole: rows, digests, learners that open, jobs that a process has."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, exists, func, select, text

from dashboard.runs import queue
from dashboard.runs.database import Database
from dashboard.runs.exchange import open_learner
from dashboard.runs.run import ENDED, KINDS, UNDER_WAY, digest_of, from_values
from dashboard.runs.tables import job_states, jobs, learners, runs
from maml_engine.io.arrays import StorageError
from maml_engine.runtime.paths import home_folder


@dataclass(frozen=True)
class Findings:
    """What was looked at, and what is wrong.

    database: where it is, without a password.
    runs: how many.
    learners: how many, each once.
    learner_bytes: of all of them.
    jobs: that wait or are under way.
    problems: one sentence each; empty where all is well.
    """

    database: str
    runs: int
    learners: int
    learner_bytes: int
    jobs: int
    problems: tuple[str, ...]

    def told(self) -> str:
        """What was looked at, in words."""
        return (
            f"{self.database}: {self.runs:,} runs, {self.learners:,} learners ({self.learner_bytes / 1e6:,.1f} MB), "
            f"{self.jobs:,} jobs that wait or are under way"
        )


def examine(database: Database) -> Findings:
    """Looks at everything, a row at a time, so that others can write meanwhile.

    Raises:
      LibraryAway: the database is away.
    """
    with database.reading() as connection:
        run_ids = connection.execute(select(runs.c.id).order_by(runs.c.id)).scalars().all()
        digests = connection.execute(select(learners.c.digest).order_by(learners.c.digest)).scalars().all()
        size = int(connection.execute(select(func.sum(learners.c.size))).scalar() or 0)  # PostgreSQL sums to decimals
        waiting = len(queue.waiting(connection))
        problems = [*_of_the_file(connection), *_of_the_queue(connection)]
    for run_id in run_ids:
        with database.reading() as connection:
            problems += _of_a_run(connection, run_id)
    for digest in digests:
        with database.reading() as connection:
            problems += _of_a_learner(connection, digest)
    problems += _of_the_folders(home_folder() / "runs")
    return Findings(database.name, len(run_ids), len(digests), size, waiting, tuple(problems))


def _of_the_file(connection: Connection) -> Iterator[str]:
    if connection.dialect.name == "sqlite":
        for (found,) in connection.execute(text("PRAGMA integrity_check(10)")):
            if found != "ok":
                yield f"SQLite finds its file damaged: {found}."


def _of_the_queue(connection: Connection) -> Iterator[str]:
    moment = queue.time_of(connection)
    for job in queue.waiting(connection):
        if job.lease_until is not None and job.lease_until < moment:
            yield f"Job {job.id} has no process: {job.worker} was to answer by {job.lease_until:%Y-%m-%d %H:%M:%S} UTC."
    for job_id, part in connection.execute(select(job_states.c.job, job_states.c.part).order_by(job_states.c.job)).all():
        kept = select(job_states.c.digest, job_states.c.content).where(job_states.c.job == job_id, job_states.c.part == part)
        if (row := connection.execute(kept).first()) is not None and digest_of(row.content) != row.digest:
            yield f"The {part} of job {job_id} was altered after it was kept."
    has_a_job = exists().where(jobs.c.id == runs.c.id)
    for run_id, status in connection.execute(select(runs.c.id, runs.c.status).where(runs.c.status.in_(UNDER_WAY), ~has_a_job)):
        yield f"Run {run_id} is said to be {status}, but no process has it and it does not wait for one."
    for run_id, status in connection.execute(select(runs.c.id, runs.c.status).where(runs.c.status.in_(ENDED), has_a_job)):
        yield f"Run {run_id} is {status}, but its job is still in the queue."


def _of_a_run(connection: Connection, run_id: str) -> Iterator[str]:
    row = connection.execute(select(runs).where(runs.c.id == run_id)).mappings().first()
    if row is None:  # deleted meanwhile
        return
    try:
        run = from_values(row)
    except (StorageError, ValueError, TypeError) as error:
        yield f"Run {run_id} cannot be read: {error}"
        return
    if row["experiment"] is not None and run.experiment is None:
        yield f"Run {run_id} has an experiment that this MAML Lab does not know."
    if run.kind not in KINDS or run.status not in (*UNDER_WAY, *ENDED):
        yield f"Run {run_id} is of kind {run.kind!r} and status {run.status!r}, which this MAML Lab does not know."
    kept = select(learners.c.digest).where(learners.c.digest == run.learner_digest)
    if run.learner_digest is not None and connection.execute(kept).first() is None:
        yield f"Run {run_id} has lost its learner {run.learner_digest[:12]}."


def _of_a_learner(connection: Connection, digest: str) -> Iterator[str]:
    row = connection.execute(select(learners).where(learners.c.digest == digest)).first()
    if row is None:
        return
    owners = connection.execute(select(runs.c.id).where(runs.c.learner_digest == digest).order_by(runs.c.id)).scalars().all()
    name = f"Learner {digest[:12]} of run {owners[0]}" if owners else f"Learner {digest[:12]}"
    if not owners:
        yield f"{name} is no run's."
    if digest_of(row.content) != digest or len(row.content) != row.size:
        yield f"{name} was altered after it was kept."
        return
    try:
        open_learner(row.content)
    except ValueError as error:
        yield f"{name} does not open: {error}"


def _of_the_folders(folder: Path) -> Iterator[str]:
    """Of the learners that were also saved as folders on this machine."""
    for part in sorted(folder.glob("**/.*.part")) if folder.is_dir() else ():
        yield f"{part} was left behind by a process that was killed; it can be removed."
