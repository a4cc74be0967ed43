"""When the words of visits, warnings, grants, decisions, households, residents were erased."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0022_words_gone"
down_revision = "0021_proposals"
branch_labels = None
depends_on = None

_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
TABLES = ("visit", "warning", "relief", "relief_decision", "household", "resident")


def upgrade() -> None:
    for table in TABLES:
        op.add_column(table, sa.Column("erased_at", _TIME, nullable=True))
