"""Due clocks are found by urgency and time in one index range."""

import sqlalchemy as sa
from alembic import op

revision = "0004_due_clocks"
down_revision = "0003_the_same_matter"
branch_labels = None
depends_on = None

_RUNNING = sa.text("next_at IS NOT NULL")


def upgrade() -> None:
    op.drop_index("ix_clock_next_at", table_name="clock")
    op.create_index(
        "ix_clock_urgent_next_at",
        "clock",
        ["urgent", "next_at", "id"],
        sqlite_where=_RUNNING,
        postgresql_where=_RUNNING,
    )


def downgrade() -> None:
    op.drop_index("ix_clock_urgent_next_at", table_name="clock")
    op.create_index(
        "ix_clock_next_at",
        "clock",
        ["next_at"],
        sqlite_where=_RUNNING,
        postgresql_where=_RUNNING,
    )
