"""Run by Alembic, inside the transaction that `schema.py` has begun: all migrations together happen or none does."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
