"""The desk: leases, drafts, filters, telephone calls, and each tab of the queue as an index."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0020_the_desk"
down_revision = "0019_erasure"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()

_QUEUES = {
    "holder_person_queue_key": ("closed_at IS NULL", ["holder_person", "queue_key"]),
    "first_responder_queue_key": ("closed_at IS NULL", ["first_responder", "queue_key"]),
    "undecided": (
        "closed_at IS NULL AND (confirmed_at IS NULL "
        "OR status IN ('in_triage', 'received', 'emergency_handoff'))",
        ["queue_key"],
    ),
    "marked": (
        "closed_at IS NULL AND second_opinion IN ('differs', 'look') AND confirmed_at IS NULL",
        ["queue_key"],
    ),
    "under_way": (
        "closed_at IS NULL AND status IN ('dispatched', 'in_progress', 'suspended', 'reopened') "
        "AND confirmed_at IS NOT NULL",
        ["queue_key"],
    ),
    "reported": (
        "closed_at IS NULL AND status IN ('result_reported', 'in_callback')",
        ["queue_key"],
    ),
    "ended": ("closed_at IS NOT NULL", ["queue_key"]),
}
_OTHERS = {
    ("clock", "ix_clock_unstopped_due_at"): ("stopped_at IS NULL", ["due_at", "request_id"]),
    ("clock", "ix_clock_missed_call"): (
        "stopped_at IS NULL AND name = 'CLK-MISSED-CALL'",
        ["request_id"],
    ),
    ("likeness", "ix_likeness_proposed"): ("state = 'proposed'", ["request_id"]),
    ("dispute", "ix_dispute_standing"): ("decided_at IS NULL", ["request_id"]),
}


def upgrade() -> None:
    with op.batch_alter_table("request") as batch:
        batch.add_column(sa.Column("leased_by", _TEXT, nullable=True))
        batch.add_column(sa.Column("leased_until", _TIME, nullable=True))
    for name, (where, columns) in _QUEUES.items():
        _index(f"ix_request_{name}", "request", columns, where)
    for (table, name), (where, columns) in _OTHERS.items():
        _index(name, table, columns, where)
    op.create_table(
        "draft",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("login", _TEXT, nullable=False),
        sa.Column("place", _TEXT, nullable=False),
        sa.Column("act", _TEXT, nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("saved_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["login"], ["staff.login"], name=op.f("fk_draft_login")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft")),
    )
    op.create_index("uq_draft_login_place_act", "draft", ["login", "place", "act"], unique=True)
    op.create_index("ix_draft_saved_at", "draft", ["saved_at"])
    op.create_table(
        "preference",
        sa.Column("login", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["login"], ["staff.login"], name=op.f("fk_preference_login")),
        sa.PrimaryKeyConstraint("login", "name", name=op.f("pk_preference")),
    )
    op.create_table(
        "call",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("call_id", _TEXT, nullable=False),
        sa.Column("caller", _TEXT, nullable=False),
        sa.Column("called", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("rang_at", _TIME, nullable=False),
        sa.Column("answered_at", _TIME, nullable=True),
        sa.Column("answered_by", _TEXT, nullable=True),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("number", _TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_call")),
    )
    op.create_index("uq_call_call_id_source", "call", ["call_id", "source"], unique=True)
    _index("ix_call_live", "call", ["rang_at"], "ended_at IS NULL")
    _index("ix_call_missed", "call", ["rang_at"], "state = 'missed'")


def downgrade() -> None:
    for table in ("call", "preference", "draft"):
        op.drop_table(table)
    for table, name in _OTHERS:
        op.drop_index(name, table_name=table)
    for name in _QUEUES:
        op.drop_index(f"ix_request_{name}", table_name="request")
    with op.batch_alter_table("request") as batch:
        batch.drop_column("leased_until")
        batch.drop_column("leased_by")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        table,
        columns,
        sqlite_where=condition,
        postgresql_where=condition,
    )
