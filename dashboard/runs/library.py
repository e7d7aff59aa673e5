"""What was trained here, kept: runs and the learners that they left."""

import logging
import re
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from dashboard.runs import doctor, exchange, queue
from dashboard.runs.database import Database, LibraryAway
from dashboard.runs.queue import Claim, Heard, Held, UnderWay, Waiting
from dashboard.runs.run import ENDED, MAX_NAME, MAX_NOTE, Run, cleaned, digest_of, from_values, to_values
from dashboard.runs.tables import jobs, learners, runs
from maml_engine.io.arrays import StorageError

log = logging.getLogger(__name__)

LOOK_SECONDS = 5.0  # for which what `trouble` found is believed
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BAD_ID = "A run's id must be letters, digits, `-` and `_`, at most 64, got {!r:.80}."
_INSERT = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_LISTED = [column for column in runs.c if column.name != "history"]


class RunLibrary:
    """The runs of a database. Safe to call from any thread; every method may raise `LibraryAway`, one sentence.

    url: of SQLAlchemy, SQLite or PostgreSQL; None takes the configured one.
    """

    def __init__(self, url: str | None = None):
        """Opens nothing yet."""
        self.database = Database(url)
        self._looked, self._trouble = float("-inf"), ""

    def trouble(self) -> str:
        """What keeps runs from being kept, in a sentence; "" where all is well. Looked at anew every few seconds."""
        if time.monotonic() - self._looked > LOOK_SECONDS:
            try:
                with self.database.writing() as connection:
                    connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
                    connection.rollback()
                self._trouble = ""
            except LibraryAway as error:
                self._trouble = str(error)
            self._looked = time.monotonic()
        return self._trouble

    def doctor(self) -> doctor.Findings:
        """Looks at everything that is kept; what is wrong comes as sentences."""
        return doctor.examine(self.database)

    def close(self) -> None:
        """Lets connections go; the next question opens new ones."""
        self.database.close()

    # Runs.

    def save(self, run: Run, learner: bytes | None = None) -> None:
        """Keeps a run, or what has become of it; its own of before is replaced, whole or not at all.

        Args:
          run: a name, note, experiment or learner that it lacks stays what it was.
          learner: the file that a visitor takes home (`learner_zip`); one of the same bytes is kept once.

        Raises:
          ValueError: the id is another owner's.
        """
        values = _prepared(run, learner)
        with self.database.writing() as connection:
            _save(connection, values, learner)

    def get(self, run_id: str) -> Run | None:
        """A run with all that is kept of it, whoever asks: who has its id has its link.

        Returns:
          None where there is none, or where it was altered and cannot be read, which the log and `doctor` say.
        """
        with self.database.reading() as connection:
            found = connection.execute(_with_sizes(list(runs.c)).where(runs.c.id == _checked(run_id))).mappings().first()
        return None if found is None else _readable(found)

    def learner(self, run_id: str) -> bytes | None:
        """The file with a run's learner; None where there is no such run, or it left none."""
        content = select(learners.c.content).join(runs, runs.c.learner_digest == learners.c.digest)
        with self.database.reading() as connection:
            return connection.execute(content.where(runs.c.id == _checked(run_id))).scalar()

    def list(self, owner: str, also: Sequence[str] = (), *, limit: int = 100, offset: int = 0) -> list[Run]:
        """Runs without their history, the newest first; without those that were altered and cannot be read.

        Args:
          owner: whose.
          also: ids of others' runs that are listed as well, since a link has opened them.
          limit: how many at the most.
          offset: how many are passed over.
        """
        newest = _with_sizes(_LISTED).where(_seen_by(owner, also)).order_by(runs.c.created.desc(), runs.c.id)
        with self.database.reading() as connection:
            found = connection.execute(newest.limit(limit).offset(offset)).mappings().all()
        return [run for row in found if (run := _readable(row))]  # not while the transaction holds SQLite's lock

    def count(self, owner: str, also: Sequence[str] = ()) -> int:
        """How many runs `list` has in all."""
        with self.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(runs).where(_seen_by(owner, also))).scalar_one()

    def export(self, run_id: str) -> bytes | None:
        """A run and its learner as one file; None where there is no such run."""
        run = self.get(run_id)
        return None if run is None else exchange.packed(run, self.learner(run_id))

    def import_run(self, content: bytes, owner: str) -> Run:
        """Keeps the run of a file that `export` made here or elsewhere, under a new id.

        Raises:
          ValueError: one sentence: what of the file is not as it must be.
        """
        run, learner = exchange.unpacked(content, owner)
        self.save(run, learner)
        return run

    def rename(self, run_id: str, owner: str, name: str) -> bool:
        """Gives a run a name; False where the owner has no such run."""
        return self._change(run_id, owner, name=cleaned(name, MAX_NAME))

    def annotate(self, run_id: str, owner: str, note: str) -> bool:
        """Writes a run's note; False where the owner has no such run."""
        return self._change(run_id, owner, note=cleaned(note, MAX_NOTE))

    def delete(self, run_id: str, owner: str) -> bool:
        """Removes a run, and its learner where no other run has it; False where the owner has no such run."""
        with self.database.writing() as connection:
            mine = delete(runs).where(runs.c.id == _checked(run_id), runs.c.owner == owner).returning(runs.c.learner_digest)
            found = connection.execute(mine).first()
            if found is not None:
                _drop_unused(connection, found.learner_digest)
        return found is not None

    def _change(self, run_id: str, owner: str, **values: str) -> bool:
        with self.database.writing() as connection:
            mine = update(runs).where(runs.c.id == _checked(run_id), runs.c.owner == owner)
            return connection.execute(mine.values(**values)).rowcount == 1

    # Jobs of several processes on one database.

    def enqueue(
        self, job_id: str, owner: str, request: Mapping[str, Any], *, worker: str | None = None, lease_seconds: float = 0.0
    ) -> None:
        """Puts a job at the end of the line, or into the hands of a process that has it already, by lease number 1.

        Args:
          job_id: cannot be guessed; the id of the run that it becomes.
          owner: who asks for it.
          request: what whoever takes it needs to know, as plain JSON.
          worker: the process that has it; None: it waits.
          lease_seconds: for how long it is that process's, as for `claim`.

        Raises:
          ValueError: one of that id is there.
        """
        if not _ID.fullmatch(job_id):
            raise ValueError(_BAD_ID.format(job_id))
        try:
            with self.database.writing() as connection:
                queue.enqueue(connection, job_id, owner=owner, request=request, worker=worker, lease_seconds=lease_seconds)
        except IntegrityError:
            raise ValueError(f"Job {job_id} is in the queue already.") from None

    def claim(self, worker: str, lease_seconds: float) -> Claim | None:
        """The job that is next, for this process alone; None where nothing waits.

        Args:
          worker: the process's name.
          lease_seconds: for how long it is its; `renew` in time, or another process takes the job.
        """
        with self.database.writing() as connection:
            return queue.claim(connection, worker, lease_seconds)

    def renew(self, held: Mapping[str, Held], lease_seconds: float) -> dict[str, Heard]:
        """Leases from now on, and how the jobs are, in one transaction.

        Args:
          held: jobs by id, with what this process says of each.
          lease_seconds: how long the leases are.

        Returns:
          What others say to this process, by job; those that another process has taken since, or that are gone, are not in it:
          stop working at them, nothing of them was written.
        """
        with self.database.writing() as connection:
            return queue.renew(connection, held, lease_seconds)

    def write(self, run: Run, learner: bytes | None = None, *, lease_number: int) -> bool:
        """`save` of a job's run by the process that has it; a run that has ended leaves the queue.

        Returns:
          False where another process has taken the job since: nothing was written.
        """
        values = _prepared(run, learner)
        with self.database.writing() as connection:
            if not queue.is_held(connection, run.id, lease_number):
                return False
            _save(connection, values, learner)
            if run.status in ENDED:
                connection.execute(delete(jobs).where(jobs.c.id == run.id))
            return True

    def finish_job(self, job_id: str, lease_number: int) -> bool:
        """Takes a job that leaves no run out of the queue; False where another process has taken it since, or it is gone."""
        held = (jobs.c.id == _checked(job_id), jobs.c.lease_number == lease_number)
        with self.database.writing() as connection:
            return connection.execute(delete(jobs).where(*held)).rowcount == 1

    def ask_to_stop(self, job_id: str, owner: str) -> bool:
        """Asks the process that has a job to end it; a job that still waits leaves the line. False for another's job."""
        with self.database.writing() as connection:
            mine = (jobs.c.id == _checked(job_id), jobs.c.owner == owner)
            if connection.execute(delete(jobs).where(*mine, jobs.c.worker.is_(None))).rowcount:
                return True
            return connection.execute(update(jobs).where(*mine).values(stop=True)).rowcount == 1

    def look(self, job_ids: Sequence[str]) -> None:
        """Tells the processes that have jobs that somebody looks at them."""
        with self.database.writing() as connection:
            queue.look(connection, [job_id for job_id in job_ids if _ID.fullmatch(job_id)])

    def under_way(self, job_id: str) -> UnderWay | None:
        """A job as the process that has it said last, whoever asks; None where none of that id waits or runs."""
        with self.database.reading() as connection:
            return queue.under_way(connection, _checked(job_id))

    def waiting(self) -> "list[Waiting]":
        """All jobs that wait or are under way, the oldest first."""
        with self.database.reading() as connection:
            return queue.waiting(connection)


