"""Whose aid is one family's: the household that a grant names, or that its request was linked to by
a person, with all requests that belong to it. A link that is undone leaves nothing behind."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.households import Belonging, Resident
from models.likenesses import Link

_CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Family:
    """Households by their number, and requests by their id."""

    homes: tuple[str, ...]
    requests: tuple[int, ...]


def of(connection: Any, aid: Mapping[str, Any]) -> Family:
    """The family of a grant: by its household, its resident and its request."""
    asked = of_request(connection, aid["request_id"]) if aid["request_id"] is not None else None
    homes = {*(asked.homes if asked else ()), *filter(None, [aid["household_id"]])}
    if aid["resident_id"] is not None:
        lives = select(col(Resident.household_id)).where(col(Resident.id) == aid["resident_id"])
        homes.update(filter(None, connection.execute(lives).scalars()))
    known = asked.requests if asked else ()
    return Family(tuple(sorted(homes)), _with(known, _requests_of(connection, homes)))


def of_request(connection: Any, request_id: int) -> Family:
    """The family of a request, itself first among the requests."""
    bundles = select(col(Link.bundle)).where(
        col(Link.request_id) == request_id, col(Link.relation) == "household"
    )
    rows = connection.execute(
        select(col(Link.request_id)).where(
            col(Link.bundle).in_(bundles), col(Link.relation) == "household"
        )
    )
    together = _with((request_id,), rows.scalars().all())
    linked = connection.execute(
        select(col(Belonging.household_id)).where(
            col(Belonging.request_id).in_(together),
            col(Belonging.state) == _CONFIRMED,
            col(Belonging.household_id).is_not(None),
        )
    )
    homes = tuple(sorted(set(linked.scalars())))
    return Family(homes, _with(together, _requests_of(connection, homes)))


def names_of(connection: Any, homes: Collection[str]) -> set[str]:
    """The names of who lives in these households."""
    if not homes:
        return set()
    rows = connection.execute(
        select(col(Resident.name)).where(
            col(Resident.household_id).in_(homes),
            col(Resident.died_at).is_(None),
            col(Resident.moved_at).is_(None),
        )
    )
    return {name for name in rows.scalars() if name}


def _requests_of(connection: Any, homes: Collection[str]) -> Sequence[int]:
    if not homes:
        return ()
    found: Sequence[int] = (
        connection.execute(
            select(col(Belonging.request_id)).where(
                col(Belonging.household_id).in_(homes), col(Belonging.state) == _CONFIRMED
            )
        )
        .scalars()
        .all()
    )
    return found


def _with(first: Sequence[int], more: Sequence[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys([*first, *more]))
