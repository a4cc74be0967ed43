"""Who of a unit answers for its written report and for its data."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0028_unit_posts"
down_revision = "0027_ids_in_the_queue"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.create_table(
        "unit_post",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("post", _TEXT, nullable=False),
        sa.Column("login", _TEXT, nullable=False),
        sa.Column("named_at", _TIME, nullable=False),
        sa.Column("named_by", _TEXT, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["unit"], ["unit.code"], name=op.f("fk_unit_post_unit_unit")),
        sa.ForeignKeyConstraint(["login"], ["staff.login"], name=op.f("fk_unit_post_login_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit_post")),
    )
    op.create_index(
        "uq_unit_post", "unit_post", ["unit", "post"], unique=True,
        sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL"),
    )  # fmt: skip
