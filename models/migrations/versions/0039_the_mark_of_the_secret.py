"""The head of the ledger keeps the mark of HUIYIN_SECRET_KEY: another one is refused."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0039_the_mark_of_the_secret"
down_revision = "0038_keyed_ledger"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "ledger", sa.Column("secret_mark", sqlmodel.sql.sqltypes.AutoString(), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("ledger", "secret_mark")
