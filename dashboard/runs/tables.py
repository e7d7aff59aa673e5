"""The tables, as the newest migration leaves them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)


class Utc(TypeDecorator[datetime]):
    """A moment, UTC; the same on databases that know time zones and on those that do not."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """As it is stored."""
        return value and value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """As it is used."""
        return value and value.replace(tzinfo=UTC)


metadata = MetaData()

# The very files that visitors take home, each once. No query but that for a learner reads `content`.
learners = Table(
    "learners",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("created", Utc, nullable=False),
    Column("ended", Utc),
    Column("experiment", Text),
    Column("iteration", BigInteger, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("result", Text, nullable=False),
    Column("learner_digest", String(64), ForeignKey("learners.digest")),
    Column("curves", LargeBinary, nullable=False),
    Column("history", LargeBinary, nullable=False),  # the largest comes last, where SQLite does not step over it
    Index("runs_of_owner", "owner", "created"),
    Index("runs_of_learner", "learner_digest"),
)

# Runs that wait for a process, or have one. Those that ended are in the table of runs alone.
jobs = Table(
    "jobs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("request", Text, nullable=False),
    Column("created", Utc, nullable=False),
    Column("worker", String(128)),  # None: waits
    Column("lease_number", BigInteger, nullable=False),
    Column("lease_until", Utc),
    Column("stop", Boolean, nullable=False),
    Column("looked", Utc),  # when somebody last looked at it through another process than the one that has it
    Index("jobs_in_line", "created"),
)

# Of a job that a process has: its "progress", for who looks, and a "snapshot" from which another process would go on. Beside
# the jobs, whose rows change every few seconds. Gone with the job.
job_states = Table(
    "job_states",
    metadata,
    Column("job", String(64), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("part", String(16), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("content", LargeBinary, nullable=False),
)

# A class: what all of it see and are asked, and what each browser has answered. Gone after a day.
lessons = Table(
    "lessons",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("secret", String(64), nullable=False),
    Column("teachers", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("ends", Utc, nullable=False),
)

lesson_answers = Table(
    "lesson_answers",
    metadata,
    Column("lesson", String(16), primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("browser", String(64), primary_key=True),
    Column("value", Float, nullable=False),
)
