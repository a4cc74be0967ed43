"""Spreadsheets that were read in, line by line: written once, and to be undone."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0015_imports"
down_revision = "0014_discovery"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sqlmodel.sql.sqltypes.AutoString()
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()


def upgrade() -> None:
    op.create_table(
        "import_batch",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("hash", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("written", sa.Integer(), nullable=False),
        sa.Column("faulty", sa.Integer(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("made_by", _TEXT, nullable=False),
        sa.Column("done_at", _TIME, nullable=True),
        sa.Column("undone_at", _TIME, nullable=True),
        sa.Column("undone_by", _TEXT, nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_batch")),
    )
    op.create_index("ix_import_batch_hash", "import_batch", ["hash"])
    op.create_table(
        "import_line",
        sa.Column("batch_id", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("target", _TEXT, nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["import_batch.id"], name=op.f("fk_import_line_batch_id")
        ),
        sa.PrimaryKeyConstraint("batch_id", "line", name=op.f("pk_import_line")),
    )


def downgrade() -> None:
    op.drop_table("import_line")
    op.drop_table("import_batch")
