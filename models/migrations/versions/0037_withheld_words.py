"""A plea holds a complaint too: who it is about helps and does not read its words."""

import sqlalchemy as sa
from alembic import op

revision = "0037_withheld_words"
down_revision = "0036_asked_by_whom"
branch_labels = None
depends_on = None

_WITHHELD = sa.text("withheld IS NOT NULL")


def upgrade() -> None:
    op.add_column("request", sa.Column("withheld", sa.JSON(), nullable=True))
    op.create_index(
        "ix_request_withheld", "request", ["id"],
        sqlite_where=_WITHHELD, postgresql_where=_WITHHELD,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_request_withheld", table_name="request")
    op.drop_column("request", "withheld")
