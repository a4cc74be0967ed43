"""A person and the addresses (kind and handle) an answer can go to.

Whoever writes from a telephone number is the same person by SMS, by voice and on the web form. An
address may belong to a member of staff as well (a grid worker bound to an account).
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, and_, bindparam, or_, select, update
from sqlmodel import SQLModel, col

from models import keyring
from models.columns import key, operational, personal
from models.places import Staff
from models.requests import HelpRequest
from models.transaction import Transaction


class Person(SQLModel, table=True):
    """A requester or reporter. Nothing is compulsory: the anonymous are helped too (I11)."""

    id: int = key()
    name: str | None = personal(None)
    language: str | None = operational(None)
    minor: bool = operational(False)
    created_at: datetime = operational()


class Address(SQLModel, table=True):
    """A handle of a person; ``kind`` "tel" is shared by all channels with a telephone number."""

    __table_args__ = (Index("uq_address_lookup_kind", "lookup", "kind", unique=True),)

    id: int = key()
    person_id: int = key(foreign="person.id", index=True)
    kind: str = operational()
    value: str = personal()
    lookup: str | None = personal(None, sealed=False)  # the name of ``value`` for looking it up
    staff: str | None = operational(None)
    stopped_at: datetime | None = operational(None)


NAMELESS = "call"
"""The kind of address of who rings from a withheld number: the call, to which nothing is sent."""
BY_NUMBER = "case"
"""The kind of address of a person who left no telephone number: the number that they proved."""

FIELD = "address.value"
"""The field whose values are looked up."""

OPEN_COLUMNS = tuple(HelpRequest.model_fields)
"""All columns of a request, so that an open one can be gone on with."""

_SPEAKS_FOR = and_(col(Staff.login) == col(Address.staff), col(Staff.disabled_at).is_(None))
"""A closed account speaks through no chat, also one that was closed when its chats stayed bound."""

_CORRESPONDENTS = (
    select(
        col(Address.id).label("address_id"),
        col(Address.kind),
        col(Address.value),
        col(Staff.login).label("staff"),
        col(Address.stopped_at),
        col(Address.person_id).label("who"),
        col(Person.language),
        *(getattr(HelpRequest, name) for name in OPEN_COLUMNS),
    )
    .join(Person, col(Person.id) == col(Address.person_id))
    .outerjoin(Staff, _SPEAKS_FOR)
    .outerjoin(
        HelpRequest,
        and_(
            col(HelpRequest.person_id) == col(Person.id),
            or_(col(HelpRequest.closed_at).is_(None), col(HelpRequest.merged_into).is_not(None)),
        ),
    )
    .where(col(Address.lookup).in_(bindparam("lookups", expanding=True)))
    .order_by(col(HelpRequest.received_at), col(HelpRequest.id))
)


def correspondents(tx: Transaction, handles: Iterable[tuple[str, str]]) -> Sequence[Any]:
    """Addresses with their person and that person's requests that are open or were joined to
    another one, the oldest request first."""
    values = {value for _, value in handles}
    if not values:
        return []
    lookups = [name for value in values for name in keyring.names(tx.connection, FIELD, value)]
    found: Sequence[Any] = tx.execute(_CORRESPONDENTS, {"lookups": lookups}).all()
    return found


def introduce(tx: Transaction, person_id: int, kind: str, handle: str) -> int:
    """Write down where a person is reached; the id of the address."""
    address_id = tx.mint()
    tx.add(
        Address,
        id=address_id,
        person_id=person_id,
        kind=kind,
        value=handle,
        lookup=keyring.names(tx.connection, FIELD, handle)[0],
    )
    return address_id


def prefer(tx: Transaction, address_id: int | None, *, stop: bool, now: datetime) -> None:
    """Remember that the person of this address wants no messages (or wants them again)."""
    changed = update(Address).where(col(Address.id) == address_id)
    tx.later(changed.values(stopped_at=now if stop else None))
