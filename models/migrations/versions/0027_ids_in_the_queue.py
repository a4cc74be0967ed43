"""The queue is read from its indexes alone: the long tabs hold what they are filtered by, and on
PostgreSQL each the id, so that a count reads no rows; there the two tables that change all day are
swept and measured after one change in fifty, not in five or ten."""

import sqlalchemy as sa
from alembic import op

revision = "0027_ids_in_the_queue"
down_revision = "0026_erasures"
branch_labels = None
depends_on = None

_FILTERED = ["area", "service", "channel", "lead_bureau"]
_OPEN = "closed_at IS NULL"
_PLAIN = {
    "queue": (_OPEN, []),
    "holder_unit_queue_key": (_OPEN, ["holder_unit"]),
    "holder_person_queue_key": (_OPEN, ["holder_person"]),
    "first_responder_queue_key": (_OPEN, ["first_responder"]),
    "in_hand": (
        "closed_at IS NULL AND (status IN "
        "('received', 'needs_clarification', 'in_triage', 'emergency_handoff') "
        "OR status = 'dispatched' AND confirmed_at IS NULL)",
        ["first_responder"],
    ),
    "marked": (
        "closed_at IS NULL AND second_opinion IN ('differs', 'look') AND confirmed_at IS NULL",
        [],
    ),
    "reported": ("closed_at IS NULL AND status IN ('result_reported', 'in_callback')", []),
}
_LONG = {
    "undecided": "closed_at IS NULL AND (confirmed_at IS NULL "
    "OR status IN ('in_triage', 'received', 'emergency_handoff'))",
    "under_way": "closed_at IS NULL AND status IN "
    "('dispatched', 'in_progress', 'suspended', 'reopened') AND confirmed_at IS NOT NULL",
    "ended": "closed_at IS NOT NULL",
}
_SWEPT = ("autovacuum_vacuum_scale_factor", "autovacuum_analyze_scale_factor")
_CHANGING = ("request", "clock")


def upgrade() -> None:
    included = ["id"] if _postgresql() else []  # on SQLite every index holds the id anyhow
    for name, where in _LONG.items():
        _again(name, where, ["queue_key", *_FILTERED], included)
    if _postgresql():
        for name, (where, columns) in _PLAIN.items():
            _again(name, where, [*columns, "queue_key"], included)
        _say(f"SET ({', '.join(f'{name} = 0.02' for name in _SWEPT)})")


def downgrade() -> None:
    for name, where in _LONG.items():
        _again(name, where, ["queue_key"], [])
    if _postgresql():
        for name, (where, columns) in _PLAIN.items():
            _again(name, where, [*columns, "queue_key"], [])
        _say(f"RESET ({', '.join(_SWEPT)})")


def _postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _again(name: str, where: str, columns: list[str], included: list[str]) -> None:
    op.drop_index(f"ix_request_{name}", table_name="request")
    op.create_index(
        f"ix_request_{name}",
        "request",
        columns,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
        postgresql_include=included,
    )


def _say(settings: str) -> None:
    for table in _CHANGING:
        op.execute(f"ALTER TABLE {table} {settings}")
