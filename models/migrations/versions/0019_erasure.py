"""Requests whose personal words were erased, and holds that keep them."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0019_erasure"
down_revision = "0018_other_routes"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.create_table(
        "legal_hold",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("placed_at", _TIME, nullable=False),
        sa.Column("placed_by", _TEXT, nullable=False),
        sa.Column("lifted_at", _TIME, nullable=True),
        sa.Column("lifted_by", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_legal_hold_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_hold")),
    )
    op.create_index("ix_legal_hold_request_id", "legal_hold", ["request_id"], unique=False)
    op.add_column("request", sa.Column("erased_at", _TIME, nullable=True))
