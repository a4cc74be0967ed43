"""Life danger goes to 110, 119 or 120, and somebody makes sure; and the work that waits is done.

Hand over, never hang up on: the request stays ours until the person is known to be safe.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.journal import JournalEntry
from models.requests import HelpRequest
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import ContactState, Level, Status, TaskKind, Track
from referral import (
    casework,
    closing,
    promises,
    refusing,
    rehandling,
    telling,
    undecided,
    unheard,
)
from referral.answering import tell
from referral.casework import Actor, Refusal
from referral.correcting import raise_urgency
from referral.lifecycle import may
from referral.office import Office
from referral.rerouting import DESK
from referral.undecided import FOUND_OUT, SAFETY

_ENDS = {
    TaskKind.CALL_BACK: ("CLK-MISSED-CALL",),
    TaskKind.TELL_STOPPED: ("CLK-FIRST-REPLY",),
    TaskKind.LISTEN: (unheard.CLOCK,),
}
"""The clocks that run until this work is done."""
DECIDE_INSTEAD = "refusal.decide_instead"
_DECIDED_THERE = (TaskKind.DECIDE_RETURN, TaskKind.DECIDE_EXTENSION, TaskKind.DECIDE_SUSPENSION)


def hand_off(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    line: str,
    receipt: str = "",
    reason: str = "",
    now: datetime,
) -> Row:
    """Hand over to an emergency line (T05) and, with its receipt, settle the hand-off (T06).

    Without a receipt the request stands in emergency_handoff and CLK-HANDOFF runs on. With it the
    safety confirmations start, each with its own clock, and the request goes on in triage: help may
    still be needed. Whoever hands over affirms the danger, so the level is raised where it is not
    life_threat yet. Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    if line not in {one.number for one in office.policy.lines if one.for_danger}:
        raise Refusal("refusal.no_danger_line", {"line": line}, 422)
    before, row = request, None
    if Level(request["level"]) is not Level.LIFE_THREAT:
        why = reason.strip() or line
        request = raise_urgency(
            tx, office, actor, request, level=Level.LIFE_THREAT, reason=why, now=now
        )
    undecided.decided(tx, request, actor, now)
    if request["status"] != Status.EMERGENCY_HANDOFF:
        row = may("hand_off", Status(request["status"]), actor.role)
        request = rehandling.take_up_again(tx, office, actor, request, now=now)
        request = casework.change(tx, request, status=row.to, track=Track.URGENT)
    if receipt.strip():
        row = may("settle_handoff", Status.EMERGENCY_HANDOFF, actor.role)
        request = casework.change(tx, request, status=row.to)
        promises.stop(tx, request["id"], ("CLK-HANDOFF",), now)
        for case in office.policy.cases(SAFETY):
            rule = office.policy.clock(SAFETY, case)
            promises.start(tx, office, request, rule=rule, at=now, urgent=True)
        casework.finish_tasks(tx, request["id"], TaskKind.CONFIRM_HANDOFF, actor, now)
        due = telling.by_when(office, SAFETY, now)
        tell(
            tx, office, request, "handed_off", due=due, now=now, line=line, receipt=receipt.strip()
        )
    elif Level(before["level"]) is Level.LIFE_THREAT and not _runs(tx, request, "CLK-HANDOFF"):
        rule = office.policy.clock("CLK-HANDOFF")
        promises.start(tx, office, request, rule=rule, at=now, urgent=True)
    casework.record(
        tx,
        "handed_off",
        actor,
        before=before,
        after=request,
        now=now,
        row=row,
        line=line,
        receipt=receipt.strip(),
        reason=reason.strip(),
    )
    return request


def confirm_safe(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    request: Row,
    *,
    seen_by: str,
    note: str = "",
    close: bool = False,
    now: datetime,
) -> Row:
    """The person is known to be safe, and by whom: the safety clocks stop. With ``close`` nothing
    more is needed and the head of shift ends the request (T07). Raises ``Refusal`` or
    ``Impossible``."""
    casework.require_open(request)
    seen = casework.need(seen_by, "refusal.seen_by")
    row, after = None, request
    if close and request["status"] == Status.IN_TRIAGE and not _taken_over(tx, request):
        raise Refusal("refusal.hand_off_instead", {"number": request["number"]})
    if close:
        row = may("confirm_safe", Status(request["status"]), actor.role, reason="safe_confirmed")
        casework.halt_all(tx, request["id"], now, but=promises.OUTLIVE)
        closing.end(tx, request, actor, now)
        after = casework.change(
            tx, request, status=row.to, closed_at=now, close_reason="safe_confirmed"
        )
    casework.halt(tx, request["id"], (SAFETY,), now)
    if request["status"] == Status.EMERGENCY_HANDOFF:  # there the receipt is still owed
        undecided.decided(tx, request, actor, now)
    else:
        undecided.needless(tx, request, actor, now)
    casework.record(
        tx,
        "safe_confirmed",
        actor,
        before=request,
        after=after,
        now=now,
        row=row,
        seen_by=seen,
        note=note.strip(),
    )
    return after


