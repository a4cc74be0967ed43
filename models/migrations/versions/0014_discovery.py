"""Warnings, rounds of visits, what was found at doors, and where two people found differently."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0014_discovery"
down_revision = "0013_second_factor"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TIME = sqlmodel.sql.sqltypes.UTCDateTime()
_TEXT = sqlmodel.sql.sqltypes.AutoString()
_OPEN = sa.text("settled_at IS NULL")
_DUE = sa.text("next_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "round",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("rule", _TEXT, nullable=False),
        sa.Column("mode", _TEXT, nullable=False),
        sa.Column("area", _TEXT, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("tag", _TEXT, nullable=False),
        sa.Column("planned_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round")),
    )
    op.create_index("uq_round_rule", "round", ["rule", "area", "starts_on"], unique=True)
    op.create_table(
        "outreach_mode",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("mode", _TEXT, nullable=False),
        sa.Column("area", _TEXT, nullable=False),
        sa.Column("starts_at", _TIME, nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("switched_by", _TEXT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", _TIME, nullable=True),
        sa.Column("ended_by", _TEXT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outreach_mode")),
    )
    op.create_table(
        "visit",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("round_id", _ID, nullable=True),
        sa.Column("household_id", _TEXT, nullable=False),
        sa.Column("area", _TEXT, nullable=False),
        sa.Column("rule", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("holder", _TEXT, nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("started_at", _TIME, nullable=False),
        sa.Column("due_at", _TIME, nullable=False),
        sa.Column("measure", _TEXT, nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("policy", _TEXT, nullable=False),
        sa.Column("ladder", _TEXT, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next_at", _TIME, nullable=True),
        sa.Column("breached_at", _TIME, nullable=True),
        sa.Column("door", _TEXT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("settled_at", _TIME, nullable=True),
        sa.Column("outcome", _TEXT, nullable=True),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("number", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_visit_household_id")
        ),
        sa.ForeignKeyConstraint(["round_id"], ["round.id"], name=op.f("fk_visit_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
    )
    op.create_index("ix_visit_area", "visit", ["area", "due_at"], unique=False)
    op.create_index("ix_visit_household", "visit", ["household_id", "settled_at"], unique=False)
    op.create_index(
        "ix_visit_next_at",
        "visit",
        ["next_at", "id"],
        unique=False,
        sqlite_where=_DUE,
        postgresql_where=_DUE,
    )
    op.create_index(
        "ix_visit_open",
        "visit",
        ["holder", "due_at"],
        unique=False,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index("uq_visit_round", "visit", ["round_id", "household_id"], unique=True)
    op.create_table(
        "warning",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("source", _TEXT, nullable=False),
        sa.Column("kind", _TEXT, nullable=False),
        sa.Column("subject", _TEXT, nullable=False),
        sa.Column("period", _TEXT, nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("phone", _TEXT, nullable=False),
        sa.Column("address", _TEXT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("area", _TEXT, nullable=True),
        sa.Column("household_id", _TEXT, nullable=True),
        sa.Column("known_by", _TEXT, nullable=False),
        sa.Column("state", _TEXT, nullable=False),
        sa.Column("joined_to", _ID, nullable=True),
        sa.Column("rule", _TEXT, nullable=True),
        sa.Column("colour", _TEXT, nullable=True),
        sa.Column("rule_source", _TEXT, nullable=False),
        sa.Column("rule_tag", _TEXT, nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("received_by", _TEXT, nullable=False),
        sa.Column("unit", _TEXT, nullable=False),
        sa.Column("holder", _TEXT, nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("due_at", _TIME, nullable=True),
        sa.Column("measure", _TEXT, nullable=False),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("policy", _TEXT, nullable=False),
        sa.Column("ladder", _TEXT, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next_at", _TIME, nullable=True),
        sa.Column("breached_at", _TIME, nullable=True),
        sa.Column("door", _TEXT, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("settled_at", _TIME, nullable=True),
        sa.Column("outcome", _TEXT, nullable=True),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("number", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["household_id"], ["household.id"], name=op.f("fk_warning_household_id")
        ),
        sa.ForeignKeyConstraint(["joined_to"], ["warning.id"], name=op.f("fk_warning_joined_to")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warning")),
    )
    op.create_index("ix_warning_household", "warning", ["household_id"], unique=False)
    op.create_index(
        "ix_warning_next_at",
        "warning",
        ["next_at", "id"],
        unique=False,
        sqlite_where=_DUE,
        postgresql_where=_DUE,
    )
    op.create_index("ix_warning_state", "warning", ["state", "area"], unique=False)
    op.create_index("ix_warning_subject", "warning", ["subject", "kind"], unique=False)
    op.create_index(
        "uq_warning_fact", "warning", ["source", "kind", "subject", "period"], unique=True
    )
    op.create_table(
        "door_entry",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("entry_key", _TEXT, nullable=False),
        sa.Column("digest", _TEXT, nullable=False),
        sa.Column("visit_id", _ID, nullable=True),
        sa.Column("warning_id", _ID, nullable=True),
        sa.Column("household_id", _TEXT, nullable=True),
        sa.Column("by", _TEXT, nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("received_at", _TIME, nullable=False),
        sa.Column("based_on", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("door", _TEXT, nullable=False),
        sa.Column("outcome", _TEXT, nullable=False),
        sa.Column("seen", sa.Boolean(), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("number", _TEXT, nullable=True),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_door_entry_visit_id")),
        sa.ForeignKeyConstraint(
            ["warning_id"], ["warning.id"], name=op.f("fk_door_entry_warning_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door_entry")),
    )
    op.create_index("ix_door_entry_household", "door_entry", ["household_id", "at"], unique=False)
    op.create_index("ix_door_entry_visit_id", "door_entry", ["visit_id"], unique=False)
    op.create_index("ix_door_entry_warning_id", "door_entry", ["warning_id"], unique=False)
    op.create_index("uq_door_entry_key", "door_entry", ["entry_key"], unique=True)
    op.create_table(
        "disagreement",
        sa.Column("id", _ID, autoincrement=False, nullable=False),
        sa.Column("visit_id", _ID, nullable=True),
        sa.Column("warning_id", _ID, nullable=True),
        sa.Column("household_id", _TEXT, nullable=True),
        sa.Column("area", _TEXT, nullable=True),
        sa.Column("field", _TEXT, nullable=False),
        sa.Column("first_entry", _ID, nullable=False),
        sa.Column("second_entry", _ID, nullable=False),
        sa.Column("first_value", sa.Text(), nullable=False),
        sa.Column("second_value", sa.Text(), nullable=False),
        sa.Column("opened_at", _TIME, nullable=False),
        sa.Column("settled_at", _TIME, nullable=True),
        sa.Column("settled_by", _TEXT, nullable=True),
        sa.Column("chosen", _ID, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["chosen"], ["door_entry.id"], name=op.f("fk_disagreement_chosen")),
        sa.ForeignKeyConstraint(
            ["first_entry"], ["door_entry.id"], name=op.f("fk_disagreement_first_entry")
        ),
        sa.ForeignKeyConstraint(
            ["second_entry"], ["door_entry.id"], name=op.f("fk_disagreement_second_entry")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visit.id"], name=op.f("fk_disagreement_visit_id")),
        sa.ForeignKeyConstraint(
            ["warning_id"], ["warning.id"], name=op.f("fk_disagreement_warning_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disagreement")),
    )
    op.create_index("ix_disagreement_household_id", "disagreement", ["household_id"], unique=False)
    op.create_index(
        "ix_disagreement_open",
        "disagreement",
        ["id"],
        unique=False,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
