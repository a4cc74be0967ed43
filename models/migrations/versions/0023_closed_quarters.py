"""Quarters that a named person closed, with their figures as told."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0023_closed_quarters"
down_revision = "0022_words_gone"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.create_table(
        "closed_quarter",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("quarter", _TEXT, nullable=False),
        sa.Column("closed_at", _TIME, nullable=False),
        sa.Column("closed_by", _TEXT, nullable=False),
        sa.Column("policy", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closed_quarter")),
        sa.UniqueConstraint("unit", "quarter", name=op.f("uq_closed_quarter_unit_quarter")),
    )
