"""Complaints: whoever is complained about is kept out, and there is always a level above (N18)."""

from datetime import datetime

from models.transaction import Row, Transaction
from models.vocabulary import Track
from referral import accused, barring, bringing_in, casework, former
from referral.accused import Accused
from referral.answering import tell
from referral.casework import Actor, Refusal
from referral.office import Office
from referral.rerouting import start

RESULT = "CLK-GRIEVANCE-RESULT"


def bar(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    reason: str,
    unit: str = "",
    login: str = "",
    now: datetime,
) -> Row:
    """Keep a unit or a person from this request (``barring``). Raises ``Refusal``."""
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    officer = office.directory.officer.get(login)
    known = office.directory.unit.get(unit)
    if (known is None) == (officer is None) or (unit and known is None) or (login and not officer):
        raise Refusal("refusal.bar_nobody", status=422)
    if known is not None and accused.at_the_desk(office.directory, known.code):
        raise Refusal("refusal.bar_desk", status=422)
    units = {known.code} if known else set()
    if officer is not None and not accused.at_the_desk(office.directory, officer.unit):
        units.add(officer.unit)
    new = Accused(frozenset(units), frozenset({officer.login} if officer else ()))
    after = barring.keep_out(tx, office, actor, request, new, why=why, now=now)
    casework.record(tx, "bar_set", actor, before=request, after=after, now=now, reason=why)
    return after


def take_upward(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, reason: str, now: datetime
) -> Row:
    """The complainant wants the next level to look (the second path): the unit that had it takes no
    part any more, the next one has the full time, and the complainant is told. Raises ``Refusal``
    or ``Impossible``."""
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    if request["track"] != Track.GRIEVANCE:
        raise Refusal("refusal.not_a_grievance", {"number": request["number"]})
    lead = casework.lead_of(tx, request["id"])
    had = {order["bureau"] for order in casework.referrals(tx, request["id"])}
    names = bringing_in.kept_out(tx, request)
    unit = barring.above(office, request, names, had, now)
    casework.halt(tx, request["id"], (RESULT, "CLK-GRIEVANCE-ACK", "CLK-CALLBACK"), now)
    clock = start(tx, office, request, (RESULT, ""), now)
    after = barring.move(tx, office, request, lead, unit, due=clock["due_at"], now=now)
    if not accused.at_the_desk(office.directory, lead["bureau"]):  # it still rings them back
        had_it = Accused(frozenset({lead["bureau"]}))
        former.keep(tx, office, request, had_it, why="had_it_before", by=actor.login, now=now)
    casework.record(
        tx, "taken_upward", actor, before=request, after=after, now=now, reason=why,
        old_lead=lead["bureau"], lead=unit.code, due=clock["due_at"].isoformat(),
    )  # fmt: skip
    tell(tx, office, after, "grievance_upward", due=clock["due_at"], now=now, unit=unit)
    return after
