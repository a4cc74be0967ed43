"""What was found at a door: an entry, what follows from it, and where two people found differently.

Entries come late and out of order from telephones that had no signal. None is lost or changed: the
first word of a field stands until a person decides between two, and both are kept for ever. A door
that stays shut goes up its ladder, from knocking again to looking with the police.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.discovery import DoorEntry, Visit
from models.transaction import Row, Transaction
from referral import clocks, differing, doors, leads
from referral.casework import Actor, Refusal, need
from referral.directory import ZONE
from referral.doors import VISIT, WARNING, Found
from referral.office import Office
from referral.outreach import Finding
from referral.promising import promise
from referral.rota import Rota


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of an entry. ``repeated``: it was here before; ``differs``: fields in which
    somebody else found something else."""

    repeated: bool
    differs: tuple[str, ...] = ()
    door: str = ""
    settled: bool = False


def finding_of(office: Office, found: Found) -> Finding:
    """The entry of the closed list. Raises ``Refusal`` (422) for none, or one without the words of
    explanation that it needs."""
    finding = office.policy.outreach.finding(found.what, found.outcome)
    if finding is None:
        raise Refusal("refusal.field", {"field": "outcome"}, 422)
    if finding.reason:
        need(found.note, "refusal.finding_note")
    return finding


def earlier(connection: Any, key: str) -> Any:
    """The entry that came with this key before, or None."""
    columns = DoorEntry.__table__.columns  # type: ignore[attr-defined]
    return connection.execute(select(*columns).where(col(DoorEntry.entry_key) == key)).first()


def record(
    tx: Transaction, office: Office, rota: Rota, actor: Actor, found: Found, *, now: datetime
) -> Recorded:
    """Keep an entry and do what follows. Raises ``Refusal``: 404 nothing of this person's, 409 the
    key came with other content, 422 what cannot be read."""
    before = earlier(tx, found.key)
    if before is not None:
        if not is_same(before, found) or before.by != actor.login:
            raise Refusal("refusal.key_reused", status=409)
        return Recorded(repeated=True)
    row = doors.one(tx, found.what, found.of)
    require_known(rota, actor, row, now)
    finding = finding_of(office, found)
    entry = _keep(tx, actor, found, finding, row, now)
    differs = differing.differences(tx, office, actor, found, finding, row, entry, now)
    changes: Row = {
        "version": row["version"] + 1,
        "said": {**_agreed(found, differs), **(row["said"] or {})}
        if row["settled_at"]
        else {**(row["said"] or {}), **_agreed(found, differs)},
    }
    door: str = ""
    if row["settled_at"] is None and finding.ends:
        changes |= _settled(found.what, found, finding, now)
        _settle_others(tx, found, finding, row, now)
    elif row["settled_at"] is None and finding.next:
        changes |= _next_door(office, rota, found, row, now)
        door = str(changes.get("door", row["door"]))
    if found.number is not None:
        changes["number"] = row["number"] or found.number
    doors.change(tx, found.what, row["id"], changes)
    tx.event(
        "door",
        at=now,
        by=actor.login,
        what=found.what,
        of=str(row["id"]),
        entry=str(entry["id"]),
        outcome=found.outcome,
        stood_there=found.at,
        digest=entry["digest"],
        differs=list(differs),
        opened=found.number,
    )
    return Recorded(False, differs, door, settled=finding.ends)


def is_same(before: Any, found: Found) -> bool:
    """Whether the key came with what it came with before. When they stood there says nothing: of a
    form that names no time, and of a telephone whose clock runs ahead, it is when it was sent."""
    there = before.visit_id if found.what == VISIT else before.warning_id
    of_it: bool = there == found.of and before.said == found.said()
    return of_it or before.digest == found.digest()


def require_known(rota: Rota, actor: Actor, row: Row, now: datetime) -> None:
    """Raise ``Refusal`` (404) unless this door is one of the person's own."""
    key = row["household_id"] or row.get("subject", "")
    if row["holder"] != actor.login and not rota.knows(actor, row["area"], key, now):
        raise Refusal("refusal.not_found", status=404)


def _keep(
    tx: Transaction, actor: Actor, found: Found, finding: Finding, row: Row, now: datetime
) -> Row:
    return tx.add(
        DoorEntry,
        id=tx.mint(),
        entry_key=found.key,
        digest=found.digest(),
        visit_id=row["id"] if found.what == VISIT else None,
        warning_id=row["id"] if found.what == WARNING else None,
        household_id=row["household_id"],
        by=actor.login,
        at=min(found.at, now),
        received_at=now,
        based_on=found.based_on,
        version=row["version"] + 1,
        door=row["door"],
        outcome=found.outcome,
        seen=finding.seen,
        said=found.said(),
        number=found.number,
    )


def _agreed(found: Found, differs: Sequence[str]) -> dict[str, str]:
    return {name: value for name, value in found.said().items() if name not in differs}


def _settled(what: str, found: Found, finding: Finding, now: datetime) -> Row:
    changes: Row = {
        "settled_at": now,
        "outcome": found.outcome,
        "seen": finding.seen,
        "next_at": None,
    }
    return {**changes, "state": leads.SETTLED} if what == WARNING else changes


def _settle_others(
    tx: Transaction, found: Found, finding: Finding, row: Row, now: datetime
) -> None:
    """Whoever was seen was seen: other visits that waited at this door are done as well."""
    if not finding.seen or row["household_id"] is None:
        return
    tx.later(
        update(Visit)
        .where(
            col(Visit.household_id) == row["household_id"],
            col(Visit.settled_at).is_(None),
            col(Visit.id) != row["id"],
        )
        .values(
            settled_at=now,
            outcome=found.outcome if found.what == VISIT else "well",
            seen=True,
            next_at=None,
        )
    )


def _next_door(office: Office, rota: Rota, found: Found, row: Row, now: datetime) -> Row:
    """The next step of the ladder, when the writer knew the last one; else one more try."""
    changes: Row = {"tries": row["tries"] + 1}
    step = office.policy.outreach.door(row["door"], urgent=row["urgent"])
    if step is None or found.based_on != row["version"] or step.code == row["door"]:
        return changes
    key = row["household_id"] or row.get("subject", "")
    reader = rota.step(step.who, row["area"], key, now)
    day = now.astimezone(ZONE).date()
    name, case = ("CLK-VISIT", "") if found.what == VISIT else ("CLK-WARNING", row.get("colour"))
    rule = office.policy.clock(name, case or "", day)
    due = clocks.due(now, step.amount, step.measure, office.policy.calendar)
    return {
        **changes,
        "door": step.code,
        "unit": reader.unit.code,
        "holder": reader.officer.login,
        **promise(office, rule, now, urgent=row["urgent"], due=due),
    }
