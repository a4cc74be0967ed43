"""Whoever a complaint inside a plea is about brings the help and reads no word of it (I9): where,
what is needed and for whom they see, the words the desk keeps (``request.withheld``).

So it is with words that perhaps complain (``accusing``), until a person of the desk has sent the
request to whom they name, or, where those have it already, has named them as who must act or has
given them the words (``give_words``). Nothing else gives words back."""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.bars import PERHAPS, withheld_from
from models.events import SYSTEM
from models.requests import HelpRequest
from models.transaction import Row, Transaction
from models.vocabulary import Track
from referral import bringing_in, casework, former
from referral.accused import Accused, accused_of, at_the_desk, chain
from referral.casework import Actor, Refusal
from referral.directory import ZONE, Directory
from referral.office import Arrival, Office
from referral.routing import GRIEVANCE

WITHHELD, GIVEN = "words_withheld", "words_given"
"""What the ledger says of it, to nobody whom it concerns."""


def of(
    tx: Transaction,
    office: Office,
    arrival: Arrival,
    area: str | None,
    named: Accused,
    *,
    also: Collection[str] = (),
) -> list[str] | None:
    """From whom the words of a contact are withheld: the units and people that a complaint in it is
    about, or else whom they perhaps accuse (``named``), who serves them (``accused.chain``) and who
    was there lately (``former``), and ``also`` these. None for a whole complaint, which does not
    exist for them at all, and for most."""
    names = set(also)
    if arrival.assessment.track is not Track.GRIEVANCE:
        text, day = arrival.inbound.text, arrival.now.astimezone(ZONE).date()
        inside = is_inside(arrival)
        found = accused_of(office, text, area, day) if inside else named
        if found:
            found = found.also(former.of(tx, office, found, arrival.now))
            units = frozenset(_serving(office.directory, found.units))
            known = Accused(units, found.logins).names
            names |= known if inside else {f"{PERHAPS}{one}" for one in known}
    return sorted(names) or None


def is_inside(arrival: Arrival) -> bool:
    """Whether a plea holds words that say they complain."""
    return any(need.service == GRIEVANCE for need in arrival.assessment.needs)


def heard(tx: Transaction, office: Office, arrival: Arrival, request: Row, named: Accused) -> Row:
    """A contact that joins a request may complain too, or perhaps accuse those ``named``: from here
    on they read none of its words."""
    if request["track"] == Track.GRIEVANCE:
        return request
    before = request["withheld"] or ()
    names = of(tx, office, arrival, request["area"], named, also=before)
    if names is None or set(names) == set(before):
        return request
    record(tx, office, request, set(names).difference(before), arrival.now)
    tx.later(update(HelpRequest).where(col(HelpRequest.id) == request["id"]).values(withheld=names))
    return {**request, "withheld": names}


def record(
    tx: Transaction,
    office: Office,
    request: Mapping[str, Any],
    names: Collection[str],
    now: datetime,
    by: str = SYSTEM,
) -> None:
    """Write into the ledger from whom the words of a request are withheld from now on; who serves
    one of these units is not named besides. It is not shown to them (``gateway.unsaid``)."""
    whom = {one.removeprefix(PERHAPS) for one in names}
    found, unit = Accused.named(whom), office.directory.unit
    above = {code: unit[code].parent if code in unit else None for code in found.units}
    if found:
        tx.event(
            WITHHELD,
            at=now,
            by=by,
            request=dict(request),
            units=sorted(code for code in found.units if above[code] not in found.units),
            logins=sorted(found.logins),
        )


def also(
    tx: Transaction,
    office: Office,
    request: Row,
    names: Collection[str] | None,
    *,
    by: str,
    now: datetime,
) -> Row:
    """These read none of its words either."""
    before = set(request["withheld"] or ())
    if before.issuperset(names or ()):
        return request
    record(tx, office, request, set(names or ()) - before, now, by)
    return casework.change(tx, request, withheld=sorted(before.union(names or ())))


def sent_by(tx: Transaction, office: Office, actor: Actor, request: Row, unit: str) -> Row:
    """A person of the desk has sent it to this unit: where its words only perhaps complain of that
    unit, they have been read, and are no complaint about it. Of whomever else they name that says
    nothing; and whoever does not read them says nothing of them."""
    names = request["withheld"] or ()
    kept_from_actor = withheld_from(names, actor.login, actor.unit)
    if f"{PERHAPS}unit:{unit}" not in names or kept_from_actor:
        return request
    cleared = _cleared(office.directory, names, unit)
    kept = [one for one in names if one not in cleared]
    return casework.change(tx, request, withheld=kept or None)


