"""Changes of rules that a second person accepts; when somebody signed in last."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0021_proposals"
down_revision = "0020_the_desk"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("subject", _TEXT, nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("tag", _TEXT, nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("proposed_by", _TEXT, nullable=False),
        sa.Column("proposed_at", _TIME, nullable=False),
        sa.Column("decided_by", _TEXT, nullable=True),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.Column("accepted", sa.Boolean(), nullable=True),
        sa.Column("answer", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_index(op.f("ix_proposal_subject"), "proposal", ["subject"], unique=False)
    op.add_column("staff", sa.Column("signed_in_at", _TIME, nullable=True))
