"""Households and their people as rows of their own, and what connects requests to them."""

import json
from itertools import count

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008_households"
down_revision = "0007_the_referral_loop"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TEXT = sqlmodel.sql.sqltypes.AutoString()
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()


def upgrade() -> None:
    _tables()
    _carry_over()
    # Column by column: a table that others point at cannot be written anew by SQLite.
    for name in ("members", "phones", "categories"):
        op.drop_column("household", name)
    op.add_column("household", sa.Column("note", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "household", sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    )
    op.add_column("household", sa.Column("changed_at", _TIME, nullable=True))
    op.add_column("household", sa.Column("ended_at", sa.Date(), nullable=True))
    op.add_column("household", sa.Column("ended_why", _TEXT, nullable=True))
    op.add_column("household", sa.Column("moved_to", _TEXT, nullable=True))
    op.create_index("ix_household_area", "household", ["area"])


def _tables() -> None:
    op.create_table(
        "resident",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("household_id", _TEXT, nullable=True),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("relation", _TEXT, nullable=True),
        sa.Column("sex", _TEXT, nullable=True),
        sa.Column("birth", _TEXT, nullable=True),
        sa.Column("age", _TEXT, nullable=True),
        sa.Column("age_on", sa.Date(), nullable=True),
        sa.Column("identity", _TEXT, nullable=True),
        sa.Column("language", _TEXT, nullable=True),
        sa.Column("hearing", _TEXT, nullable=True),
        sa.Column("carer", _TEXT, nullable=True),
        sa.Column("carer_phone", _TEXT, nullable=True),
        sa.Column("moved_at", sa.Date(), nullable=True),
        sa.Column("moved_to", _TEXT, nullable=True),
        sa.Column("died_at", sa.Date(), nullable=True),
        sa.Column("code", _TEXT, nullable=True),
        sa.Column("found_place", _TEXT, nullable=True),
        sa.Column("found_at", _TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_resident_household_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident")),
    )
    op.create_index("ix_resident_household_id", "resident", ["household_id"])
    op.create_index("uq_resident_code", "resident", ["code"], unique=True)
    op.create_table(
        "household_phone",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("household_id", _TEXT, nullable=True),
        sa.Column("resident_id", _ID, nullable=True),
        sa.Column("number", _TEXT, nullable=False),
        sa.Column("whose", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_household_phone_household_id")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_household_phone_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_phone")),
    )
    op.create_index("ix_household_phone_household_id", "household_phone", ["household_id"])
    op.create_index("ix_household_phone_resident_id", "household_phone", ["resident_id"])
    op.create_table(
        "household_category",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("household_id", _TEXT, nullable=True),
        sa.Column("resident_id", _ID, nullable=True),
        sa.Column("code", _TEXT, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("source", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_household_category_household_id")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_household_category_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_category")),
    )
    op.create_index("ix_household_category_household_id", "household_category", ["household_id"])
    op.create_index("ix_household_category_resident_id", "household_category", ["resident_id"])
    op.create_index(
        "ix_household_category_code_household_id", "household_category", ["code", "household_id"]
    )
    op.create_table(
        "household_key",
        sa.Column("hash", _ID, autoincrement=False, nullable=False),
        sa.Column("household_id", _TEXT, nullable=False),
        sa.PrimaryKeyConstraint("hash", "household_id", name=op.f("pk_household_key")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "belonging",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("request_id", _ID, nullable=False),
        sa.Column("contact_id", _ID, nullable=True),
        sa.Column("household_id", _TEXT, nullable=True),
        sa.Column("resident_id", _ID, nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("proposed_at", _TIME, nullable=False),
        sa.Column("proposed_by", _TEXT, nullable=False),
        sa.Column("decided_at", _TIME, nullable=True),
        sa.Column("decided_by", _TEXT, nullable=True),
        sa.Column("reason", _TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["request.id"], name=op.f("fk_belonging_request_id")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_belonging_contact_id")
        ),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_belonging_household_id")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["resident.id"], name=op.f("fk_belonging_resident_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_belonging")),
    )
    op.create_index("ix_belonging_household_id", "belonging", ["household_id"])
    op.create_index("ix_belonging_resident_id", "belonging", ["resident_id"])
    for other in ("household_id", "resident_id"):
        op.create_index(
            f"uq_belonging_request_id_{other}", "belonging", ["request_id", other], unique=True
        )


def _carry_over() -> None:
    """What stood in lists becomes rows. Their ids are those of no process (it counts from 1)."""
    bind = op.get_bind()
    ids = count(1)
    known = bind.execute(
        sa.text("SELECT id, head_name, members, phones, categories FROM household")
    )
    for home in known.all():
        members, phones, categories = (_list(one) for one in home[2:])
        for name in dict.fromkeys([home.head_name, *members]):
            relation = "head" if name == home.head_name else None
            _insert(
                bind, "resident", id=next(ids), household_id=home.id, name=name, relation=relation
            )
        for number in phones:
            _insert(
                bind, "household_phone", id=next(ids), household_id=home.id, number=number, whose=""
            )
        for code in categories:
            _insert(
                bind, "household_category", id=next(ids), household_id=home.id, code=code, source=""
            )
        _insert(bind, "household_key", hash=0, household_id=home.id)  # found again after one tick


def _list(value: object) -> list[str]:
    return json.loads(value) if isinstance(value, str) else list(value or ())


def _insert(bind: sa.Connection, table: str, **row: object) -> None:
    marks = ", ".join(f":{name}" for name in row)
    bind.execute(sa.text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})"), row)  # noqa: S608


def downgrade() -> None:
    for table in ("belonging", "household_key", "household_category", "household_phone"):
        op.drop_table(table)
    op.drop_table("resident")
    op.drop_index("ix_household_area", "household")
    for name in ("note", "version", "changed_at", "ended_at", "ended_why", "moved_to"):
        op.drop_column("household", name)
    for name in ("members", "phones", "categories"):
        op.add_column("household", sa.Column(name, sa.JSON(), nullable=True))
