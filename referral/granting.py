"""Aid is granted: the person hears what, from when, and how to object (N12), and what is published
of it (N13; Social Assistance Law Art. 44: the decision is made known where the person lives)."""

from datetime import datetime

from models.transaction import Row, Transaction
from models.vocabulary import ReferralRole
from referral import casework, informing, notices, promises
from referral.answering import correspondent, tell_one
from referral.casework import Actor, Refusal
from referral.directory import ZONE
from referral.office import Office


def grant_aid(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    what: str,
    start: str,
    now: datetime,
) -> Row:
    """Tell the requester what is granted, from when. Where the kind of help is published, its clock
    (CLK-NOTICE) starts and the person hears what is shown and how to object. Raises ``Refusal``."""
    casework.require_open(request)
    given = casework.need(what, "refusal.result_missing")
    since = casework.need(start, "refusal.time")
    units = casework.units_of(office, actor, now)
    order = casework.own_referral(tx, request["id"], units, ReferralRole.LEAD)
    if order["signed_at"] is None:
        raise Refusal("refusal.sign_first", {"number": request["number"]})
    if casework.history(tx, request["id"], "granted"):
        raise Refusal("refusal.grant_twice", {"number": request["number"]})
    unit = office.directory.unit.get(order["bureau"])
    reported = correspondent(tx, office, request).reported
    if not reported:
        tell_one(
            tx, office, request, "granted", due=now, now=now, unit=unit, what=given, start=since
        )
    day = now.astimezone(ZONE).date()
    services = informing.services_of(tx, request) or (order["service"],)
    published = any(notices.row_of(office.policy, one, day).published for one in services)
    if published:
        rule = office.policy.clock("CLK-NOTICE", "", day)
        shown = promises.start(tx, office, request, rule=rule, at=now, urgent=False)
        if not reported:
            due = shown["due_at"]
            tell_one(tx, office, request, "publication", due=due, now=now, unit=unit)
    casework.record(
        tx, "granted", actor, before=request, after=request, now=now, what=given, start=since,
        published=published,
    )  # fmt: skip
    return request