def _cleared(directory: Directory, names: Collection[str], unit: str) -> set[str]:
    """Of those whom words perhaps accuse: the unit, who serves it, their people; and, where no
    other unit is left, who was there and is elsewhere now. Nobody of the desk: there a person is
    accused by themselves."""
    serving = {unit, *_serving(directory, (unit,))}
    units = {f"{PERHAPS}unit:{code}" for code in serving}
    others = any(one.startswith(f"{PERHAPS}unit:") and one not in units for one in names)
    cleared = units.intersection(names)
    for name in names:
        officer = directory.officer.get(name.removeprefix(PERHAPS))
        at = officer.unit if officer else ""
        theirs = at in serving or not (others or at_the_desk(directory, at))
        if name.startswith(PERHAPS) and not name.startswith(f"{PERHAPS}unit:") and theirs:
            cleared.add(name)
    return cleared


def read_by(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    unit: str,
    *,
    reason: str,
    now: datetime,
) -> Row | None:
    """So it is where the unit has the request already, as of what is urgent: a person who read the
    words says that they are no complaint about it. None where they are not withheld for that, or
    the actor does not read them."""
    after = sent_by(tx, office, actor, request, unit)
    if after is request:
        return None
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    casework.record(tx, GIVEN, actor, before=request, after=after, now=now, reason=why, bureau=unit)
    return after


def give_words(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    bureau: str,
    reason: str,
    now: datetime,
) -> Row:
    """The words alone, and no order, to who works on the request: a person who read them says that
    they are no complaint about it. So it is where a township holds what is urgent, and where the
    kind of help was chosen and not the bureau. Raises ``Refusal``."""
    works = {request["holder_unit"], *bringing_in.with_orders(tx, request)}
    after = None
    if bureau in works:
        after = read_by(tx, office, actor, request, bureau, reason=reason, now=now)
    if after is None:
        raise Refusal("refusal.no_words_to_give", {"unit": bureau})
    return after


def may_give(
    request: Mapping[str, Any], login: str, unit: str, works: Collection[str]
) -> tuple[str, ...]:
    """To whom, of those units that work on it, somebody who reads the words may give them."""
    names = request["withheld"] or ()
    if withheld_from(names, login, unit):
        return ()
    return tuple(one for one in works if f"{PERHAPS}unit:{one}" in names)


def take_along(
    tx: Transaction, office: Office, login: str, unit: str, *, by: str, now: datetime
) -> None:
    """Whoever leaves a unit goes on reading none of the words that are withheld from it."""
    for request, names in _withheld(tx):
        marks = [mark for mark in ("", PERHAPS) if f"{mark}unit:{unit}" in names]
        _add(tx, office, request, names, {f"{mark}{login}" for mark in marks}, now, by)


def follow(tx: Transaction, office: Office, now: datetime) -> None:
    """Who goes on for a unit reads of these words as little as it did."""
    for request, names in _withheld(tx):
        more = set[str]()
        for begin in ("unit:", f"{PERHAPS}unit:"):
            units = {one.removeprefix(begin) for one in names if one.startswith(begin)}
            more |= {f"{begin}{code}" for code in _serving(office.directory, units)}
        _add(tx, office, request, names, more, now)


def _serving(directory: Directory, units: Collection[str]) -> Iterator[str]:
    """These units and whoever serves them."""
    for unit in directory.units:
        if not set(units).isdisjoint(chain(directory, unit.code)):
            yield unit.code


def _withheld(tx: Transaction) -> list[tuple[Row, list[str]]]:
    columns = (col(HelpRequest.id), col(HelpRequest.number), col(HelpRequest.withheld))
    found = tx.execute(select(*columns).where(col(HelpRequest.withheld).is_not(None)))
    return [({"id": row.id, "number": row.number}, row.withheld) for row in found]


def _add(
    tx: Transaction,
    office: Office,
    request: Row,
    names: list[str],
    more: set[str],
    now: datetime,
    by: str = SYSTEM,
) -> None:
    if not more.issubset(names):
        record(tx, office, request, more.difference(names), now, by)
        this = update(HelpRequest).where(col(HelpRequest.id) == request["id"])
        tx.execute(this.values(withheld=sorted(more.union(names))))
