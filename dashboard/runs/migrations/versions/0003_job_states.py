"""How a job is while a process has it, what another process would go on from, and when somebody last looked at it."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    """Beside the jobs."""
    op.add_column("jobs", sa.Column("looked", sa.DateTime))
    op.create_table(
        "job_states",
        sa.Column("job", sa.String(64), sa.ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("part", sa.String(16), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
