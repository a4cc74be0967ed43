"""A named supervisor urges (催办) or orders in writing (督办), beside what the clocks do.

The message says which order and by when; what the supervisor says about it stands on the case's
page, for a text message is no place for it.
"""

from datetime import datetime

from models.bars import bars
from models.transaction import Row, Transaction
from referral import casework, telling
from referral.accused import is_barred
from referral.casework import Actor, Refusal
from referral.clocks import Rung
from referral.directory import Answerable
from referral.office import Office
from referral.rungs import who


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
    """Tell whoever holds the matter and the unit on duty that it is waited for; a written order
    goes to the head of the unit as well. No clock moves. Whoever a complaint is about hears
    nothing. Raises ``Refusal``, also when there is nobody to tell."""
    casework.require_open(request)
    said = casework.need(words, "refusal.reason_missing")
    barred = bars(tx, [request["id"]]).get(request["id"], frozenset())
    rungs = (Rung.HOLDER, Rung.UNIT_DUTY, *((Rung.BUREAU_HEAD,) if written else ()))
    readers: dict[str, Answerable] = {}
    for rung in rungs:
        reader = who(office, request, rung, now)
        if not is_barred(office.directory, barred, reader) and reader.officer.login != actor.login:
            readers[reader.officer.login] = reader
    if not readers:
        raise Refusal("refusal.nobody_to_urge", {"number": request["number"]})
    due = casework.lead_of(tx, request["id"])["due_at"]
    phrase = "staff_supervision_order" if written else "staff_urged"
    for reader in readers.values():
        telling.tell_staff(tx, office, phrase, request, reader, due=due, now=now)
    casework.record(
        tx, "urged", actor, before=request, after=request, now=now, reason=said,
        written=written, to=sorted(readers),
    )  # fmt: skip
    return request
