"""A message that did not get through by one route goes by the next."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0018_other_routes"
down_revision = "0017_sealed_fields"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("tried", sa.JSON(), nullable=True))
    op.add_column(
        "outbox",
        sa.Column("unsure_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
    )
