"""Named counters without gaps: the request numbers of a day, the version of the directory."""

from sqlmodel import SQLModel

from models.columns import operational


class Counter(SQLModel, table=True):
    """One counter; changed only inside a transaction, so a roll-back leaves no gap."""

    name: str = operational(primary_key=True)
    value: int = operational()
