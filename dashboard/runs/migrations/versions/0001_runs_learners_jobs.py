"""Runs, the learners that they left, and jobs that wait for a process or have one."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None


def upgrade() -> None:
    """From nothing."""
    op.create_table(
        "learners",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("ended", sa.DateTime),
        sa.Column("experiment", sa.Text),
        sa.Column("iteration", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("learner_digest", sa.String(64), sa.ForeignKey("learners.digest")),
        sa.Column("curves", sa.LargeBinary, nullable=False),
        sa.Column("history", sa.LargeBinary, nullable=False),
    )
    op.create_index("runs_of_owner", "runs", ["owner", "created"])
    op.create_index("runs_of_learner", "runs", ["learner_digest"])
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("created", sa.DateTime, nullable=False),
        sa.Column("worker", sa.String(128)),
        sa.Column("lease_number", sa.BigInteger, nullable=False),
        sa.Column("lease_until", sa.DateTime),
        sa.Column("stop", sa.Boolean, nullable=False),
    )
    op.create_index("jobs_in_line", "jobs", ["created"])
