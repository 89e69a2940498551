"""Alembic's entry: runs the migrations on the connection that `store/database.py` hands over."""

from __future__ import annotations

from alembic import context

from trunkline.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # all steps in the transaction that database.py began
    render_as_batch=True,  # SQLite changes a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
