"""Who must not have to do with a request, and near relatives of staff."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0011_bars_and_relatives"
down_revision = "0010_aid"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.create_table(
        "bar",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=False),
        sa.Column("unit", _TEXT, nullable=True),
        sa.Column("login", _TEXT, nullable=True),
        sa.Column("why", _TEXT, nullable=False),
        sa.Column("by", _TEXT, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_bar_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bar")),
    )
    op.create_index(op.f("ix_bar_request_id"), "bar", ["request_id"], unique=False)
    op.create_table(
        "relative",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("login", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("relation", _TEXT, nullable=False),
        sa.Column("registered_at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["login"], ["staff.login"], name=op.f("fk_relative_login")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relative")),
    )
    op.create_index(op.f("ix_relative_login"), "relative", ["login"], unique=False)


def downgrade() -> None:
    op.drop_table("relative")
    op.drop_table("bar")
