"""The end of a request: the citizen is rung, and only then it closes, or goes back to the lead.

No closing without a reply on record, or attempts on record that were enough: so many tries at so
many times of the day, and one by another way (I8). Software closes nothing (I4).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.outbox import Outgoing
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralRole, ReferralStatus, Status, TaskKind, Track
from referral import casework, informing, passing, promises, reporters, undecided
from referral.answering import correspondent, tell, tell_one
from referral.casework import Actor, Refusal, Told
from referral.directory import ZONE
from referral.handling import OUTCOMES, SPOKEN
from referral.lifecycle import may, may_on_referral
from referral.office import Office

CALLBACK = "CLK-CALLBACK"
ASKED = "callback_asked"
"""What is written to who could not be rung: the questions of the callback."""
VIEWS = ("satisfied", "fairly_satisfied", "dissatisfied")

_OUTLIVE = (
    TaskKind.UNDELIVERED,
    TaskKind.TELL_STOPPED,
    TaskKind.CORRECT_DATA,
    TaskKind.ERASE_DATA,
)
"""Work that waits on when a request is closed."""


def callback(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    outcome: str,
    resolved: bool | None = None,
    view: str = "",
    by: str = "phone",
    note: str = "",
    now: datetime,
) -> Row:
    """Ring the requester after the result (T20): reached or not, whether it is done, what they say.

    The first attempt stops CLK-CALLBACK; while nobody was spoken with, the time for the next one
    runs (``_try_again``). Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    if outcome not in OUTCOMES:
        raise Refusal("refusal.outcome", {"allowed": ", ".join(OUTCOMES)}, 422)
    if view and view not in VIEWS:
        raise Refusal("refusal.view", {"allowed": ", ".join(VIEWS)}, 422)
    if outcome in SPOKEN and resolved is None:
        raise Refusal("refusal.resolved_or_not", status=422)
    status = Status(request["status"])
    spoken = outcome in SPOKEN
    again = status is Status.IN_CALLBACK
    row = may("callback", Status.RESULT_REPORTED if again else status, actor.role)
    changes: dict[str, Any] = {} if again else {"status": row.to}
    if spoken:
        changes |= {"resolved": resolved, "satisfaction": view or None}
    after = casework.change(tx, request, **changes) if changes else request
    casework.halt(tx, request["id"], (CALLBACK,), now)
    due = None if spoken else _try_again(tx, office, after, now)
    casework.record(
        tx,
        "called_back",
        actor,
        before=request,
        after=after,
        now=now,
        row=row,
        outcome=outcome,
        resolved=resolved,
        view=view,
        channel=by,
        note=note.strip(),
    )
    if spoken:
        for kind in (TaskKind.NEW_WORDS, TaskKind.TELL_STOPPED):
            casework.finish_tasks(tx, request["id"], kind, actor, now)
    if due is not None and not again and not correspondent(tx, office, request).reported:
        tell_one(tx, office, after, ASKED, due=due, now=now)
    return after


def _try_again(tx: Transaction, office: Office, request: Row, now: datetime) -> datetime | None:
    """Nobody was spoken with: by when they are tried again. CLK-CALLBACK runs anew after every such
    attempt, so that somebody is reminded until the requester is heard or, once the attempts of the
    register are made, a person ends it (I8). None where they have had their say on this result."""
    told = _since_reopened(tx, request, "called_back", again=("rehandled",))
    if any(one.detail["outcome"] in SPOKEN for one in told):
        return None
    urgent = Level(request["level"]).is_urgent
    case = "urgent_again" if urgent else "again"
    rule = office.policy.clock(CALLBACK, case, now.astimezone(ZONE).date())
    due: datetime = promises.start(tx, office, request, rule=rule, at=now, urgent=urgent)["due_at"]
    return due


