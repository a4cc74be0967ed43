"""What the requester does with their own request: takes it back, rates the answer, says "not done".

The requester is a person (I4): their word gives a result back to the lead at once, with the time
that was left, and from the limit of the number register on a person decides. It closes nothing:
who withdraws while somebody may be in danger is looked after.
"""

from datetime import datetime

from models.transaction import Row, Transaction
from models.vocabulary import Status, TaskKind
from referral import casework, clocks, closing, rehandling, telling, withdrawing
from referral.answering import tell_one
from referral.casework import Actor, Told
from referral.directory import ZONE, Answerable
from referral.office import Office
from referral.transitions import CITIZEN

REQUESTER = Actor(CITIZEN, CITIZEN, "")
NOT_CONTENT = "dissatisfied"
ANSWERED = (Status.RESULT_REPORTED, Status.IN_CALLBACK)
"""Where there is an answer that can be rated or given back."""


def take_back(tx: Transaction, office: Office, request: Row, *, note: str, now: datetime) -> Row:
    """Withdraw (T26). What is no longer open is left as it is: pressed twice is pressed once.

    The row that comes back is still open where somebody may be in danger: a person looks in.
    Raises ``Refusal``.
    """
    if request["close_reason"] == "withdrawn":
        return request
    return withdrawing.withdraw(tx, office, REQUESTER, request, note=note, now=now)


def rate(
    tx: Transaction,
    office: Office,
    request: Row,
    *,
    view: str,
    resolved: bool,
    note: str = "",
    now: datetime,
) -> Row:
    """The requester's own word on the answer, as good as one given at a callback (T20). The same
    word twice is one. Raises ``Refusal`` or ``Impossible``."""
    casework.require_open(request)
    last = last_word(tx, request["id"])
    if last is not None and (last.detail.get("view"), last.detail.get("resolved")) == (
        view,
        resolved,
    ):
        return request
    return closing.callback(
        tx, office, REQUESTER, request, outcome="reached", resolved=resolved, view=view,
        by="web", note=note, now=now,
    )  # fmt: skip


def not_done(
    tx: Transaction,
    office: Office,
    request: Row,
    *,
    reason: str,
    view: str = NOT_CONTENT,
    now: datetime,
) -> Row:
    """The requester says that it is not done: back to the same lead with the time that was left
    (T19). After a callback, or after the limit of the register, the desk decides: its work waits
    visibly. Raises ``Refusal`` or ``Impossible``."""
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    told = casework.history(tx, request["id"], "rehandled", "result_reported")
    own = [one for one in told if one.kind == "rehandled" and one.by == CITIZEN]
    if own and own[-1] is told[-1]:  # pressed twice
        return request
    limit = int(office.policy.values["reopen_limit"].value)
    if request["status"] != Status.RESULT_REPORTED or len(own) >= limit:
        after = rate(tx, office, request, view=view, resolved=False, note=why, now=now)
        _ask_the_desk(tx, office, after, why, now)
        return after
    asked = casework.change(tx, request, resolved=False, satisfaction=view)
    after = rehandling.give_back(tx, office, REQUESTER, asked, reason=why, now=now)
    due = casework.lead_of(tx, request["id"])["due_at"]
    unit = office.directory.unit.get(after["lead_bureau"])
    tell_one(tx, office, after, "given_back", due=due, now=now, unit=unit)
    holding = office.directory.unit.get(after["holder_unit"])
    officer = office.directory.officer.get(after["holder_person"])
    known = Answerable(holding, officer, "holder") if holding and officer else None
    reader = known or office.directory.answerable(holding, now)
    telling.tell_staff(tx, office, "staff_given_back", after, reader, due=due, now=now)
    return after


def last_word(tx: Transaction, request_id: int) -> Told | None:
    """What the requester said of the last result, None while they have said nothing."""
    told = casework.history(tx, request_id, "called_back", "result_reported", "rehandled")
    last = told[-1] if told else None
    return last if last is not None and last.kind == "called_back" and last.by == CITIZEN else None


def _ask_the_desk(tx: Transaction, office: Office, request: Row, why: str, now: datetime) -> None:
    if casework.waits(tx, request["id"], TaskKind.NOT_DONE):
        return
    rule = office.policy.clock("CLK-CALLBACK", "", now.astimezone(ZONE).date())
    due = clocks.due(now, rule.amount, rule.measure, office.policy.calendar).at
    telling.ask(tx, office, TaskKind.NOT_DONE, request, now=now, due=due, note=why)
