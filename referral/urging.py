"""A named supervisor urges (催办) or orders in writing (督办), beside what the clocks do.

The message says which order and by when; what the supervisor says about it stands on the case's
page, for a text message is no place for it.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlmodel import col

from models.bars import bars
from models.clocks import Clock
from models.referrals import Referral
from models.transaction import Row, Transaction
from referral import casework, owing, telling
from referral.accused import is_barred
from referral.casework import Actor, Refusal
from referral.clocks import Rung
from referral.directory import Answerable
from referral.office import Office
from referral.rungs import who

_LATE = (
    select(col(Referral.bureau), col(Referral.signed_by), col(Referral.due_at))
    .join(Clock, col(Clock.referral_id) == col(Referral.id))
    .where(
        col(Referral.request_id) == bindparam("request_id"),
        col(Clock.name).in_(owing.BY_A_BUREAU),
        col(Clock.stopped_at).is_(None),
        col(Clock.paused_at).is_(None),
        col(Clock.due_at) <= bindparam("now", type_=Clock.__table__.c.due_at.type),  # type: ignore[attr-defined]
    )
    .order_by(col(Referral.id))
)
"""The orders of bureaus that are late with signing or with their part."""


def urge(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    words: str,
    written: bool = False,
    now: datetime,
) -> Row:
    """Tell whoever holds the matter and the unit on duty that it is waited for, and so those of
    every bureau whose own order is late; a written order goes to the heads of the units as well.
    No clock moves. Whoever a complaint is about hears nothing. Raises ``Refusal``, also when there
    is nobody to tell."""
    casework.require_open(request)
    said = casework.need(words, "refusal.reason_missing")
    barred = bars(tx, [request["id"]]).get(request["id"], frozenset())
    rungs = (Rung.HOLDER, Rung.UNIT_DUTY, *((Rung.BUREAU_HEAD,) if written else ()))
    owed: list[tuple[Any, datetime]] = [(request, casework.lead_of(tx, request["id"])["due_at"])]
    owed += [
        (owing.at_the_bureau(office, request, order, now), order.due_at)
        for order in tx.execute(_LATE, {"request_id": request["id"], "now": now})
    ]
    readers: dict[str, tuple[Answerable, datetime]] = {}
    for held, due in owed:
        for rung in rungs:
            reader = who(office, {**held, "barred": barred}, rung, now)
            login = reader.officer.login
            if not is_barred(office.directory, barred, reader) and login != actor.login:
                readers.setdefault(login, (reader, due))
    if not readers:
        raise Refusal("refusal.nobody_to_urge", {"number": request["number"]})
    phrase = "staff_supervision_order" if written else "staff_urged"
    for reader, due in readers.values():
        telling.tell_staff(tx, office, phrase, request, reader, due=due, now=now)
    casework.record(
        tx, "urged", actor, before=request, after=request, now=now, reason=said,
        written=written, to=sorted(readers),
    )  # fmt: skip
    return request
