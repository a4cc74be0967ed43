"""Two requests are one matter: a named person joins them (T12).

The older one goes on with its clocks; the earliest receipt and the highest urgency win; contacts
move; every requester keeps the right to a reply and is told the number that leads on (I5, N8).
What the merge changes is kept row by row, so that undoing puts back exactly that.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select

from models.clocks import Clock
from models.likenesses import Merger
from models.referrals import Referral
from models.requests import Contact, queue_key
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralRole, ReferralStatus, Status, TaskKind, Track
from referral import (
    barring,
    bringing_in,
    casework,
    lapsing,
    likening,
    merge_told,
    passing,
    promises,
    refusing,
    renewing,
    telling,
    waiting,
    withholding,
)
from referral.answering import correspondent
from referral.before import Before, plain
from referral.casework import Actor, Refusal
from referral.directory import Unit
from referral.joined import joined_to
from referral.lifecycle import may, may_on_referral
from referral.office import Office
from referral.rerouting import route_of
from referral.starting import MINOR, asked_for
from referral.undecided import OF_DANGER

_FEEDBACK = ("CLK-DISCOVERY-FEEDBACK", "CLK-MISSED-CALL", "CLK-LISTEN")
"""What is owed to the person who asked, not to the matter: it goes along."""

_ONCE = (MINOR[0],)
"""What the law asks for is done once for the matter: it goes along where it never ran there."""

OF_THE_PERSON = (TaskKind.CORRECT_DATA, TaskKind.ERASE_DATA)

_OF_EACH = (
    TaskKind.UNDELIVERED, TaskKind.CALL_BACK, TaskKind.DELIVER_PAPER, TaskKind.CALL_SILENT,
    TaskKind.HAND_SILENT, TaskKind.WELFARE_CHECK, TaskKind.LISTEN,
)  # fmt: skip
"""Somebody is to be reached: that another person is to be reached too does not do it."""


def merge(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    other: Row,
    reason: str = "",
    now: datetime,
) -> Row:
    """Join two open requests that are one matter (T12); the older one goes on, whichever was
    named first. Its requester and the other's are told (N8). Returns the request that goes on.

    Raises ``Refusal`` or ``Impossible``.
    """
    older, newer = _in_order(request, other)
    row = may("merge", Status(newer["status"]), actor.role)
    if Level(newer["level"]).is_urgent:  # neither waits any longer (I7)
        older = waiting.danger_goes_on(tx, office, older, now=now)
        newer = waiting.danger_goes_on(tx, office, newer, now=now)
    first = not joined_to(tx, older["id"])
    was, older = older, barring.along(tx, office, actor, older, newer, now)
    before = Before()
    urgent_gain = (
        Level(newer["level"]).is_urgent and Level(newer["level"]).rank < Level(older["level"]).rank
    )
    answer = merge_told.answer_of(tx, older)
    heard = answer is not None and correspondent(tx, office, newer).reported
    owed = tuple(name for name in _FEEDBACK if not (heard and name == "CLK-DISCOVERY-FEEDBACK"))
    moved = _orders(tx, office, older, newer, actor, before, urgent_gain=urgent_gain, now=now)
    _clocks(tx, older, newer, before, moved, owed=owed, urgent_gain=urgent_gain, now=now)
    _tasks(tx, older, newer, actor, before, now)
    for contact in _rows(tx, Contact, newer["id"]):
        before.change(tx, "contact", contact, request_id=older["id"])
    changes = _changes(tx, older, newer, urgent_gain=urgent_gain)
    after = casework.change(tx, older, **changes) if changes else older
    gone = casework.change(tx, newer, status=row.to, closed_at=now, merged_into=older["id"])
    tx.add(
        Merger,
        id=tx.mint(),
        request_id=newer["id"],
        master_id=older["id"],
        at=now,
        by=actor.login,
        reason=reason.strip(),
        before={
            "request": {name: plain(newer[name]) for name in ("status", "closed_at")},
            "master": {name: [plain(older[name]), plain(new)] for name, new in changes.items()},
            "rows": before.rows,
        },
    )
    more = set(changes.get("withheld", ())).difference(was["withheld"] or ())
    withholding.record(tx, office, after, more, now, actor.login)
    likening.decide(tx, actor, newer, older, "confirmed", reason, now, relation="repeat")
    common = {"master": older["number"], "joined": newer["number"], "reason": reason.strip()}
    casework.record(tx, "merged", actor, before=newer, after=gone, now=now, row=row, **common)
    casework.record(tx, "joined", actor, before=was, after=after, now=now, row=row, **common)
    after, gone = renewing.joined(tx, office, (after, gone), now)
    merge_told.tell(tx, office, after, gone, first=first, urgent_gain=urgent_gain, now=now)
    if answer is not None:
        merge_told.tell_answer(tx, office, after, gone, answer, now)
    return after


def _in_order(a: Row, b: Row) -> tuple[Row, Row]:
    """The older and the newer of two requests that may be joined."""
    casework.require_open(a)
    casework.require_open(b)
    if a["id"] == b["id"]:
        raise Refusal("refusal.same_request", {"number": a["number"]}, 422)
    if (a["track"] == Track.GRIEVANCE) != (b["track"] == Track.GRIEVANCE):
        raise Refusal("refusal.grievance_apart", {"number": b["number"]})  # I9
    older, newer = sorted((a, b), key=lambda row: (row["received_at"], row["id"]))
    return older, newer


def _orders(
    tx: Transaction,
    office: Office,
    older: Row,
    newer: Row,
    actor: Actor,
    before: Before,
    *,
    urgent_gain: bool,
    now: datetime,
) -> set[int]:
    """The newer request's orders are cancelled (R10): one matter, one lead. Where it is the more
    urgent one, its lead goes along as a helper if the older request does not have that bureau; in
    place of one that is kept out of the older one the level above helps (I9). Returns the ids of
    the orders that went along."""
    there = bringing_in.with_orders(tx, older)
    moved: set[int] = set()
    for order in _rows(tx, Referral, newer["id"]):
        if order.status in (*casework.GONE, ReferralStatus.COMPLETED):
            continue
        gains = urgent_gain and order.role == ReferralRole.LEAD and order.bureau not in there
        unit = office.directory.unit.get(order.bureau)
        kept_out = unit is not None and not bringing_in.may_help(tx, office, older, unit)
        if gains and unit is not None and kept_out:
            _helped_from_above(tx, office, actor, older, newer, unit, order, now)
        elif gains:
            before.change(
                tx, "referral", order, request_id=older["id"], role=ReferralRole.COOPERATING,
                status=order.status, signed_at=order.signed_at, signed_by=order.signed_by,
                completed_at=order.completed_at,
            )  # fmt: skip
            moved.add(order.id)
            continue
        row = may_on_referral("cancel", ReferralStatus(order.status), "system")
        before.change(tx, "referral", order, status=row.to)
        tx.event(
            "referral_cancelled",
            at=now,
            by=actor.login,
            request=newer,
            bureau=order.bureau,
            lead=order.role == ReferralRole.LEAD,
            row=row.id,
        )
    return moved


def _helped_from_above(
    tx: Transaction,
    office: Office,
    actor: Actor,
    older: Row,
    newer: Row,
    unit: Unit,
    order: Any,
    now: datetime,
) -> None:
    """The next body above, which nobody keeps out, helps where the newer request's lead may not."""
    above = bringing_in.instead(tx, office, older, unit, route_of(office, newer, now), now)
    if above is None or above.code in bringing_in.with_orders(tx, older):
        return
    level = {**older, "level": newer["level"]}
    given = passing.cooperate(
        tx, office, level, above, service=order.service, lead_due=order.due_at,
        decided_by="above", now=now,
    )  # fmt: skip
    tx.event(
        "brought_in", at=now, by=actor.login, request=older, unit=actor.unit, bureau=above.code,
        due=given["due_at"].isoformat(),
    )  # fmt: skip
    reader = bringing_in.reader_of(tx, office, level, above, now)
    if reader is not None:
        telling.notify(tx, office, level, reader, due=given["due_at"], now=now, urgent=True)


