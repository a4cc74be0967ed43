"""Beside the words stands what the ledger marks them with."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0030_marked_words"
down_revision = "0029_households_keyed_anew"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("contact", sa.Column("salt", sqlmodel.sql.sqltypes.AutoString(), nullable=True))


def downgrade() -> None:
    op.drop_column("contact", "salt")
