"""Changes of routes and clocks: one person proposes, another accepts or refuses.

Nothing changes before that, and nobody accepts their own. An accepted change counts from its day
on; a case that is running keeps the clock it began with. Undoing is a new change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from gateway import access, overlay
from gateway.access import Actor
from gateway.offices import changed
from gateway.overlay import CLOCK, Change, Overlay
from models.proposals import Proposal
from models.transaction import Transaction
from referral.casework import Refusal, need
from referral.directory import ZONE, Directory
from referral.rows import NOT_LAW, TAGS

LONGEST = 500
AUTHORITIES = ("lead", "danger_lead", "alternate_lead", "cooperating", "by_need")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A change as somebody writes it down; ``fields`` are all that may be changed of the row."""

    kind: str
    subject: str
    fields: Mapping[str, Any]
    source: str
    tag: str
    effective_from: date
    reason: str

    def stated(self) -> "Wanted":
        """The same without outer blanks. Raises ``Refusal`` (422) for what is not said."""
        reason = need(self.reason, "refusal.reason_missing")[:LONGEST]
        source = need(self.source, "refusal.source_missing")[:LONGEST]
        if self.tag not in TAGS:
            raise Refusal("refusal.tag", {"tags": ", ".join(TAGS)}, 422)
        if self.fields.get("is_law") and self.tag in NOT_LAW:
            raise Refusal("refusal.not_law", {"tag": self.tag}, 422)
        return Wanted(
            self.kind,
            self.subject,
            self.fields,
            source,
            self.tag,
            self.effective_from,
            reason,
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """One field of a row, as it is and as it is to be."""

    field: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The fields that are to change."""
    return tuple(
        Difference(name, before[name], value)
        for name, value in after.items()
        if before[name] != value
    )


def look(
    connection: Any, rules: Overlay, directory: Directory, wanted: Wanted, now: datetime
) -> tuple[Difference, ...]:
    """What the change would change. Raises ``Refusal``: 404 for no such row, 422 for what cannot
    be, in one sentence."""
    stated = wanted.stated()
    today = now.astimezone(ZONE).date()
    if stated.effective_from < today:
        raise Refusal("refusal.day_past", {"day": stated.effective_from.isoformat()}, 422)
    changes = overlay.accepted(connection)
    before = _standing(rules, changes, stated.kind, stated.subject)
    found = differences(before, stated.fields)
    if not found:
        raise Refusal("refusal.nothing_changed", status=422)
    _require_units(directory, found, max(stated.effective_from, today))
    after = _after(stated, found)
    change = Change(
        _LAST, stated.kind, stated.subject, after, stated.source, stated.tag, stated.effective_from
    )
    _require_sound(rules, changes, change)
    return found


def propose(
    tx: Transaction,
    rules: Overlay,
    directory: Directory,
    wanted: Wanted,
    actor: Actor,
    now: datetime,
) -> int:
    """Write the change down for a second person; returns its id. Raises ``Refusal``."""
    access.allow(actor, "propose_rule")
    found = look(tx, rules, directory, wanted, now)
    stated = wanted.stated()
    row = tx.add(
        Proposal,
        id=tx.mint(),
        kind=stated.kind,
        subject=stated.subject,
        before={one.field: one.before for one in found},
        after=_after(stated, found),
        source=stated.source,
        tag=stated.tag,
        effective_from=stated.effective_from,
        reason=stated.reason,
        proposed_by=actor.login,
        proposed_at=now,
    )
    tx.event("rule_proposed", at=now, by=actor.login, **_entry(row))
    return int(row["id"])


def decide(
    tx: Transaction,
    rules: Overlay,
    proposal_id: int,
    actor: Actor,
    *,
    agree: bool,
    answer: str,
    now: datetime,
) -> None:
    """Accept or refuse as a second person; who proposed it may only take it back. Raises
    ``Refusal``: 404 for one that does not wait, 409 for one's own and for one that is overtaken."""
    access.allow(actor, "decide_rule")
    found = one(tx, proposal_id)
    if found is None or found.decided_at is not None:
        raise Refusal("refusal.not_found", status=404)
    if agree:
        _require_acceptable(tx, rules, found, actor, now)
    elif actor.login != found.proposed_by:
        need(answer, "refusal.reason_missing")
    done = tx.execute(
        update(Proposal)
        .where(col(Proposal.id) == proposal_id, col(Proposal.decided_at).is_(None))
        .values(
            decided_by=actor.login,
            decided_at=now,
            accepted=agree,
            answer=answer.strip()[:LONGEST],
        )
    )
    if not done.rowcount:
        raise Refusal("refusal.not_found", status=404)
    kind = "rule_accepted" if agree else "rule_refused"
    if not agree and actor.login == found.proposed_by:
        kind = "rule_taken_back"
    entry = {**_entry(dict(found._mapping)), "proposed_by": found.proposed_by}
    tx.event(kind, at=now, by=actor.login, answer=answer.strip()[:LONGEST], **entry)
    if agree:
        changed(tx)


def one(connection: Any, proposal_id: int) -> Any:
    """A proposal, or None."""
    columns = Proposal.__table__.columns  # type: ignore[attr-defined]
    return connection.execute(select(*columns).where(columns.id == proposal_id)).first()


def waiting(connection: Any) -> Sequence[Any]:
    """What nobody has decided yet, the oldest first."""
    columns = Proposal.__table__.columns  # type: ignore[attr-defined]
    query = (
        select(*columns)
        .where(columns.decided_at.is_(None))
        .order_by(columns.proposed_at, columns.id)
    )
    return list(connection.execute(query))


def decided(connection: Any, *, most: int = 50) -> Sequence[Any]:
    """What was decided, the newest first."""
    columns = Proposal.__table__.columns  # type: ignore[attr-defined]
    query = select(*columns).where(columns.decided_at.is_not(None))
    return list(connection.execute(query.order_by(columns.decided_at.desc()).limit(most)))


_LAST = 2**62
"""Stands for the id of a change that has none yet."""


def _after(wanted: Wanted, found: Sequence[Difference]) -> dict[str, Any]:
    """What differs; that a number is law is said anew with every version, or it is not."""
    law = {"is_law": True} if wanted.fields.get("is_law") else {}
    return {**law, **{one.field: one.after for one in found}}


def _require_acceptable(
    tx: Transaction, rules: Overlay, found: Any, actor: Actor, now: datetime
) -> None:
    if actor.login == found.proposed_by:
        raise Refusal("refusal.own_proposal", status=409)
    if found.effective_from < now.astimezone(ZONE).date():
        raise Refusal("refusal.proposal_late", {"day": found.effective_from.isoformat()}, 409)
    changes = overlay.accepted(tx)
    standing = _standing(rules, changes, found.kind, found.subject)
    if any(standing[name] != value for name, value in found.before.items()):
        raise Refusal("refusal.proposal_overtaken", {"subject": found.subject}, 409)
    _require_sound(rules, changes, overlay.change_of(found))


def _standing(rules: Overlay, changes: Sequence[Change], kind: str, subject: str) -> dict[str, Any]:
    policy, _ = rules.over(changes)
    row = overlay.row_of(policy, kind, subject) if kind in overlay.FIELDS else None
    if row is None:
        raise Refusal("refusal.not_found", status=404)
    return overlay.fields_of(kind, row)


def _require_sound(rules: Overlay, changes: Sequence[Change], change: Change) -> None:
    if change.kind == CLOCK and float(change.after.get("amount", 1)) <= 0:
        raise Refusal("refusal.field", {"field": "amount"}, 422)
    if fault := rules.fault(changes, change):
        raise Refusal("refusal.rule_unsound", {"fault": fault}, 422)


def _require_units(directory: Directory, found: Sequence[Difference], on: date) -> None:
    """Nobody is sent to an authority that has no unit here."""
    for difference in found:
        if difference.field not in AUTHORITIES:
            continue
        named = difference.after
        for code in named if isinstance(named, list) else filter(None, [named]):
            if directory.responsible(code, None, on) is None:
                raise Refusal("refusal.no_unit_for", {"authority": code}, 422)


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the ledger says of a proposal."""
    return {
        "proposal": str(row["id"]),
        "rule": f"{row['kind']} {row['subject']}",
        "before": row["before"],
        "after": row["after"],
        "source": row["source"],
        "tag": row["tag"],
        "effective_from": row["effective_from"].isoformat(),
        "reason": row["reason"],
    }
