"""Pictures and recordings."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0009_attachments"
down_revision = "0008_households"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("token", _TEXT, nullable=False),
        sa.Column("about", _TEXT, nullable=False),
        sa.Column("about_key", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("content_type", _TEXT, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("kept_at", _TIME, nullable=False),
        sa.Column("kept_by", _TEXT, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    about = ["about", "about_key", "digest"]
    op.create_index("uq_attachment_about", "attachment", about, unique=True)
    op.create_index("uq_attachment_token", "attachment", ["token"], unique=True)
