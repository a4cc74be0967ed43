"""What the system last proved about itself."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012_assurances"
down_revision = "0011_bars_and_relatives"
branch_labels = None
depends_on = None

_TIME = sqlmodel.sql.sqltypes.UTCDateTime()


def upgrade() -> None:
    op.create_table(
        "assurance",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("claimed_at", _TIME, nullable=False),
        sa.Column("tried_at", _TIME, nullable=True),
        sa.Column("held_at", _TIME, nullable=True),
        sa.Column("holds", sa.Boolean(), nullable=True),
        sa.Column("figures", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_assurance")),
    )
