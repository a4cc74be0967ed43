"""Looks are chained, each to the one before by its hash. Those that were kept before are numbered
in the order of their time; of them the chain says how they stood on the day of this change."""

from datetime import UTC
from hashlib import sha256

import orjson
import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0031_chained_looks"
down_revision = "0030_marked_words"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString()
_GENESIS = sha256(b"huiyin").hexdigest()
_BATCH = 5000

_look = sa.table(
    "look",
    sa.column("id", sa.BigInteger()),
    sa.column("at", sqlmodel.sql.sqltypes.UTCDateTime()),
    *(sa.column(name, _TEXT) for name in ("login", "act", "ground", "purpose", "hash")),
    sa.column("request_id", sa.BigInteger()),
    sa.column("seq", sa.Integer()),
)
_ledger = sa.table("ledger", sa.column("looks"), sa.column("look_hash"))


def upgrade() -> None:
    _add("look", "seq", sa.Integer(), "0")
    _add("look", "hash", _TEXT, "")
    _add("ledger", "looks", sa.Integer(), "0")
    _add("ledger", "look_hash", _TEXT, _GENESIS)
    _add("ledger", "looks_sealed", sa.Integer(), "0")
    _chain()
    op.create_index(op.f("ix_look_seq"), "look", ["seq"], unique=True)


def _add(table: str, name: str, kind: sa.types.TypeEngine[object], default: str) -> None:
    op.add_column(table, sa.Column(name, kind, nullable=False, server_default=default))


def _chain() -> None:
    connection = op.get_bind()
    ids = connection.execute(sa.select(_look.c.id).order_by(_look.c.at, _look.c.id)).scalars().all()
    seq, previous = 0, _GENESIS
    numbered = (
        sa.update(_look)
        .where(_look.c.id == sa.bindparam("of"))
        .values(seq=sa.bindparam("place"), hash=sa.bindparam("sealed"))
    )
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        found = {
            row.id: row for row in connection.execute(sa.select(_look).where(_look.c.id.in_(part)))
        }
        changes = []
        for one in part:
            row = found[one]
            seq += 1
            who = (row.login, row.act, row.request_id, row.ground, row.purpose)
            canonical = (previous, seq, row.id, row.at.astimezone(UTC), *who)
            previous = sha256(orjson.dumps(canonical, option=orjson.OPT_UTC_Z)).hexdigest()
            changes.append({"of": one, "place": seq, "sealed": previous})
        connection.execute(numbered, changes)
    if seq:
        connection.execute(sa.update(_ledger).values(looks=seq, look_hash=previous))


def downgrade() -> None:
    op.drop_index(op.f("ix_look_seq"), table_name="look")
    for name in ("looks_sealed", "look_hash", "looks"):
        op.drop_column("ledger", name)
    for name in ("hash", "seq"):
        op.drop_column("look", name)