def _clocks(
    tx: Transaction,
    older: Row,
    newer: Row,
    before: Before,
    moved: set[int],
    *,
    owed: Collection[str],
    urgent_gain: bool,
    now: datetime,
) -> None:
    """The older request's clocks win. What the older one does not have and must keep goes along
    with its times: urgent clocks of the more urgent request, what is owed to the person, what sees
    that somebody in danger is handed off and safe, and the report of danger to a child. A paper is
    brought to each whom no message reaches, in its own time."""
    ran = _rows(tx, Clock, older["id"])
    there = {(clock.name, clock.case) for clock in ran if clock.stopped_at is None}
    there |= {(name, "") for name in _ONCE if asked_for(tx, older["id"], name)}
    for clock in _rows(tx, Clock, newer["id"]):
        if clock.stopped_at is not None or clock.name in promises.OUTLIVE:
            continue
        wanted = clock.name in (*owed, *OF_DANGER, *_ONCE) or (urgent_gain and clock.urgent)
        lacks = clock.referral_id is None and (clock.name, clock.case) not in there
        if clock.referral_id in moved or (wanted and lacks) or clock.name == refusing.NOTICE:
            before.change(
                tx, "clock", clock, request_id=older["id"], stopped_at=None, next_at=clock.next_at,
                step=clock.step,
            )  # fmt: skip
        else:
            still = clock.next_at if clock.next_at and clock.next_at <= now else None
            before.change(tx, "clock", clock, stopped_at=now, next_at=still)


