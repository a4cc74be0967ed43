"""The second factor, where a session sits, recovery by two people, the ground of a look."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0013_second_factor"
down_revision = "0012_assurances"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.create_table(
        "second_factor",
        sa.Column("login", _TEXT, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", _TIME, nullable=False),
        sa.Column("confirmed_at", _TIME, nullable=True),
        sa.Column("last_step", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["login"], ["staff.login"], name=op.f("fk_second_factor_login")),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_second_factor")),
    )
    op.create_table(
        "recovery",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("login", _TEXT, nullable=False),
        sa.Column("reason", _TEXT, nullable=False),
        sa.Column("asked_by", _TEXT, nullable=False),
        sa.Column("asked_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.Column("decided_by", _TEXT, nullable=True),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.Column("agreed", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["login"], ["staff.login"], name=op.f("fk_recovery_login")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery")),
    )
    op.create_index("ix_recovery_login", "recovery", ["login"], unique=False)
    # A session from before owes the second factor: it ends.
    op.execute("DELETE FROM staffsession")
    passed = sa.Column("passed", sa.Boolean(), nullable=False, server_default=sa.false())
    op.add_column("staffsession", passed)
    op.add_column("staffsession", sa.Column("confirmed_at", _TIME, nullable=True))
    empty = sa.text("''")
    texts = (("staffsession", "address"), ("staffsession", "device"), ("look", "ground"))
    for table, name in texts:
        op.add_column(table, sa.Column(name, _TEXT, nullable=False, server_default=empty))
    op.create_index("ix_look_login_at", "look", ["login", "at"], unique=False)
