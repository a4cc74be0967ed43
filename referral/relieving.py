"""Aid first (A1 to A3): three judgements, a yes, and it is there. No identity paper is asked for.

A guard warns, asks for a reason and names who may decide; food, water, clothing, shelter and
medicine go through whatever it says, and the software refuses nobody (Law Art. 50, 70).
"""

from datetime import datetime, timedelta
from typing import Any

from models.relief import Relief
from models.transaction import Row, Transaction
from models.vocabulary import Role, TaskKind
from referral import aid_notice, casework, drafting, filing, grants, guards, needs, relief_life
from referral.casework import BUREAU, Actor, Refusal, need
from referral.directory import ZONE
from referral.guards import DECISION, REASON, Guard
from referral.office import Office
from referral.relief_life import State

_COORDINATION = "coordination_office"


def propose(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row | None,
    *,
    judgements: tuple[str, ...],
    now: datetime,
    once: str | None = None,
    **told: Any,
) -> Row:
    """Judge that it cannot wait (A1): urgent, small, at once, by whom and when. Raises ``Refusal``
    or ``Impossible``."""
    row = relief_life.step("propose", None, actor.role)
    judged = drafting.judged(judgements, actor, now)
    aid = drafting.begun(tx, office, actor, request, judgements=judged, once=once, now=now, **told)
    filing.mark_kin(tx, office, aid, now)
    kept = tx.add(Relief, **aid)
    grants.record(tx, "relief_proposed", actor, kept, now=now, row=row.id, **drafting.what(kept))
    return kept


def authorise(
    tx: Transaction,
    office: Office,
    actor: Actor,
    aid: Row,
    *,
    reason: str = "",
    agreed_by: str = "",
    now: datetime,
) -> Row:
    """Say yes (A2). Within its limits a township decides alone. A warning is passed with a reason;
    one that needs the word of somebody else with their name (``agreed_by``, by telephone), else it
    waits for them, with a time, and is never refused here. Raises ``Refusal`` or ``Impossible``."""
    row = relief_life.step("authorise", State(aid["state"]), actor.role)
    unit = actor.unit if actor.role in BUREAU else aid["unit"]
    aid = dict(aid)
    filing.mark_kin(tx, office, aid, now)  # its request may have been linked since
    found = grants.weigh(tx, office, aid, unit=unit, now=now)
    level = guards.asks(found)
    said = reason.strip()
    if level and len(said) < 2:
        raise Refusal("refusal.relief_reason", _who_decides(found, level), 422)
    kept: dict[str, Any] = {
        "guards": [one.as_json() for one in found],
        "reason": said,
        "kin": aid["kin"],
        "kin_of": aid["kin_of"],
    }
    agreed = agreed_by.strip()
    alone = level != DECISION or aid["decision_id"] is not None or _entitled(office, actor, found)
    if not alone and not agreed:
        return _wait(tx, office, actor, aid, found, kept, now)
    how = "own" if alone else "telephone"
    after = grants.change(
        tx,
        aid,
        state=row.to,
        authorised_at=now,
        authorised_by=actor.login,
        authorised_how=how,
        agreed_by=agreed,
        **kept,
    )
    grants.settle(tx, (TaskKind.DECIDE_RELIEF,), aid, actor.login, now)
    grants.record(
        tx,
        "relief_authorized",
        actor,
        after,
        now=now,
        row=row.id,
        how=how,
        guards=[one.key for one in found],
        reason=said,
    )
    return after


def deliver(
    tx: Transaction,
    office: Office,
    actor: Actor,
    aid: Row,
    *,
    received_by: str = "",
    place: str = "",
    second_officer: str = "",
    witness: str = "",
    proof: str = "",
    at: datetime | None = None,
    now: datetime,
) -> Row:
    """Put it into their hands (A3): who received it, a witness or what proves it. CLK-RELIEF ends,
    the item is filed, its money is in the books. Raises ``Refusal`` or ``Impossible``."""
    row = relief_life.step("deliver", State(aid["state"]), actor.role)
    changes = drafting.delivered(
        office,
        actor,
        aid,
        received_by=received_by,
        place=place,
        second_officer=second_officer,
        witness=witness,
        proof=proof,
        at=at,
        now=now,
    )
    after = grants.change(tx, aid, state=row.to, **changes)
    given(tx, office, actor, after, row.id, now)
    return after