def _checked(run_id: str) -> str:
    """An id that may come from a link; what no id looks like is that of no run."""
    return run_id if _ID.fullmatch(run_id) else ""


def _seen_by(owner: str, also: Sequence[str]) -> Any:
    others = [run_id for run_id in also if _ID.fullmatch(run_id)]
    return or_(runs.c.owner == owner, runs.c.id.in_(others)) if others else runs.c.owner == owner


def _readable(row: Any) -> Run | None:
    """A run as it was kept; one damaged row must not take a whole list with it."""
    try:
        return from_values(row)
    except (StorageError, ValueError, TypeError) as error:
        log.warning("The run %s cannot be read: %s", row["id"], error)
        return None


def _with_sizes(columns: Sequence[Any]) -> Any:
    size = func.coalesce(learners.c.size, 0).label("learner_bytes")
    return select(*columns, size).outerjoin(learners, runs.c.learner_digest == learners.c.digest)


def _prepared(run: Run, learner: bytes | None) -> dict[str, Any]:
    """The row of a run. Made before the transaction, which on SQLite keeps all others waiting."""
    if not _ID.fullmatch(run.id):
        raise ValueError(_BAD_ID.format(run.id))
    return to_values(run) | {"learner_digest": run.learner_digest if learner is None else digest_of(learner)}


