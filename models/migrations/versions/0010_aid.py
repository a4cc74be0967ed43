"""Aid as it is given, its money to the last fen, the needs of a disaster, near relatives."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010_aid"
down_revision = "0009_attachments"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.create_table(
        "reserve",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("residents", sa.Integer(), nullable=True),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("opened_by", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reserve")),
        sa.UniqueConstraint("unit", name=op.f("uq_reserve_unit")),
    )
    op.create_table(
        "near_relative",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("login", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("relation", _TEXT, nullable=False),
        sa.Column("household_id", _TEXT, nullable=True),
        sa.Column("declared_at", _TIME, nullable=False),
        sa.Column("declared_by", _TEXT, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(["login"], ["staff.login"], name=op.f("fk_near_relative_login")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_near_relative")),
    )
    op.create_index(
        op.f("ix_near_relative_household_id"), "near_relative", ["household_id"], unique=False
    )
    op.create_index(op.f("ix_near_relative_login"), "near_relative", ["login"], unique=False)
    op.create_index(op.f("ix_near_relative_name"), "near_relative", ["name"], unique=False)
    op.create_table(
        "need",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("supplier", _TEXT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", _TEXT, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_need_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_need")),
    )
    op.create_index("uq_need_request_id_kind", "need", ["request_id", "kind"], unique=True)
    op.create_table(
        "relief_decision",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=True),
        sa.Column("household_id", _TEXT, nullable=True),
        sa.Column("decided_at", _TIME, nullable=False),
        sa.Column("decided_by", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("present", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("stages", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_relief_decision_request_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relief_decision")),
    )
    op.create_index(
        op.f("ix_relief_decision_household_id"), "relief_decision", ["household_id"], unique=False
    )
    op.create_index(
        op.f("ix_relief_decision_request_id"), "relief_decision", ["request_id"], unique=False
    )
    op.create_table(
        "relief",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("number", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("green", sa.Boolean(), nullable=False),
        sa.Column("request_id", _ID, nullable=True),
        sa.Column("household_id", _TEXT, nullable=True),
        sa.Column("resident_id", sa.BigInteger(), nullable=True),
        sa.Column("recipient", _TEXT, nullable=False),
        sa.Column("area", _TEXT, nullable=True),
        sa.Column("service", _TEXT, nullable=False),
        sa.Column("need", _TEXT, nullable=False),
        sa.Column("cause", _TEXT, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("form", _TEXT, nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("goods", sa.Text(), nullable=False),
        sa.Column("standard", _TEXT, nullable=False),
        sa.Column("fund", _TEXT, nullable=False),
        sa.Column("reserve_id", _ID, nullable=True),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("giver", _TEXT, nullable=False),
        sa.Column("judgements", sa.JSON(), nullable=False),
        sa.Column("proposed_at", _TIME, nullable=False),
        sa.Column("proposed_by", _TEXT, nullable=False),
        sa.Column("guards", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("agreed_by", _TEXT, nullable=False),
        sa.Column("asked_unit", _TEXT, nullable=True),
        sa.Column("asked_until", _TIME, nullable=True),
        sa.Column("decision_id", _ID, nullable=True),
        sa.Column("stage", sa.Integer(), nullable=True),
        sa.Column("follows_id", _ID, nullable=True),
        sa.Column("authorised_at", _TIME, nullable=True),
        sa.Column("authorised_by", _TEXT, nullable=True),
        sa.Column("authorised_how", _TEXT, nullable=True),
        sa.Column("delivered_at", _TIME, nullable=True),
        sa.Column("delivered_by", _TEXT, nullable=True),
        sa.Column("second_officer", _TEXT, nullable=False),
        sa.Column("place", _TEXT, nullable=False),
        sa.Column("received_by", _TEXT, nullable=False),
        sa.Column("witness", _TEXT, nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("lifted_at", _TIME, nullable=True),
        sa.Column("lifted_by", _TEXT, nullable=True),
        sa.Column("explain_due_at", _TIME, nullable=True),
        sa.Column("explain_source", _TEXT, nullable=False),
        sa.Column("explain_tag", _TEXT, nullable=False),
        sa.Column("explain_clock_id", _ID, nullable=True),
        sa.Column("overdue_at", _TIME, nullable=True),
        sa.Column("explained_at", _TIME, nullable=True),
        sa.Column("explained_by", _TEXT, nullable=True),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("signatures", _TEXT, nullable=False),
        sa.Column("notice", _TEXT, nullable=False),
        sa.Column("notice_source", _TEXT, nullable=False),
        sa.Column("published_at", _TIME, nullable=True),
        sa.Column("published_by", _TEXT, nullable=True),
        sa.Column("filed_at", _TIME, nullable=True),
        sa.Column("filed_with", _TEXT, nullable=False),
        sa.Column("kin", _TEXT, nullable=False),
        sa.Column("kin_of", _TEXT, nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("ended_by", _TEXT, nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=False),
        sa.Column("once", _TEXT, nullable=True),
        sa.Column("digest", _TEXT, nullable=True),
        sa.Column("policy", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["decision_id"], ["relief_decision.id"], name=op.f("fk_relief_decision_id")
        ),
        sa.ForeignKeyConstraint(
            ["explain_clock_id"], ["clock.id"], name=op.f("fk_relief_explain_clock_id")
        ),
        sa.ForeignKeyConstraint(["follows_id"], ["relief.id"], name=op.f("fk_relief_follows_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_relief_request_id")),
        sa.ForeignKeyConstraint(["reserve_id"], ["reserve.id"], name=op.f("fk_relief_reserve_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relief")),
        sa.UniqueConstraint("number", name=op.f("uq_relief_number")),
        sa.UniqueConstraint("once", name=op.f("uq_relief_once")),
    )
    op.create_index(op.f("ix_relief_delivered_at"), "relief", ["delivered_at"], unique=False)
    op.create_index(
        op.f("ix_relief_explain_clock_id"), "relief", ["explain_clock_id"], unique=False
    )
    op.create_index(op.f("ix_relief_household_id"), "relief", ["household_id"], unique=False)
    op.create_index(
        "ix_relief_owed",
        "relief",
        ["explain_due_at"],
        unique=False,
        sqlite_where=sa.text("explain_due_at IS NOT NULL AND explained_at IS NULL"),
        postgresql_where=sa.text("explain_due_at IS NOT NULL AND explained_at IS NULL"),
    )
    op.create_index(op.f("ix_relief_proposed_at"), "relief", ["proposed_at"], unique=False)
    op.create_index("ix_relief_recipient_area", "relief", ["recipient", "area"], unique=False)
    op.create_index(op.f("ix_relief_request_id"), "relief", ["request_id"], unique=False)
    op.create_index(op.f("ix_relief_state"), "relief", ["state"], unique=False)
    op.create_index("ix_relief_unit_proposed_at", "relief", ["unit", "proposed_at"], unique=False)
    op.create_table(
        "aid_entry",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("reserve_id", _ID, nullable=True),
        sa.Column("relief_id", _ID, nullable=True),
        sa.Column("undoes_id", _ID, nullable=True),
        sa.Column("counted_fen", sa.BigInteger(), nullable=True),
        sa.Column("book_fen", sa.BigInteger(), nullable=True),
        sa.Column("recorded_by", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("voucher", _TEXT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["relief_id"], ["relief.id"], name=op.f("fk_aid_entry_relief_id")),
        sa.ForeignKeyConstraint(
            ["reserve_id"], ["reserve.id"], name=op.f("fk_aid_entry_reserve_id")
        ),
        sa.ForeignKeyConstraint(
            ["undoes_id"], ["aid_entry.id"], name=op.f("fk_aid_entry_undoes_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_aid_entry")),
    )
    op.create_index(op.f("ix_aid_entry_relief_id"), "aid_entry", ["relief_id"], unique=False)
    op.create_index("ix_aid_entry_reserve_id_at", "aid_entry", ["reserve_id", "at"], unique=False)
    op.create_index("uq_aid_entry_undoes_id", "aid_entry", ["undoes_id"], unique=True)
