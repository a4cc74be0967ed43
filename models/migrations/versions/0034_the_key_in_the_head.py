"""The head of the ledger names the key that seals: who waited for the head while a key was made
reads it there. A sub-query beside a locked row still sees what stood before the waiting."""

import sqlalchemy as sa
from alembic import op

revision = "0034_the_key_in_the_head"
down_revision = "0033_notes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger", sa.Column("field_key", sa.Integer(), nullable=True))
    op.execute(
        "UPDATE ledger SET field_key = (SELECT max(id) FROM field_key WHERE retired_at IS NULL)"
    )


def downgrade() -> None:
    op.drop_column("ledger", "field_key")