def _save(connection: Connection, values: dict[str, Any], learner: bytes | None) -> None:
    before = connection.execute(select(runs.c.learner_digest).where(runs.c.id == values["id"]).with_for_update()).scalar()
    new = _INSERT[connection.dialect.name]
    if learner is not None:
        content = {"digest": values["learner_digest"], "size": len(learner), "content": learner}
        # An update, not nothing, where it is there: it keeps whoever deletes the last run that had it waiting.
        kept = new(learners).values(content)
        connection.execute(kept.on_conflict_do_update(index_elements=["digest"], set_={"size": kept.excluded.size}))
    row = new(runs).values(values)
    newer: dict[str, Any] = {name: row.excluded[name] for name in values if name not in ("id", "owner", "created")}
    for name in ("name", "note"):
        newer[name] = func.coalesce(func.nullif(row.excluded[name], ""), runs.c[name])
    for name in ("experiment", "learner_digest"):
        newer[name] = func.coalesce(row.excluded[name], runs.c[name])
    own = row.on_conflict_do_update(index_elements=["id"], set_=newer, where=runs.c.owner == row.excluded.owner)
    if connection.execute(own.returning(runs.c.id)).first() is None:
        raise ValueError("A run of this id is another's.")
    if before is not None and values["learner_digest"] not in (None, before):
        _drop_unused(connection, before)


def _drop_unused(connection: Connection, digest: str | None) -> None:
    """Removes a learner that no run has any more."""
    if digest is None:
        return
    connection.execute(select(learners.c.digest).where(learners.c.digest == digest).with_for_update())
    if connection.execute(select(runs.c.id).where(runs.c.learner_digest == digest).limit(1)).first() is None:
        connection.execute(delete(learners).where(learners.c.digest == digest))


_making = threading.Lock()
_library: RunLibrary | None = None


def library() -> RunLibrary:
    """The process's library. Opens nothing: what is asked of it may raise `LibraryAway`."""
    global _library
    with _making:
        if _library is None:
            _library = RunLibrary()
        return _library


def forget_library() -> None:
    """As in a process that has not asked for it yet."""
    global _library
    with _making:
        if _library is not None:
            _library.close()
        _library = None
