"""The referral loop: disputes, pauses, moved due times, the requester's last word."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007_the_referral_loop"
down_revision = "0006_frozen_ladders"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.create_table(
        "dispute",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=False),
        sa.Column("referral_id", _ID, nullable=False),
        sa.Column("service", _TEXT, nullable=True),
        sa.Column("bureau", _TEXT, nullable=False),
        sa.Column("asked_by", _TEXT, nullable=False),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("rule", _TEXT, nullable=False),
        sa.Column("right_unit", _TEXT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("overlap", sa.Boolean(), nullable=False),
        sa.Column("first_aid", sa.Boolean(), nullable=False),
        sa.Column("decision", _TEXT, nullable=True),
        sa.Column("went_to", _TEXT, nullable=True),
        sa.Column("decided_by", _TEXT, nullable=True),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.Column("decided_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_dispute_referral_id")
        ),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_dispute_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
    )
    op.create_index("ix_dispute_request_id", "dispute", ["request_id"], unique=False)
    decided = sa.text("decided_at IS NOT NULL")
    op.create_index(
        "ix_dispute_service_decided_at",
        "dispute",
        ["service", "decided_at"],
        unique=False,
        sqlite_where=decided,
        postgresql_where=decided,
    )
    op.add_column("clock", sa.Column("paused_at", _TIME, nullable=True))
    op.add_column("referral", sa.Column("original_due_at", _TIME, nullable=True))
    op.add_column("request", sa.Column("resolved", sa.Boolean(), nullable=True))
    op.add_column("request", sa.Column("satisfaction", _TEXT, nullable=True))
    closed = sa.text("status = 'closed'")
    op.create_index(
        "ix_request_closed_at",
        "request",
        ["closed_at"],
        unique=False,
        sqlite_where=closed,
        postgresql_where=closed,
    )
