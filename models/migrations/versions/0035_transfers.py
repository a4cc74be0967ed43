"""Where a member of staff was before is found without reading the whole ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0035_transfers"
down_revision = "0034_the_key_in_the_head"
branch_labels = None
depends_on = None

_TRANSFERS = sa.text("kind = 'staff_transferred'")


def upgrade() -> None:
    op.create_index(
        "ix_event_transfers",
        "event",
        ["at"],
        unique=False,
        sqlite_where=_TRANSFERS,
        postgresql_where=_TRANSFERS,
    )


def downgrade() -> None:
    op.drop_index("ix_event_transfers", table_name="event")
