"""Who asks to be erased, and the two named people who look at it."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0026_erasures"
down_revision = "0025_in_hand"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()
_WAITS = sa.text("decided_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=False),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("asked_by", _TEXT, nullable=False),
        sa.Column("proposed_at", _TIME, nullable=True),
        sa.Column("proposed_by", _TEXT, nullable=True),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.Column("decided_by", _TEXT, nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("classes", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_erasure_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    op.create_index(op.f("ix_erasure_request_id"), "erasure", ["request_id"], unique=False)
    op.create_index(
        "uq_erasure_waiting", "erasure", ["request_id"], unique=True,
        sqlite_where=_WAITS, postgresql_where=_WAITS,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("erasure")
