"""The end of the ledger stands under a key that is not in the database."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0038_keyed_ledger"
down_revision = "0037_withheld_words"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.create_table(
        "keyed_end",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", _TEXT, nullable=False),
        sa.Column("key", _TEXT, nullable=False),
        sa.Column("mac", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keyed_end")),
    )


def downgrade() -> None:
    op.drop_table("keyed_end")
