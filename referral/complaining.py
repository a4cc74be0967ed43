"""A person sees that a request is a complaint, which the software had read as something else."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from models.requests import Contact
from models.transaction import Row, Transaction
from models.vocabulary import Level, Track
from referral import (
    accused,
    barring,
    bringing_in,
    casework,
    former,
    rerouting,
    secrecy,
    withholding,
)
from referral.accused import Accused
from referral.casework import Actor, Refusal
from referral.directory import ZONE
from referral.office import Office
from referral.routing import GRIEVANCE

COMPLAINED_OF = "complained_of"


def correct_route(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    reason: str,
    service: str | None = None,
    bureau: str | None = None,
    now: datetime,
) -> Row:
    """Send the request to the right lead (``rerouting.correct_route``). Said to be a complaint, it
    becomes a whole one: whom its words complain about is kept out of it from this moment (I9), who
    complains is known to the desk alone, and its clocks start. What is urgent stays where help for
    it is: its complaint is entered by itself. Who leads already and reads no word, because the
    words perhaps complain of them, reads them from here on. Raises ``Refusal`` or ``Impossible``.
    """
    if bureau and service is None and bureau == request["lead_bureau"]:
        given = withholding.read_by(tx, office, actor, request, bureau, reason=reason, now=now)
        if given is not None:
            return given
    if service != GRIEVANCE or request["service"] == GRIEVANCE:
        after = rerouting.correct_route(
            tx, office, actor, request, reason=reason, service=service, bureau=bureau, now=now
        )
        return withholding.sent_by(tx, office, actor, after, bureau) if bureau else after
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    if Level(request["level"]).is_urgent:
        raise Refusal("refusal.plea_stays", {"number": request["number"]})
    if not request["confidential"]:
        request = secrecy.kept(tx, actor, request, why, now)
    complaint = casework.change(tx, request, track=Track.GRIEVANCE)
    found = _complained_of(tx, office, request, now)
    if found:
        former.keep(tx, office, complaint, found, why=COMPLAINED_OF, by=actor.login, now=now)
    after = rerouting.correct_route(
        tx, office, actor, complaint, reason=why, service=service, bureau=bureau, now=now
    )
    going = {clock["name"] for clock in casework.running(tx, request["id"])}
    route = rerouting.route_of(office, after, now, GRIEVANCE)
    for name in (*route.clocks, route.clock):
        if name not in going:  # counted from the receipt, as if it had been read so at once (I6)
            rerouting.start(tx, office, after, (name, ""), request["received_at"])
    return barring.clear(tx, office, after, now) if found else after


def bring_in(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    bureau: str,
    reason: str,
    now: datetime,
) -> Row:
    """Give another bureau a part (``rerouting.bring_in``), and the words with it where they only
    perhaps complain of it; the words alone where it has a part already. Raises ``Refusal`` or
    ``Impossible``."""
    if bureau in bringing_in.with_orders(tx, request):
        given = withholding.read_by(tx, office, actor, request, bureau, reason=reason, now=now)
        if given is not None:
            return given
    after = rerouting.bring_in(tx, office, actor, request, bureau=bureau, reason=reason, now=now)
    return withholding.sent_by(tx, office, actor, after, bureau)


def _complained_of(tx: Transaction, office: Office, request: Row, now: datetime) -> Accused:
    """Whom all that was said in it complains about."""
    words = tx.execute(
        select(col(Contact.text)).where(col(Contact.request_id) == request["id"])
    ).scalars()
    day = now.astimezone(ZONE).date()
    return accused.accused_of(office, "\n".join(one or "" for one in words), request["area"], day)
