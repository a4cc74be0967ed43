"""What one person has in hand is found without going through all that is open."""

import sqlalchemy as sa
from alembic import op

revision = "0025_in_hand"
down_revision = "0024_corrections"
branch_labels = None
depends_on = None

_IN_HAND = sa.text(
    "closed_at IS NULL AND (status IN "
    "('received', 'needs_clarification', 'in_triage', 'emergency_handoff') "
    "OR status = 'dispatched' AND confirmed_at IS NULL)"
)


def upgrade() -> None:
    op.create_index(
        "ix_request_in_hand",
        "request",
        ["first_responder", "queue_key"],
        unique=False,
        sqlite_where=_IN_HAND,
        postgresql_where=_IN_HAND,
    )
    op.create_index(op.f("ix_handover_taken_by"), "handover", ["taken_by"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_handover_taken_by"), table_name="handover")
    op.drop_index("ix_request_in_hand", table_name="request")