def decline(
    tx: Transaction, _office: Office, actor: Actor, aid: Row, *, note: str, now: datetime
) -> Row:
    """The person refuses help: recorded with their words; it withdraws nothing. Raises ``Refusal``
    or ``Impossible``."""
    return _end(tx, actor, aid, "decline", "relief_declined", note, now)


def not_needed(
    tx: Transaction, _office: Office, actor: Actor, aid: Row, *, note: str, now: datetime
) -> Row:
    """Documented as not needed after all; CLK-RELIEF ends. Raises ``Refusal`` or ``Impossible``."""
    after = _end(tx, actor, aid, "not_needed", "relief_not_needed", note, now)
    if aid["request_id"] is not None:
        casework.halt(tx, aid["request_id"], ("CLK-RELIEF",), now)
    return after


def _end(
    tx: Transaction, actor: Actor, aid: Row, act: str, kind: str, note: str, now: datetime
) -> Row:
    row = relief_life.step(act, State(aid["state"]), actor.role)
    why = need(note, "refusal.reason_missing")
    after = grants.change(tx, aid, state=row.to, ended_at=now, ended_by=actor.login, ended_why=why)
    grants.settle(tx, (TaskKind.DECIDE_RELIEF,), aid, actor.login, now)
    grants.record(tx, kind, actor, after, now=now, row=row.id, reason=why)
    return after


def given(tx: Transaction, office: Office, actor: Actor, aid: Row, row: str, now: datetime) -> None:
    """What follows when it is in their hands: the books, the record, the clocks, the needs, and
    the words to who received it (N11)."""
    grants.pay(tx, actor, aid, "grant", -aid["amount_fen"], at=now)
    grants.record(
        tx,
        "relief_delivered",
        actor,
        aid,
        now=now,
        row=row,
        when=aid["delivered_at"].isoformat(),
        how=aid["authorised_how"],
        **drafting.what(aid),
    )
    if aid["request_id"] is not None:
        casework.halt(tx, aid["request_id"], ("CLK-RELIEF",), now)
        needs.met_by(tx, office, actor, aid, now)
        aid_notice.tell_given(tx, office, aid, now)


def _wait(
    tx: Transaction,
    office: Office,
    actor: Actor,
    aid: Row,
    found: tuple[Guard, ...],
    kept: dict[str, Any],
    now: datetime,
) -> Row:
    authority = _highest(found)
    day = now.astimezone(ZONE).date()
    unit = office.directory.responsible(authority, None, day)
    hours = office.policy.value("aid_decision_hours", day)
    due = now + timedelta(hours=float(hours.value) if hours else 0)
    where = unit.code if unit else aid["unit"]
    after = grants.change(tx, aid, asked_unit=where, asked_until=due, **kept)
    if aid["asked_unit"] is None:
        note = kept["reason"]
        grants.ask(tx, TaskKind.DECIDE_RELIEF, where, aid, now=now, due=due, note=note)
    grants.record(
        tx,
        "relief_asked",
        actor,
        after,
        now=now,
        asked=where,
        until=due.isoformat(),
        guards=[one.key for one in found],
        reason=kept["reason"],
    )
    return after


def _highest(found: tuple[Guard, ...]) -> str:
    named = [one.decides for one in found if one.asks == DECISION]
    return _COORDINATION if _COORDINATION in named else named[0]


def _entitled(office: Office, actor: Actor, found: tuple[Guard, ...]) -> bool:
    """Whether the actor's own authority is the one that the warnings name."""
    unit = office.directory.unit.get(actor.unit)
    if unit is None or actor.role is Role.TOWNSHIP_OFFICER:
        return False
    named = {one.decides for one in found if one.asks == DECISION}
    return unit.authority == _COORDINATION or named <= {unit.authority}


def _who_decides(found: tuple[Guard, ...], level: str) -> dict[str, str]:
    keys = dict.fromkeys(one.key for one in found if one.asks in (REASON, DECISION))
    named = dict.fromkeys(one.decides for one in found if one.asks == level)
    return {"guards": ", ".join(keys), "decides": ", ".join(filter(None, named))}
