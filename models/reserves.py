"""The reserve (备用金) of a township or the county, and every movement of aid money.

An entry is never changed: a slip is mended by a counter-entry. A balance is the sum of entries.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import BigInteger, Connection, Index, Text, func, select
from sqlmodel import SQLModel, col

from models.columns import key, operational, sensitive


class Reserve(SQLModel, table=True):
    """One reserve: that of a township, or the county's own. ``residents`` is the number of people
    by whom the least amount of a county is reckoned, where a profile asks for it."""

    id: int = key()
    unit: str = operational(unique=True)
    residents: int | None = operational(None)
    opened_at: datetime = operational()
    opened_by: str = operational()


class AidEntry(SQLModel, table=True):
    """One movement: money into a reserve is positive, money given is negative.

    ``reserve_id`` is None for aid out of another purse. A count (对账) carries what was counted and
    what stood in the books; its amount is the difference.
    """

    __tablename__ = "aid_entry"
    __table_args__ = (
        Index("uq_aid_entry_undoes_id", "undoes_id", unique=True),
        Index("ix_aid_entry_reserve_id_at", "reserve_id", "at"),
    )

    id: int = key()
    at: datetime = operational()
    kind: str = operational()
    amount_fen: int = operational(sa_type=BigInteger)
    reserve_id: int | None = key(foreign="reserve.id", nullable=True)
    relief_id: int | None = key(foreign="relief.id", nullable=True, index=True)
    undoes_id: int | None = key(foreign="aid_entry.id", nullable=True)
    counted_fen: int | None = operational(None, sa_type=BigInteger)
    book_fen: int | None = operational(None, sa_type=BigInteger)
    recorded_by: str = operational()
    unit: str = operational()
    voucher: str = operational("")
    reason: str = sensitive("", sa_type=Text)


def balance(connection: Connection, reserve_id: int) -> int:
    """What is in a reserve, in fen."""
    query = select(func.coalesce(func.sum(col(AidEntry.amount_fen)), 0))
    found = connection.execute(query.where(col(AidEntry.reserve_id) == reserve_id)).scalar()
    return int(found or 0)  # PostgreSQL sums 64-bit numbers into a decimal


def given(connection: Connection, relief_id: int) -> int:
    """What a grant stands at by its entries, in fen."""
    query = select(func.coalesce(func.sum(col(AidEntry.amount_fen)), 0))
    found = connection.execute(query.where(col(AidEntry.relief_id) == relief_id)).scalar()
    return -int(found or 0)


def balances(connection: Connection, ids: Collection[int]) -> dict[int, int]:
    """The balances of several reserves, in fen."""
    rows = connection.execute(
        select(col(AidEntry.reserve_id), func.sum(col(AidEntry.amount_fen)).label("total"))
        .where(col(AidEntry.reserve_id).in_(list(ids)))
        .group_by(col(AidEntry.reserve_id))
    )
    found = {row.reserve_id: int(row.total) for row in rows}
    return {one: found.get(one, 0) for one in ids}
