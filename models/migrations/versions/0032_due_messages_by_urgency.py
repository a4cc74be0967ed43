"""Urgent messages and the others have ranges of their own: a batch is claimed without sorting all
that is due."""

import sqlalchemy as sa
from alembic import op

revision = "0032_due_messages_by_urgency"
down_revision = "0031_chained_looks"
branch_labels = None
depends_on = None

_WAITS = sa.text("next_at IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_outbox_next_at", table_name="outbox")
    _create("ix_outbox_urgent_next_at", ["urgent", "next_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_outbox_urgent_next_at", table_name="outbox")
    _create("ix_outbox_next_at", ["next_at"])


def _create(name: str, columns: list[str]) -> None:
    op.create_index(name, "outbox", columns, sqlite_where=_WAITS, postgresql_where=_WAITS)
