"""Lessons, and what their classes have answered."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    """Beside the runs."""
    op.create_table(
        "lessons",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("teachers", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("ends", sa.DateTime, nullable=False),
    )
    op.create_table(
        "lesson_answers",
        sa.Column("lesson", sa.String(16), primary_key=True),
        sa.Column("number", sa.BigInteger, primary_key=True),
        sa.Column("browser", sa.String(64), primary_key=True),
        sa.Column("value", sa.Float, nullable=False),
    )
