"""What messages that cost money may cost: caps against those who make us telephone strangers.

A form takes any number, so somebody could have us text numbers that earn them money. Per number,
per block of numbers and in all there is a cap a day (values of the profile), and only the country's
own numbers are written to. An urgent message to somebody who wrote or rang from that number first,
whom a member of staff spoke to, or whose number we knew is counted and never held back. An urgent
message to a number that was only typed into a form has caps of its own, higher ones, and stays in
the country; when it is held back, a person is told to telephone.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import bindparam, delete, func, select
from sqlmodel import col

from models.counters import Counter
from models.journal import JournalEntry
from models.prefixes import begins
from models.requests import Contact
from models.transaction import Transaction
from referral.directory import ZONE
from referral.office import Office

METERED = ("sms", "sms_second", "voice")
PROVING = METERED
"""Channels on which the network says who writes or rings; elsewhere a number was only typed."""
BLOCK = 4  # last digits that a block of numbers has in common with no other
_SPENT = "spent:"
_TYPED = "typed_"
_RECORDED = "recorded"  # what came as a record: of a partner with a key, of our own staff without
_SAID = (
    select(
        col(Contact.request_id),
        col(Contact.channel),
        col(Contact.sender),
        col(JournalEntry.part),
        col(JournalEntry.provider_key),
    )
    .join(JournalEntry, col(JournalEntry.id) == col(Contact.journal_id))
    .where(col(Contact.request_id).in_(bindparam("requests", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Over:
    """A message that is not sent: why, and whether a person should be told of it now."""

    why: str
    is_first: bool


def read(tx: Transaction, rows: Sequence[Any], *, key: str, now: datetime) -> frozenset[int]:
    """Read at once what ``over`` will count for these messages; the ids of those urgent ones that
    go to a number which was only typed into a form."""
    day = now.astimezone(ZONE).date()
    metered = [row for row in rows if _is_metered(row)]
    typed = _typed(tx, [row for row in metered if row.urgent or row.safety])
    wanted: list[str] = []
    for row in metered:
        wanted += _caps(row, key, day).values()
        if row.id in typed:
            wanted += (*_caps(row, key, day, _TYPED).values(), _held(row, key, day))
    tx.read_counters(wanted)
    return typed


def over(
    tx: Transaction, office: Office, row: Any, *, key: str, now: datetime, typed: bool = False
) -> Over | None:
    """Count a message that is about to be sent for the first time; what speaks against it. A person
    is told once a day for each cap that is passed, of urgent ones once a day for each number.
    ``typed``: nobody has written or rung from that number, as ``read`` tells of urgent ones."""
    if not _is_metered(row):
        return None
    day = now.astimezone(ZONE).date()
    values: Any = office.policy.values
    found = None
    spent = 0
    for kind, name in _caps(row, key, day).items():
        spent = tx.count(name)
        most = values[f"sms_per_{kind}_per_day"].value
        if spent > most:
            found = Over(f"cap of the day reached: {kind}", spent == most + 1)
    is_abroad = not _number(row).startswith(tuple(str(values["sms_countries"].value).split()))
    if is_abroad:
        found = Over("numbers of this country are not written to", spent == 1)
    if not (row.urgent or row.safety):
        return found
    why = "numbers of this country are not written to" if is_abroad else ""
    if typed and not is_abroad:
        for kind, name in _caps(row, key, day, _TYPED).items():
            spent = tx.count(name)
            if spent > values[f"sms_typed_urgent_per_{kind}_per_day"].value:
                why = f"cap of the day for numbers typed in urgent messages reached: {kind}"
    if not (typed and why):
        return None
    return Over(why, tx.count(_held(row, key, day)) == 1)


def _typed(tx: Transaction, rows: Sequence[Any]) -> frozenset[int]:
    """Those whose address was given in the words of the request and proven by none of them."""
    requests = sorted({row.request_id for row in rows if row.request_id is not None})
    if not requests:
        return frozenset()
    given: set[tuple[int, str]] = set()
    proven: set[tuple[int, str]] = set()
    for said in tx.execute(_SAID, {"requests": requests}):
        of_staff = said.part == _RECORDED and said.provider_key is None
        of_network = said.part != _RECORDED and said.channel in PROVING
        given.add((said.request_id, said.sender))
        if of_staff or of_network:
            proven.add((said.request_id, said.sender))
    only_typed = given - proven
    return frozenset(row.id for row in rows if (row.request_id, row.address) in only_typed)


def _is_metered(row: Any) -> bool:
    return row.channel in METERED and not row.attempts and row.staff is None


def _caps(row: Any, key: str, day: date, of_whom: str = "") -> dict[str, str]:
    """The counters of a message by the kind of their cap; with ``_TYPED`` those that count only
    urgent ones to numbers that were typed."""
    number = _number(row)
    kinds = {"all": "", "block": number[:-BLOCK], "number": number}
    return {kind: _name(key, day, of_whom + kind, of) for kind, of in kinds.items()}


def _held(row: Any, key: str, day: date) -> str:
    """The counter of urgent messages to a typed number that were held back."""
    return _name(key, day, f"{_TYPED}held", _number(row))


def _number(row: Any) -> str:
    """The telephone number of an address that may say by what it is reached ("whatsapp:+86…")."""
    return str(row.address).rpartition(":")[2]


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