def close(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    reason: str,
    note: str = "",
    now: datetime,
) -> Row:
    """Close with a reason of the closed list: after the callback (T21), or out of triage what was
    answered (T10) or has another road that gave its receipt (T11). Where a safety call found out
    that the person is dead, or the report false, nobody is asked any more.

    ``note`` holds the receipt or what was found. Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    status = casework.standing(office, request)
    track = Track(request["track"])
    row = may("close", status, actor.role, reason=casework.need(reason, "refusal.reason_missing"))
    urgent = Level(request["level"]).is_urgent
    found = undecided.found_out(_since_reopened(tx, request, *undecided.SAID))
    if status is Status.IN_TRIAGE and urgent and row.id == "T10" and reason != found:
        raise Refusal("refusal.danger_first", {"number": request["number"]})
    undecided.require_none(tx, request)
    if found and reason != found and reason in ("unreachable", *undecided.FOUND_OUT):
        raise Refusal("refusal.close_as_found", {"number": request["number"]})
    if status is Status.IN_TRIAGE and row.id == "T11":
        casework.need(note, "refusal.receipt_missing")
    if reason == "explained_not_eligible" and not _since_reopened(tx, request, "refused"):
        raise Refusal("refusal.write_first", {"number": request["number"]})
    if reason in ("false_report", "person_deceased"):
        casework.need(note, "refusal.reason_missing")
    _heard(tx, office, request, reason, asked=status is Status.IN_CALLBACK and reason != found)
    casework.halt_all(tx, request["id"], now, but=promises.OUTLIVE)
    if urgent and reason == "resolved":
        for case in office.policy.cases("CLK-AFTERCARE"):
            if case.startswith("urgent"):
                rule = office.policy.clock("CLK-AFTERCARE", case)
                promises.start(tx, office, request, rule=rule, at=now, urgent=True)
    end(tx, request, actor, now)
    after = casework.change(
        tx,
        request,
        status=Status.CLOSED,
        closed_at=now,
        close_reason=reason,
        confirmed_at=request["confirmed_at"] or now,
        confirmed_by=request["confirmed_by"] or actor.login,
    )
    casework.record(
        tx,
        "closed",
        actor,
        before=request,
        after=after,
        now=now,
        row=row,
        reason=reason,
        track=track,
        note=note.strip(),
    )
    if reason in ("redirected", "transferred_other_place"):
        tell(tx, office, after, "redirected", due=now, now=now, receipt=note.strip() or reason)
    if urgent:
        informing.tell_rights(tx, office, after, now=now)
    if reason == "unreachable":
        tell(tx, office, after, "closed_unreachable", due=now, now=now)
    return after


def _heard(tx: Transaction, office: Office, request: Row, reason: str, *, asked: bool) -> None:
    """I8, with the numbers of the register. Nobody is asked who left no way to be asked."""
    number = {"number": request["number"]}
    replied = bool(_since_reopened(tx, request, "replied", "refused"))
    since, told = _taken_up(tx, request, "called_back", "contacted", again=("rehandled",))
    reachable = correspondent(tx, office, request).reply is not None
    if casework.waits(tx, request["id"], TaskKind.LISTEN):
        raise Refusal("refusal.listen_first", number)
    if not replied and (reachable or reason not in ("false_report", "unreachable")):
        raise Refusal("refusal.reply_first", number)
    if casework.waits(tx, request["id"], TaskKind.NEW_WORDS):
        raise Refusal("refusal.words_first", number)
    spoken = [one for one in told if one.kind == "called_back" and one.detail["outcome"] in SPOKEN]
    if reason == "unreachable" and reachable:
        if not _enough(tx, office, request, told, since):
            values = office.policy.values
            raise Refusal(
                "refusal.attempts",
                {
                    "tries": str(values["callback_attempts_min"].value),
                    "parts": str(values["callback_day_parts_min"].value),
                    "ways": str(1 + int(float(values["callback_other_channels_min"].value))),
                },
            )
    elif asked and reachable and not spoken:
        raise Refusal("refusal.ask_first", number)
    if reason == "resolved" and spoken and spoken[-1].detail.get("resolved") is False:
        raise Refusal("refusal.not_resolved", number)


def _enough(
    tx: Transaction, office: Office, request: Row, told: list[Told], since: datetime | None
) -> bool:
    """Whether they were tried often enough. In writing they were tried by an answer to what was
    last taken up, or by the questions of the callback: not by a receipt, and not by what somebody
    read who asked how it stands."""
    tries = [one for one in told if one.detail["outcome"] not in SPOKEN]
    values: Any = office.policy.values
    hours = [int(hour) for hour in values["callback_day_part_hours"].value.split()]
    parts = {_day_part(one.at, hours) for one in tries}
    written = tx.execute(
        select(col(Outgoing.id)).where(
            col(Outgoing.request_id) == request["id"],
            col(Outgoing.staff).is_(None),
            col(Outgoing.phrase).in_((*reporters.ANSWERS, ASKED)),
            col(Outgoing.sent_at).is_not(None),
            *([col(Outgoing.posted_at) >= since] if since else []),
        )
    ).first()
    ways = {one.detail.get("channel") for one in tries} | ({"written"} if written else set())
    return bool(
        len(tries) >= values["callback_attempts_min"].value
        and len(parts) >= values["callback_day_parts_min"].value
        and len(ways) > values["callback_other_channels_min"].value
    )


def _day_part(at: datetime, hours: Sequence[int]) -> int:
    return sum(at.astimezone(ZONE).hour >= hour for hour in hours)


def _since_reopened(
    tx: Transaction, request: Row, *kinds: str, again: Sequence[str] = ()
) -> list[Told]:
    """What happened since the request was last taken up again: an old answer answers nothing, and
    a call about an earlier result (``again``: "rehandled") says nothing of the next."""
    return _taken_up(tx, request, *kinds, again=again)[1]


def _taken_up(
    tx: Transaction, request: Row, *kinds: str, again: Sequence[str] = ()
) -> tuple[datetime | None, list[Told]]:
    """When the request was last taken up again, if it was, and what happened since."""
    taken_up = ("reopened", *again)
    told = casework.history(tx, request["id"], *taken_up, *kinds)
    begun = max((at for at, one in enumerate(told) if one.kind in taken_up), default=-1)
    return told[begun].at if begun >= 0 else None, told[begun + 1 :]


def end(tx: Transaction, request: Row, actor: Actor, now: datetime) -> None:
    """At the end of a request submitted parts are completed, other orders cancelled (R9, R10), and
    the work that waited is done; a message that could not be said, and a correction that was asked
    for, still wait for somebody."""
    for referral in casework.referrals(tx, request["id"]):
        status = ReferralStatus(referral["status"])
        if status in (*casework.GONE, ReferralStatus.COMPLETED):
            continue
        done = status is ReferralStatus.RESULT_SUBMITTED
        row = may_on_referral("complete" if done else "cancel", status, "system")
        casework.change_referral(tx, referral, status=row.to)
        passing.end_dispute(tx, referral, now)
        tx.event(
            "referral_completed" if done else "referral_cancelled",
            at=now,
            by=actor.login,
            request=request,
            bureau=referral["bureau"],
            lead=referral["role"] == ReferralRole.LEAD,
            row=row.id,
        )
    tx.execute(
        update(Task)
        .where(
            col(Task.request_id) == request["id"],
            col(Task.done_at).is_(None),
            col(Task.kind).not_in(_OUTLIVE),
        )
        .values(done_at=now, done_by=actor.login)
    )
