"""What is typed for an act stands beside the ledger, where it can be erased."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0033_notes"
down_revision = "0032_due_messages_by_urgency"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.create_table(
        "note",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=True),
        sa.Column("journal_id", _ID, nullable=True),
        sa.Column("said", sa.JSON(), nullable=True),
        sa.Column("salt", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_note_request_id")),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_note_journal_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
    )
    op.create_index(op.f("ix_note_request_id"), "note", ["request_id"], unique=False)
    op.create_index(op.f("ix_note_journal_id"), "note", ["journal_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_note_journal_id"), table_name="note")
    op.drop_index(op.f("ix_note_request_id"), table_name="note")
    op.drop_table("note")