def _tasks(
    tx: Transaction, older: Row, newer: Row, actor: Actor, before: Before, now: datetime
) -> None:
    """Waiting work goes along, unless the same work on the matter waits already; who is to be told
    or called is one person or one message. What a requester wants put right about themselves is
    about nobody else, and what a bureau asked for ends with its order."""
    waits = {task.kind for task in _rows(tx, Task, older["id"]) if task.done_at is None}
    for task in _rows(tx, Task, newer["id"]):
        if task.done_at is not None or task.kind in OF_THE_PERSON:
            continue
        own = task.kind in _OF_EACH or task.outbox_id is not None
        if task.kind in lapsing.ASKED or (task.kind in waits and not own):
            before.change(tx, "task", task, done_at=now, done_by=actor.login)
        else:
            before.change(tx, "task", task, request_id=older["id"], number=older["number"])


def _changes(tx: Transaction, older: Row, newer: Row, *, urgent_gain: bool) -> dict[str, Any]:
    """What the older request takes over: the higher urgency, secrecy, whom its words
    are kept from, a place it lacked."""
    changes: dict[str, Any] = {}
    level = Level(newer["level"])
    if level.rank < Level(older["level"]).rank:
        due = bringing_in.lead_of(tx, older)["due_at"]
        if urgent_gain:
            changes["track"] = Track.URGENT
            due = min(due, *(o["due_at"] for o in casework.referrals(tx, older["id"])))
        changes["level"] = level
        changes["queue_key"] = queue_key(level.rank, due, older["id"])
    if newer["confidential"] and not older["confidential"]:
        changes["confidential"] = True
    if newer["withheld"]:
        changes["withheld"] = sorted({*newer["withheld"], *(older["withheld"] or ())})
    for name in ("area", "place"):
        if older[name] is None and newer[name] is not None:
            changes[name] = newer[name]
    return {name: value for name, value in changes.items() if value != older[name]}


def _rows(tx: Transaction, table: Any, request_id: int) -> list[Any]:
    columns = table.__table__.columns
    query = select(*columns).where(table.request_id == request_id).order_by(table.id)
    return list(tx.execute(query))
