"""Afterwards (A4, A5): the emergency is over, the explanation is owed by a day, whatever has become
of the request; then the notice, as the profile says, with the name masked."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.clocks import Clock, stopping
from models.relief import COLUMNS, Relief
from models.transaction import Row, Transaction
from models.vocabulary import TaskKind
from referral import clocks, grants, promises, relief_life
from referral.casework import Actor, Refusal, need
from referral.directory import ZONE
from referral.office import Office
from referral.relief_life import State

CLOCK = "CLK-EXPLAIN"
_MOST = 200


def lift(
    tx: Transaction,
    office: Office,
    actor: Actor,
    aid: Row,
    *,
    at: datetime | None = None,
    now: datetime,
) -> Row:
    """Record that the emergency is over (A4): the time for the explanation runs from then, also
    when the request is closed. Raises ``Refusal`` or ``Impossible``."""
    row = relief_life.step("lift", State(aid["state"]), actor.role)
    when = at or now
    if when > now or when < aid["delivered_at"]:
        raise Refusal("refusal.relief_time", status=422)
    return _lifted(tx, office, actor, aid, row.id, when, now)


def explain(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    aid: Row,
    *,
    explanation: str,
    signatures: str,
    now: datetime,
) -> Row:
    """Explain afterwards (A5): person, cause, amount, who handled it, who signed. The clock ends;
    a breach stays. Raises ``Refusal`` or ``Impossible``."""
    row = relief_life.step("explain", State(aid["state"]), actor.role)
    said = need(explanation, "refusal.explanation_missing")
    signed = need(signatures, "refusal.signatures_missing")
    after = grants.change(
        tx,
        aid,
        state=row.to,
        lifted_at=aid["lifted_at"] or now,
        lifted_by=aid["lifted_by"] or actor.login,
        explained_at=now,
        explained_by=actor.login,
        explanation=said,
        signatures=signed,
    )
    _stop(tx, aid, now)
    grants.settle(tx, (TaskKind.EXPLAIN_RELIEF,), aid, actor.login, now)
    late = aid["overdue_at"] is not None
    grants.record(tx, "relief_explained", actor, after, now=now, row=row.id, late=late)
    return after


def publish(
    tx: Transaction, _office: Office, actor: Actor, aid: Row, *, place: str, now: datetime
) -> Row:
    """Record that the masked notice was put up, and where. Raises ``Refusal`` or ``Impossible``."""
    relief_life.step("publish", State(aid["state"]), actor.role)
    where = need(place, "refusal.notice_place")
    if aid["notice"] == "none":
        raise Refusal("refusal.no_notice", {"source": aid["notice_source"]})
    after = grants.change(tx, aid, published_at=now, published_by=actor.login)
    grants.record(tx, "relief_published", actor, after, now=now, place=where)
    return after


def notice_of(aid: Mapping[str, Any]) -> str:
    """The name as a notice may show it: the first character, the rest as stars."""
    name = str(aid["recipient"])
    return f"{name[0]}{'*' * max(len(name) - 1, 1)}" if name else ""


def look(tx: Transaction, office: Office, now: datetime) -> int:
    """What time does to aid: after the profile's hours an emergency counts as over; an explanation
    that is not in by its day is overdue, and the supervisor is asked by name. How many moved."""
    day = now.astimezone(ZONE).date()
    hours = office.policy.value("emergency_lifted_after_hours", day)
    moved = 0
    if hours is not None:
        after = timedelta(hours=float(hours.value))
        waiting = select(*COLUMNS).where(
            col(Relief.state) == State.DELIVERED, col(Relief.delivered_at) <= now - after
        )
        for one in tx.execute(waiting.order_by(col(Relief.delivered_at)).limit(_MOST)).all():
            aid = dict(one._mapping)
            _lifted(tx, office, None, aid, "A4", aid["delivered_at"] + after, now)
            moved += 1
    late = select(*COLUMNS).where(
        col(Relief.state) == State.EXPLANATION_DUE,
        col(Relief.explained_at).is_(None),
        col(Relief.explain_due_at) <= now,
    )
    for one in tx.execute(late.order_by(col(Relief.explain_due_at)).limit(_MOST)).all():
        _overdue(tx, office, dict(one._mapping), now)
        moved += 1
    return moved


def as_held(tx: Transaction, request: Row | None, clock_id: int) -> Row | None:
    """The request of an explanation clock as its reminders see it: the request may be closed and
    back at the desk, but the unit and the person who gave the aid owe the explanation."""
    if request is None:
        return None
    found = tx.execute(
        select(col(Relief.unit), col(Relief.delivered_by)).where(
            col(Relief.explain_clock_id) == clock_id
        )
    ).first()
    if found is None:
        return request
    giver = {"holder_unit": found.unit, "holder_person": found.delivered_by}
    return {**request, **giver, "held_as": "giver"}


def _lifted(
    tx: Transaction,
    office: Office,
    actor: Actor | None,
    aid: Row,
    row: str,
    when: datetime,
    now: datetime,
) -> Row:
    rule = office.policy.clock(CLOCK, "", when.astimezone(ZONE).date())
    request = grants.request_of(tx, aid)
    changes: dict[str, Any] = {}
    if request is not None:
        clock = promises.start(tx, office, request, rule=rule, at=when, urgent=False)
        due = clock["due_at"]
        changes["explain_clock_id"] = clock["id"]
    else:
        due = clocks.due(when, rule.amount, rule.measure, office.policy.calendar).at
    # The clock's row is written at the end of the act, and this one points to it: later.
    changes |= {
        "state": State.EXPLANATION_DUE,
        "lifted_at": when,
        "lifted_by": actor.login if actor else "system",
        "explain_due_at": due,
        "explain_source": rule.source,
        "explain_tag": rule.tag,
    }
    tx.later(
        update(Relief)
        .where(col(Relief.id) == aid["id"], col(Relief.state) == aid["state"])
        .values(**changes)
    )
    after = {**aid, **changes}
    grants.ask(tx, TaskKind.EXPLAIN_RELIEF, aid["unit"], aid, now=now, due=due, note="")
    grants.record(
        tx,
        "relief_lifted",
        actor,
        after,
        now=now,
        row=row,
        when=when.isoformat(),
        due=due.isoformat(),
        source=rule.source,
    )
    return after


def _overdue(tx: Transaction, office: Office, aid: Row, now: datetime) -> None:
    row = relief_life.step("overdue", State(aid["state"]), relief_life.SYSTEM)
    after = grants.change(tx, aid, state=row.to, overdue_at=aid["explain_due_at"])
    day = now.astimezone(ZONE).date()
    head = office.directory.responsible("coordination_office", None, day)
    who = office.directory.officer.get(aid["delivered_by"] or "")
    name = f"{who.name} ({who.login})" if who else (aid["delivered_by"] or "")
    if head is not None:
        grants.ask(tx, TaskKind.EXPLAIN_RELIEF, head.code, aid, now=now, due=now, note=name)
    grants.record(
        tx,
        "relief_overdue",
        None,
        after,
        now=now,
        due=aid["explain_due_at"].isoformat(),
        who=aid["delivered_by"],
        unit=aid["unit"],
    )


def _stop(tx: Transaction, aid: Row, now: datetime) -> None:
    if aid["explain_clock_id"] is not None:
        tx.execute(
            update(Clock)
            .where(col(Clock.id) == aid["explain_clock_id"], col(Clock.stopped_at).is_(None))
            .values(**stopping(now))
        )


stop = _stop
