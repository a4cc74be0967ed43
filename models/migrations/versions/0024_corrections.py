"""What requesters say is wrong about them, and what was decided on it."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0024_corrections"
down_revision = "0023_closed_quarters"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()
_WAITS = sa.text("decided_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "correction",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=False),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("stood", sa.JSON(), nullable=False),
        sa.Column("wanted", sa.JSON(), nullable=False),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.Column("decided_by", _TEXT, nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_correction_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_correction")),
    )
    op.create_index(op.f("ix_correction_request_id"), "correction", ["request_id"], unique=False)
    op.create_index(
        "uq_correction_waiting", "correction", ["request_id"], unique=True,
        sqlite_where=_WAITS, postgresql_where=_WAITS,
    )  # fmt: skip
