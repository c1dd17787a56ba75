"""Run by Alembic on the connection, and in the transaction, of `migrate`."""

from alembic import context

from app.passes.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    transactional_ddl=True,
)
context.run_migrations()
