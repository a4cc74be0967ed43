"""The same matter again: keys, proposals, merges, and who belongs together."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003_the_same_matter"
down_revision = "0002_second_opinion"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sqlmodel.sql.sqltypes.AutoString()
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()


def upgrade() -> None:
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merged_into", _ID, nullable=True))
        batch_op.create_index(batch_op.f("ix_request_merged_into"), ["merged_into"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_request_merged_into"), "request", ["merged_into"], ["id"]
        )
    op.create_table(
        "repeat_key",
        sa.Column("hash", _ID, autoincrement=False, nullable=False),
        sa.Column("contact_id", _ID, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("hash", "contact_id", name=op.f("pk_repeat_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "likeness",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=False),
        sa.Column("other_id", _ID, nullable=False),
        sa.Column("relation", _TEXT, nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("proposed_at", _TIME, nullable=False),
        sa.Column("proposed_by", _TEXT, nullable=False),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.Column("decided_by", _TEXT, nullable=True),
        sa.Column("reason", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_likeness_request_id")
        ),
        sa.ForeignKeyConstraint(["other_id"], ["request.id"], name=op.f("fk_likeness_other_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_likeness")),
    )
    with op.batch_alter_table("likeness", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_likeness_other_id"), ["other_id"], unique=False)
        batch_op.create_index(
            "uq_likeness_request_id_other_id", ["request_id", "other_id"], unique=True
        )
    op.create_table(
        "merger",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=False),
        sa.Column("master_id", _ID, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("by", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("undone_at", _TIME, nullable=True),
        sa.Column("undone_by", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_merger_request_id")),
        sa.ForeignKeyConstraint(["master_id"], ["request.id"], name=op.f("fk_merger_master_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_merger")),
    )
    with op.batch_alter_table("merger", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_merger_request_id"), ["request_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_merger_master_id"), ["master_id"], unique=False)
    op.create_table(
        "link",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=False),
        sa.Column("bundle", sa.BigInteger(), nullable=False),
        sa.Column("relation", _TEXT, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("by", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_link_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_link")),
    )
    with op.batch_alter_table("link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_link_bundle"), ["bundle"], unique=False)
        batch_op.create_index(
            "uq_link_request_id_relation", ["request_id", "relation"], unique=True
        )


def downgrade() -> None:
    op.drop_table("link")
    op.drop_table("merger")
    op.drop_table("likeness")
    op.drop_table("repeat_key")
    with op.batch_alter_table("request", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_request_merged_into"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_request_merged_into"))
        batch_op.drop_column("merged_into")
