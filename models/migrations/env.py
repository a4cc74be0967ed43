"""Alembic's environment: it runs on the connection that ``upgrade`` hands over."""

from alembic import context
from sqlmodel import SQLModel

import models.tables  # noqa: F401  every table, so that a comparison sees them all

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
