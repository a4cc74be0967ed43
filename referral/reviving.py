"""What went along in a wrong merge and ended there lives again when the merge is undone (T13).

The other request's answer or end was not this one's: its lead's order is again what it was, the
clocks run on with their first due times, the work waits. What the bureau signed meanwhile it has
signed: nobody who signed in time is late for it. Nor was what ended a hand-off or the safety calls
there said or done of this person: whoever was in danger to life is asked about again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.clocks import Clock
from models.disputes import Dispute
from models.requests import Contact
from models.transaction import Row, Transaction
from models.vocabulary import ReferralStatus, Status
from referral import casework, falling_silent
from referral.before import Changed, plain, timed
from referral.undecided import OF_DANGER, WORK_OF_DANGER

_OVER = (*casework.GONE, ReferralStatus.RESULT_SUBMITTED, ReferralStatus.COMPLETED)
_SIGNED = (ReferralStatus.SIGNED, ReferralStatus.IN_PROGRESS)


@dataclass(slots=True)
class Revival:
    """What the other request's answer or end (``ended``) took along, and what was said or done
    there of somebody in danger; ``wrote`` is when this requester wrote since. ``orders`` went
    along with the merge, ``revived`` are those that live again, ``signed`` those of them that the
    bureau signed after the merge, ``told`` says what lives again, with both versions."""

    ended: frozenset[datetime]
    wrote: frozenset[datetime]
    orders: list[int] = field(default_factory=list)
    revived: list[int] = field(default_factory=list)
    signed: list[int] = field(default_factory=list)
    told: list[Changed] = field(default_factory=list)

    def back(self, table: str, current: Any, held: Mapping[str, Any]) -> dict[str, Any]:
        """What a row gets back besides what nobody changed. Orders come before their clocks."""
        if "request_id" not in held:
            return {}
        if table == "referral":
            return self._order(current, held)
        if table == "clock":
            return self._clock(current, held)
        return self._task(current) if table == "task" else {}

    def _task(self, current: Any) -> dict[str, Any]:
        of_danger = current.kind in WORK_OF_DANGER and current.done_at is not None
        if not of_danger and current.done_at not in self.ended:
            return {}
        self.told.append(Changed(current.kind, "done_at", plain(current.done_at), None))
        return {"done_at": None, "done_by": None}

    def _order(self, current: Any, held: Mapping[str, Any]) -> dict[str, Any]:
        self.orders.append(current.id)
        was = held.get("status", ReferralStatus.DISPATCHED)
        if current.status not in _OVER or current.status == was:
            return {}
        if was == ReferralStatus.RETURN_REQUESTED:  # its dispute ended with the order
            was = ReferralStatus.SIGNED if held.get("signed_at") else ReferralStatus.DISPATCHED
        names = ["completed_at"]
        if was == ReferralStatus.DISPATCHED and current.signed_at is not None:
            was = ReferralStatus.SIGNED
            self.signed.append(current.id)
        else:
            names += ["signed_at", "signed_by"]
        self.revived.append(current.id)
        self.told.append(Changed(current.bureau, "status", current.status, was))
        return {"status": was, **{name: timed(name, held.get(name)) for name in names}}

    def _clock(self, current: Any, held: Mapping[str, Any]) -> dict[str, Any]:
        ran = held.get("stopped_at", current.stopped_at) is None
        of_order = current.referral_id in self.revived and current.name != "CLK-ARBITRATE"
        of_danger = current.name in OF_DANGER and not self._anew(current)
        if not ran or not (of_order or of_danger or current.stopped_at in self.ended):
            return {}
        signed = current.name == "CLK-SIGN" and current.referral_id in self.signed
        if current.stopped_at is None or signed:
            return {}
        self.told.append(Changed(current.name, "stopped_at", plain(current.stopped_at), None))
        return {"stopped_at": None}

    def _anew(self, current: Any) -> bool:
        """Whether this requester's own words ended the clock and began it anew."""
        return current.name == falling_silent.CLOCK and current.stopped_at in self.wrote

    def spared(self, changed: list[Changed]) -> list[Changed]:
        """Of what was changed, what stays as people left it."""
        again = {(one.what, one.column) for one in self.told}
        return [one for one in changed if (one.what, one.column) not in again]


def revival(tx: Transaction, request: Row, other: Row, since: datetime) -> Revival:
    """When the other request was answered or ended, and when this requester wrote to it."""
    orders = casework.referrals(tx, other["id"])
    ends = {order["completed_at"] for order in orders} | {other["closed_at"]}
    told = casework.history(tx, other["id"], "result_reported", "closed")
    own = () if request["person_id"] == other["person_id"] else later_words(request, other, since)
    wrote = tx.execute(select(col(Contact.received_at)).where(*own)).scalars() if own else ()
    return Revival(frozenset((ends | {one.at for one in told}) - {None}), frozenset(wrote))


def later_words(request: Row, other: Row, since: datetime) -> tuple[Any, ...]:
    """Which contacts of the other request are what this requester said after the merge."""
    return (
        col(Contact.request_id) == other["id"],
        col(Contact.person_id) == request["person_id"],
        col(Contact.received_at) >= since,
    )


def follow(tx: Transaction, orders: list[int], request: Row, other: Row) -> None:
    """What began on the other request for an order goes back with it."""
    for table in (Clock, Dispute):
        began = (col(table.request_id) == other["id"], col(table.referral_id).in_(orders))
        tx.execute(update(table).where(*began).values(request_id=request["id"]))


def fitting(tx: Transaction, request: Row, status: Status) -> Status:
    """The status that the request has again: in hand where its lead signed meanwhile."""
    lead = casework.lead_of(tx, request["id"])
    signed = lead["status"] in _SIGNED
    return Status.IN_PROGRESS if signed and status is Status.DISPATCHED else status
