"""Two people found differently at one door: both words stand until a named person takes one."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.discovery import Disagreement, DoorEntry
from models.transaction import Row, Transaction
from referral.casework import Actor, Refusal, need
from referral.doors import FIELDS, VISIT, WARNING, Found, change, one
from referral.office import Office
from referral.outreach import Finding


def differences(
    tx: Transaction,
    office: Office,
    actor: Actor,
    found: Found,
    finding: Finding,
    row: Row,
    entry: Row,
    now: datetime,
) -> tuple[str, ...]:
    """The fields in which somebody else, whom the writer did not know of, said something else."""
    mine, differs = found.said(), []
    theirs = _unseen(tx, found, row) if row["version"] > found.based_on else ()
    for name in FIELDS:
        for other in theirs:
            value = (other.said or {}).get(name)
            if other.by == actor.login or not mine.get(name) or value in (None, "", mine[name]):
                continue
            if name == "outcome" and not (finding.ends and _ends(office, found.what, value)):
                continue  # nobody opened in the morning, somebody in the afternoon: no quarrel
            differs.append(name)
            tx.add(
                Disagreement,
                id=tx.mint(),
                visit_id=entry["visit_id"],
                warning_id=entry["warning_id"],
                household_id=row["household_id"],
                area=row["area"],
                field=name,
                first_entry=other.id,
                second_entry=entry["id"],
                first_value=str(value),
                second_value=mine[name],
                opened_at=now,
            )
            break
    return tuple(differs)


def _unseen(tx: Transaction, found: Found, row: Row) -> Sequence[Any]:
    of = DoorEntry.visit_id if found.what == VISIT else DoorEntry.warning_id
    rows: Sequence[Any] = tx.execute(
        select(*DoorEntry.__table__.columns)  # type: ignore[attr-defined]
        .where(col(of) == row["id"], col(DoorEntry.version) > found.based_on)
        .order_by(col(DoorEntry.version).desc())
    ).all()
    return rows


def _ends(office: Office, what: str, outcome: str) -> bool:
    finding = office.policy.outreach.finding(what, outcome)
    return finding is not None and finding.ends


def decide(
    tx: Transaction,
    office: Office,
    actor: Actor,
    disagreement: Row,
    *,
    chosen: int,
    reason: str,
    now: datetime,
) -> None:
    """A named person takes one of two words; both stay. Raises ``Refusal`` (409, 422)."""
    words = need(reason, "refusal.reason_missing")
    pair = {
        disagreement["first_entry"]: disagreement["first_value"],
        disagreement["second_entry"]: disagreement["second_value"],
    }
    if chosen not in pair:
        raise Refusal("refusal.field", {"field": "chosen"}, 422)
    done = tx.execute(
        update(Disagreement)
        .where(col(Disagreement.id) == disagreement["id"], col(Disagreement.settled_at).is_(None))
        .values(settled_at=now, settled_by=actor.login, chosen=chosen, reason=words)
    )
    if not done.rowcount:
        raise Refusal("refusal.decided_before")
    what = VISIT if disagreement["visit_id"] else WARNING
    row = one(tx, what, disagreement["visit_id"] or disagreement["warning_id"])
    name, value = disagreement["field"], pair[chosen]
    changes: Row = {"said": {**(row["said"] or {}), name: value}, "version": row["version"] + 1}
    if name == "outcome" and (finding := office.policy.outreach.finding(what, value)):
        changes |= {"outcome": value, "seen": finding.seen}
    change(tx, what, row["id"], changes)
    tx.event(
        "disagreement_decided",
        at=now,
        by=actor.login,
        what=what,
        of=str(row["id"]),
        field=name,
        chosen=str(chosen),
        reason=words,
    )
