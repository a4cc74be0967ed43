"""A request waits for the requester, or for a reason of the closed list, and goes on by itself.

Asking pauses CLK-TRIAGE (T03, T04), a suspension pauses the time for handling (T16, T17). Neither
lasts longer than its own clock: when that lapses, the work goes on with what is known.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.clocks import Clock, stopping
from models.events import SYSTEM
from models.referrals import Referral
from models.requests import Contact, HelpRequest, queue_key
from models.transaction import Row, Transaction
from models.vocabulary import Level, Status
from referral import casework, clockwork, falling_silent
from referral.answering import correspondent, tell
from referral.casework import Actor, Refusal
from referral.lifecycle import may
from referral.office import Office
from referral.transitions import CITIZEN, Transition

PAUSED = (Status.NEEDS_CLARIFICATION, Status.SUSPENDED)
MISSING = ("place", "subject")


def ask(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    missing: str,
    question: str,
    now: datetime,
) -> Row:
    """Ask for the one fact that is missing, the place or the person (T03, N5).

    Only without any sign of danger and after an attempt to speak with them; CLK-TRIAGE pauses, the
    bureau's clocks run on. Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    words = casework.need(question, "refusal.question_missing", at_least=4)
    number = {"number": request["number"]}
    row = may("ask", casework.standing(office, request), actor.role)
    if Level(request["level"]).is_urgent:
        raise Refusal("refusal.danger_never_waits", number)
    if missing not in MISSING or (missing == "place" and request["area"] and request["place"]):
        raise Refusal("refusal.known_already", number, 422)
    if not casework.history(tx, request["id"], "contacted", "replied"):
        raise Refusal("refusal.try_first", number)
    who = correspondent(tx, office, request)
    if who.reply is None or who.stopped:
        raise Refusal("refusal.nowhere_to_ask", number)
    case = "danger" if _in_doubt(tx, request) else ""
    after = casework.change(tx, request, status=row.to)
    started = clockwork.follow(tx, office, request, row, now=now, cases={"CLK-CLARIFY": case})
    due = started["CLK-CLARIFY"]["due_at"]
    casework.record(
        tx, "asked", actor, before=request, after=after, now=now, row=row, missing=missing,
        answer=words, due=due.isoformat(),
    )  # fmt: skip
    tell(tx, office, after, "ask_for_more", due=due, now=now, question=words)
    return after


def resume(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, reason: str, now: datetime
) -> Row:
    """Go on: the answer came (T04), or the reason for waiting is gone (T17). Raises ``Refusal`` or
    ``Impossible``."""
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    row = may("resume", Status(request["status"]), actor.role)
    if row.id == "T17" and actor.role in casework.BUREAU:
        casework.own_referral(tx, request["id"], casework.units_of(office, actor, now))
    return go_on(tx, office, request, row, by=actor.login, why=why, now=now)


def answered(tx: Transaction, office: Office, request: Row, *, now: datetime) -> Row:
    """The citizen has said more (T04). Everything may still be undone with the contact."""
    row = may("resume", Status.NEEDS_CLARIFICATION, CITIZEN)
    return go_on(tx, office, request, row, by=CITIZEN, why="answered", now=now, run=tx.later)


def danger_goes_on(
    tx: Transaction,
    office: Office,
    request: Row,
    *,
    now: datetime,
    run: Callable[[Any], Any] | None = None,
) -> Row:
    """What waits and becomes urgent waits no longer (I7)."""
    if request["status"] not in PAUSED:
        return request
    row = may("resume", Status(request["status"]), SYSTEM)
    return go_on(tx, office, request, row, by=SYSTEM, why="danger", now=now, run=run)


def lapse(
    tx: Transaction,
    office: Office,
    clock: Any,
    taken: Sequence[tuple[int, datetime]],
    now: datetime,
) -> bool:
    """The longest wait is over (T04, T17), its last steps with it; False if another process was
    faster."""
    taken = taken or [(clock.step, clock.next_at)]
    fenced = tx.execute(
        update(Clock)
        .where(
            col(Clock.id) == clock.id,
            col(Clock.next_at) == clock.next_at,
            col(Clock.stopped_at).is_(None),
        )
        .values(stopped_at=now, next_at=None)
    )
    if not fenced.rowcount:
        return False
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    found = tx.execute(select(*columns).where(col(HelpRequest.id) == clock.request_id)).first()
    if found is not None:
        tx.event(
            "lapsed",
            at=now,
            request=dict(found._mapping),
            clock_id=str(clock.id),
            clock=clock.name,
            case=clock.case,
            steps=[index for index, _ in taken],
            planned=taken[-1][1].isoformat(),
        )
    if found is not None and clock.name == falling_silent.CLOCK:
        falling_silent.over(tx, office, dict(found._mapping), clock, now)
        return True
    waits = Status.NEEDS_CLARIFICATION if clock.name == "CLK-CLARIFY" else Status.SUSPENDED
    if found is not None and found.status == waits:
        row = may("resume", waits, SYSTEM)
        go_on(tx, office, dict(found._mapping), row, by=SYSTEM, why="lapsed", now=now)
    return True


def go_on(
    tx: Transaction,
    office: Office,
    request: Row,
    row: Transition,
    *,
    by: str,
    why: str,
    now: datetime,
    run: Callable[[Any], Any] | None = None,
) -> Row:
    """Take up what waited, its clocks with the time that was left; the citizen hears the new date
    of a suspension."""
    run = run or tx.execute
    run(
        update(Clock)
        .where(
            col(Clock.request_id) == request["id"],
            col(Clock.name).in_(row.stops),
            col(Clock.stopped_at).is_(None),
        )
        .values(**stopping(now))
    )
    names = clockwork.meant(office, request, row.resumes, now)
    moved = clockwork.resume(tx, office, request, names, now, run=run)
    changes: dict[str, Any] = {"status": row.to}
    lead = casework.lead_of(tx, request["id"])
    due: datetime = moved.get(lead["due_at"]) or lead["due_at"]
    if due != lead["due_at"]:
        original = lead["original_due_at"] or lead["due_at"]
        run(
            update(Referral)
            .where(col(Referral.id) == lead["id"])
            .values(due_at=due, original_due_at=original)
        )
        changes["queue_key"] = queue_key(Level(request["level"]).rank, due, request["id"])
    run(update(HelpRequest).where(col(HelpRequest.id) == request["id"]).values(**changes))
    after = {**request, **changes}
    tx.event(
        "went_on", at=now, by=by, request=after, row=row.id, reason=why, was=request["status"],
        now=row.to, due=due.isoformat(),
    )  # fmt: skip
    if row.id == "T17":
        unit = office.directory.unit.get(lead["bureau"])
        tell(tx, office, after, "taken_up_again", due=due, now=now, unit=unit)
    return after


def _in_doubt(tx: Transaction, request: Row) -> bool:
    """Whether anything said may have been a sign of danger: then the wait is short."""
    said = tx.execute(
        select(col(Contact.assessment)).where(col(Contact.request_id) == request["id"])
    ).scalars()
    signs = [sign for one in said for sign in (one or {}).get("signals", ())]
    doubtful = any(sign["polarity"] == "uncertain" for sign in signs)
    return doubtful or request["level"] == Level.PRIORITY
