"""What messages that cost money may cost: caps against those who make us telephone strangers.

A form takes any number, so somebody could have us text numbers that earn them money. Per number,
per block of numbers and in all there is a cap a day (values of the profile), and only the country's
own numbers are written to. An urgent message is counted and never held back.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import delete, func
from sqlmodel import col

from models.counters import Counter
from models.prefixes import begins
from models.transaction import Transaction
from referral.directory import ZONE
from referral.office import Office

METERED = ("sms", "voice")
BLOCK = 4  # last digits that a block of numbers has in common with no other
_SPENT = "spent:"


@dataclass(frozen=True, slots=True)
class Over:
    """A message that is not sent: why, and whether a person should be told of it now."""

    why: str
    is_first: bool


def read_counts(tx: Transaction, rows: Iterable[Any], *, key: str, now: datetime) -> None:
    """Read at once what ``over`` will count for these messages."""
    day = now.astimezone(ZONE).date()
    metered = (row for row in rows if _is_metered(row))
    tx.read_counters(_name(key, day, kind, of) for row in metered for kind, of in _caps(row))


def over(tx: Transaction, office: Office, row: Any, *, key: str, now: datetime) -> Over | None:
    """Count a message that is about to be sent for the first time; what speaks against it. A person
    is told once a day for each cap that is passed."""
    if not _is_metered(row):
        return None
    day = now.astimezone(ZONE).date()
    values: Any = office.policy.values
    found = None
    spent = 0
    for kind, of in _caps(row):
        spent = tx.count(_name(key, day, kind, of))
        most = values[f"sms_per_{kind}_per_day"].value
        if spent > most:
            found = Over(f"cap of the day reached: {kind}", spent == most + 1)
    if not row.address.startswith(tuple(str(values["sms_countries"].value).split())):
        found = Over("numbers of this country are not written to", spent == 1)
    return None if row.urgent or row.safety else found


def _is_metered(row: Any) -> bool:
    return row.channel in METERED and not row.attempts and row.staff is None


def _caps(row: Any) -> tuple[tuple[str, str], ...]:
    return ("all", ""), ("block", row.address[:-BLOCK]), ("number", row.address)


def forget(tx: Transaction, now: datetime) -> None:
    """Counts of earlier days are of no use."""
    day = func.substr(col(Counter.name), len(_SPENT) + 1, 8)  # digits: one order everywhere
    tx.execute(
        delete(Counter).where(
            begins(col(Counter.name), _SPENT), day < f"{now.astimezone(ZONE).date():%Y%m%d}"
        )
    )


def _name(key: str, day: date, kind: str, of: str) -> str:
    """The counter's name; it tells no number."""
    digest = hmac.new(key.encode(), f"{kind}\0{of}".encode(), sha256).hexdigest()[:24]
    return f"{_SPENT}{day:%Y%m%d}:{digest}"
