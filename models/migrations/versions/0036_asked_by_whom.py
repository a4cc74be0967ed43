"""What is asked daily of what grows for ever is a range of an index: the words of one person, the
reports of one worker, what was dispatched, broken or given back lately, alarms about looking. Each
had been found by reading every row."""

import sqlalchemy as sa
from alembic import op

revision = "0036_asked_by_whom"
down_revision = "0035_transfers"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_contact_person_id", "contact", ["person_id"], None),
    ("ix_contact_reporter", "contact", ["reporter", "request_id"], "reporter IS NOT NULL"),
    ("ix_referral_dispatched_at", "referral", ["dispatched_at"], None),
    ("ix_clock_sign_started_at", "clock", ["started_at", "referral_id"], "name = 'CLK-SIGN'"),
    ("ix_clock_breached_at", "clock", ["breached_at", "request_id"], "breached_at IS NOT NULL"),
    ("ix_event_rehandled_at", "event", ["at", "request_id"], "kind = 'rehandled'"),
    ("ix_task_bulk_look", "task", ["id"], "kind = 'bulk_look'"),
)


def upgrade() -> None:
    for name, table, columns, only in _INDEXES:
        where = sa.text(only) if only else None
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, table, *_ in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
