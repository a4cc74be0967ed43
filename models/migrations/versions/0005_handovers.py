"""Offers to take a matter over at the change of shift."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005_handovers"
down_revision = "0004_due_clocks"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("settled_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "handover",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=False),
        sa.Column("offered_by", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("offered_to", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("offered_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("settled_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("outcome", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("taken_by", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_handover_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handover")),
    )
    op.create_index("ix_handover_request_id", "handover", ["request_id"])
    op.create_index(
        "uq_handover_open",
        "handover",
        ["request_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_table("handover")