def safety_check(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    outcome: str,
    note: str = "",
    now: datetime,
) -> Row:
    """One of the calls after a hand-off (30 minutes, 2 hours, 24 hours) with what was found out.

    The call that was next is done; what is not known is asked again at the next, and the last call
    comes again until somebody knows. Still in danger: the hand-off is open again with its clock.
    Dead, or a false report (``FOUND_OUT``): whoever may close so notes who says it, and the calls
    end. Whoever is safe is confirmed by ``confirm_safe``. Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    found = outcome in FOUND_OUT
    if not found and outcome not in ("unknown", "in_danger"):
        allowed = ", ".join(("unknown", "in_danger", *FOUND_OUT))
        raise Refusal("refusal.outcome", {"allowed": allowed}, 422)
    if found:
        may("close", Status.IN_TRIAGE, actor.role, reason=outcome)
        casework.need(note, "refusal.who_says")
    waits = [one for one in casework.running(tx, request["id"]) if one["name"] == SAFETY]
    if not waits and not (found and undecided.unsure(tx, request["id"])):
        raise Refusal("refusal.nothing_to_confirm", {"number": request["number"]})
    waits.sort(key=lambda clock: clock["due_at"])
    case = waits[0]["case"] if waits else ""
    after, row, left = request, None, 0 if found else len(waits) - 1
    casework.halt(tx, request["id"], (SAFETY,), now, case=None if found else case)
    if outcome == "in_danger":
        row = may("hand_off", Status(request["status"]), actor.role)
        after = rehandling.take_up_again(tx, office, actor, request, now=now)
        after = casework.change(tx, after, status=row.to, track=Track.URGENT)
        casework.halt(tx, request["id"], (SAFETY,), now)
        rule = office.policy.clock("CLK-HANDOFF")
        promises.start(tx, office, after, rule=rule, at=now, urgent=True)
    elif not left and not found:
        rule = office.policy.clock(SAFETY, case)
        promises.start(tx, office, request, rule=rule, at=now, urgent=True)
        left = 1
    casework.record(
        tx,
        "safety_checked",
        actor,
        before=request,
        after=after,
        now=now,
        row=row,
        outcome=outcome,
        case=case,
        left=left,
        note=note.strip(),
    )
    return after


def _taken_over(tx: Transaction, request: Row) -> bool:
    """Whether an emergency line has given its receipt."""
    told = casework.history(tx, request["id"], "handed_off")
    return any(one.detail.get("receipt") for one in told)


def why_not_done(
    office: Office, actor: Actor, task: Mapping[str, Any], *, kept: str | None, now: datetime
) -> Refusal | None:
    """Why this person cannot finish this work with a note, or None: ``done`` refuses by it, and a
    page offers to finish only what it lets through. What is decided or done elsewhere says so to
    everybody. ``kept`` is the state of the text that nobody could read."""
    named = {"number": task["number"] or ""}
    if task["done_at"] is not None:
        return Refusal("refusal.task_done", {"by": task["done_by"] or ""})
    if task["kind"] in (TaskKind.CONFIRM_HANDOFF, TaskKind.HANDOFF_UNDECIDED):
        return Refusal("refusal.hand_off_instead", named)
    if task["kind"] in _DECIDED_THERE:
        return Refusal(DECIDE_INSTEAD, named)
    if task["kind"] == TaskKind.UNREADABLE and kept not in (None, ContactState.HANDLED):
        return Refusal("refusal.read_instead", named)
    if task["unit"] not in casework.units_of(office, actor, now) and actor.role not in DESK:
        return Refusal("refusal.not_your_unit", status=403)
    return None


def done(
    tx: Transaction, office: Office, actor: Actor, task: Row, *, note: str, now: datetime
) -> Row:
    """Finish a piece of work that waited for a person, with a note of what was done.

    A hand-off is finished by handing off, and a text nobody could read by reading it: nothing kept
    is answered for good without being understood. Raises ``Refusal``.
    """
    said = casework.need(note, "refusal.note_missing")
    kept = _journal_state(tx, task) if task["kind"] == TaskKind.UNREADABLE else None
    if refused := why_not_done(office, actor, task, kept=kept, now=now):
        raise refused
    changed = tx.execute(
        update(Task)
        .where(col(Task.id) == task["id"], col(Task.done_at).is_(None))
        .values(done_at=now, done_by=actor.login)
    )
    if not changed.rowcount:
        raise Refusal("refusal.overtaken", {"number": task["number"] or ""})
    ends = _ENDS.get(task["kind"], ())
    if ends and task["request_id"] is not None:
        casework.halt(tx, task["request_id"], ends, now)
    if task["kind"] == TaskKind.DELIVER_PAPER:
        refusing.brought(tx, task, now)
    tx.event(
        "task_done",
        at=now,
        by=actor.login,
        request=_of(tx, task),
        task=str(task["id"]),
        task_kind=task["kind"],
        note=said,
    )
    return {**task, "done_at": now, "done_by": actor.login}


def _runs(tx: Transaction, request: Row, name: str) -> bool:
    return name in {clock["name"] for clock in casework.running(tx, request["id"])}


def _journal_state(tx: Transaction, task: Row) -> str | None:
    found: str | None = tx.execute(
        select(col(JournalEntry.state)).where(col(JournalEntry.id) == task["journal_id"])
    ).scalar()
    return found


def _of(tx: Transaction, task: Row) -> dict[str, Any] | None:
    found = tx.execute(
        select(col(HelpRequest.id), col(HelpRequest.number)).where(
            col(HelpRequest.id) == task["request_id"]
        )
    ).first()
    return dict(found._mapping) if found else None
