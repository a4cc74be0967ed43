"""The ladders by which clocks were started."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006_frozen_ladders"
down_revision = "0005_handovers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ladder",
        sa.Column("policy", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("policy", "name", name=op.f("pk_ladder")),
    )


def downgrade() -> None:
    op.drop_table("ladder")
