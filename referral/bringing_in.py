"""Who may be brought into a request: nobody whom a complaint keeps from it (I9), nobody twice.

Asked by every act that gives another unit an order or tells somebody to act. What the transaction
itself has added counts too: messages that are taken in together see each other.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from models.bars import Bar, bars
from models.referrals import Referral
from models.transaction import Transaction
from models.vocabulary import ReferralRole
from referral import casework
from referral.accused import is_barred, may_have
from referral.directory import ZONE, Answerable, Unit
from referral.office import Office
from referral.routing import ABOVE, RouteRow

_Request = Mapping[str, Any]
_AT_MOST = 8
"""So many of those on duty are looked at."""


def kept_out(tx: Transaction, request: _Request) -> frozenset[str]:
    """The units and logins that are kept from the request, named as ``models.bars.bars`` does."""
    new = [one for one in tx.added(Bar) if one["request_id"] == request["id"]]
    names = {f"unit:{one['unit']}" if one["unit"] is not None else one["login"] for one in new}
    return bars(tx, [request["id"]]).get(request["id"], frozenset()) | names


def with_orders(tx: Transaction, request: _Request, *, to_do: bool = False) -> set[str]:
    """The units that have an order of this request; with ``to_do`` those whose part is not done."""
    new = [one for one in tx.added(Referral) if one["request_id"] == request["id"]]
    return {
        row["bureau"]
        for row in (*casework.referrals(tx, request["id"]), *new)
        if row["status"] not in casework.GONE and not (to_do and row["completed_at"] is not None)
    }


def lead_of(tx: Transaction, request: _Request) -> Mapping[str, Any]:
    """The lead's order, also one that was given just now."""
    for one in reversed(tx.added(Referral)):
        if one["request_id"] == request["id"] and one["role"] == ReferralRole.LEAD:
            return one
    return casework.lead_of(tx, request["id"])


def may_hear(tx: Transaction, office: Office, request: _Request, reader: Answerable) -> bool:
    """Whether somebody may be told of the request."""
    return not is_barred(office.directory, kept_out(tx, request), reader)


def reader_of(
    tx: Transaction, office: Office, request: _Request, unit: Unit | None, now: datetime
) -> Answerable | None:
    """Who hears for a unit of the request (``free``)."""
    return free(office, kept_out(tx, request), unit, now)


def free(
    office: Office, barred: Collection[str], unit: Unit | None, now: datetime
) -> Answerable | None:
    """Who answers for a unit now, or a colleague where they are kept out; None where all are: then
    the ladder of its clock climbs past them."""
    directory = office.directory
    for turn in range(_AT_MOST):
        found = directory.answerable(unit, now, turn)
        if not is_barred(directory, barred, found):
            return found
    for one in directory.officers:
        if unit is not None and one.unit == unit.code:
            found = Answerable(unit, one, "staff")
            if not is_barred(directory, barred, found):
                return found
    return None


def may_help(tx: Transaction, office: Office, request: _Request, unit: Unit) -> bool:
    """Whether a unit may be given an order."""
    return may_have(office.directory, kept_out(tx, request), unit)


def instead(
    tx: Transaction, office: Office, request: _Request, unit: Unit, route: RouteRow, now: datetime
) -> Unit | None:
    """The unit itself, or the next level above where it is kept out; None where there is none."""
    barred = kept_out(tx, request)
    if may_have(office.directory, barred, unit):
        return unit
    return above(office, route, barred, {unit.code}, now)


def above(
    office: Office, route: RouteRow, barred: Collection[str], had: Collection[str], now: datetime
) -> Unit | None:
    """The next body that has not had the matter and is not complained about."""
    day = now.astimezone(ZONE).date()
    for authority in dict.fromkeys((route.alternate_lead, *ABOVE)):
        unit = office.directory.responsible(authority, None, day) if authority else None
        if unit and unit.code not in had and may_have(office.directory, barred, unit):
            return unit
    return None
