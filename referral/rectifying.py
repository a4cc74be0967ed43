"""What was entered wrongly is put right by a counter-entry, never by changing what stands; what was
given wrongly is named, and the money asked back."""

from collections.abc import Sequence
from datetime import datetime

from models.reserves import AidEntry, given
from models.transaction import Row, Transaction
from models.vocabulary import TaskKind
from referral import explaining, grants, relief_life
from referral.casework import Actor, Refusal, need
from referral.office import Office
from referral.relief_life import State


def correct(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    aid: Row,
    *,
    amount_fen: int,
    reason: str,
    now: datetime,
) -> Row:
    """Set right what was given: the difference is a counter-entry. Raises ``Refusal`` or
    ``Impossible``."""
    row = relief_life.step("correct", State(aid["state"]), actor.role)
    why = need(reason, "refusal.reason_missing")
    if amount_fen < 0 or amount_fen == aid["amount_fen"]:
        raise Refusal("refusal.relief_amount", status=422)
    was = aid["amount_fen"]
    after = grants.change(tx, aid, amount_fen=amount_fen)
    grants.pay(tx, actor, aid, "correction", was - amount_fen, at=now, reason=why)
    grants.record(
        tx, "relief_corrected", actor, after, now=now, row=row.id, was_fen=was,
        amount_fen=amount_fen, reason=why,
    )  # fmt: skip
    return after


def undo(
    tx: Transaction, _office: Office, actor: Actor, aid: Row, *, reason: str, now: datetime
) -> Row:
    """Undo the last entry that stands: a correction goes back to what was before; a grant that was
    never given is undone whole. Raises ``Refusal`` or ``Impossible``."""
    row = relief_life.step("undo", State(aid["state"]), actor.role)
    why = need(reason, "refusal.reason_missing")
    last = _last(grants.entries(tx.connection, [aid["id"]]))
    changes: Row = {}
    if last is not None:
        changes["amount_fen"] = given(tx.connection, aid["id"]) + last["amount_fen"]
    if last is None or last["kind"] == "grant":
        changes |= {
            "state": State.UNDONE, "ended_at": now, "ended_by": actor.login, "ended_why": why,
        }  # fmt: skip
    after = grants.change(tx, aid, **changes)
    if last is not None:
        tx.add(
            AidEntry,
            id=tx.mint(),
            at=now,
            kind="undo",
            amount_fen=-last["amount_fen"],
            reserve_id=last["reserve_id"],
            relief_id=aid["id"],
            undoes_id=last["id"],
            recorded_by=actor.login,
            unit=actor.unit,
            reason=why,
        )
    if after["state"] == State.UNDONE:
        explaining.stop(tx, aid, now)
        kinds = (TaskKind.EXPLAIN_RELIEF, TaskKind.DECIDE_RELIEF)
        grants.settle(tx, kinds, aid, actor.login, now)
    grants.record(
        tx, "relief_undone", actor, after, now=now, row=row.id, was_fen=aid["amount_fen"],
        amount_fen=after["amount_fen"], reason=why,
    )  # fmt: skip
    return after


def query(
    tx: Transaction, _office: Office, actor: Actor, aid: Row, *, reason: str, now: datetime
) -> Row:
    """Name it as irregular: the money is to be recovered. It was given, so it stays in the books
    until it comes back. Raises ``Refusal`` or ``Impossible``."""
    row = relief_life.step("query", State(aid["state"]), actor.role)
    why = need(reason, "refusal.reason_missing")
    after = grants.change(tx, aid, state=row.to, ended_at=now, ended_by=actor.login, ended_why=why)
    grants.record(tx, "relief_queried", actor, after, now=now, row=row.id, reason=why)
    return after


def _last(entries: Sequence[Row]) -> Row | None:
    """The last entry that nobody has undone."""
    undone = {one["undoes_id"] for one in entries}
    standing = [one for one in entries if one["kind"] != "undo" and one["id"] not in undone]
    return max(standing, key=lambda one: one["id"]) if standing else None
