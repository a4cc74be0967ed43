"""How a learned opinion stands to what the rules decided."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0002_second_opinion"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("second_opinion", sqlmodel.sql.sqltypes.AutoString(), nullable=True)
        )


def downgrade() -> None:
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.drop_column("second_opinion")
