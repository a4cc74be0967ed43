"""What was found at a door: an entry, what follows from it, and where two people found differently.

Entries come late and out of order from telephones that had no signal. None is lost or changed: the
first word of a field stands until a person decides between two, and both are kept for ever. A door
that stays shut goes up its ladder, from knocking again to looking with the police.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from sqlalchemy import Table, select, update
from sqlmodel import col

from models.discovery import Disagreement, DoorEntry, Visit, Warned
from models.transaction import Row, Transaction
from referral import clocks, leads
from referral.casework import Actor, Refusal, need
from referral.directory import ZONE
from referral.office import Office
from referral.outreach import Finding
from referral.promising import promise
from referral.rota import Rota

VISIT, WARNING = "visit", "warning"
FIELDS = ("outcome", "phone", "people")
"""What two people can differ in; notes stand side by side."""
_TABLES: Mapping[str, Table] = {VISIT: Visit.__table__, WARNING: Warned.__table__}  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody writes down at a door. ``at`` is when they stood there, ``based_on`` the
    version of the visit or warning that they knew; ``number`` the request it opened."""

    key: str
    what: str
    of: int
    outcome: str
    at: datetime
    based_on: int
    note: str = ""
    phone: str = ""
    people: str = ""
    number: str | None = None

    def said(self) -> dict[str, str]:
        """The fields that were filled in."""
        given = {name: getattr(self, name) for name in (*FIELDS, "note")}
        return {name: value for name, value in given.items() if value}

    def digest(self) -> str:
        """A mark of the content, whatever number it was given later."""
        content = [self.what, str(self.of), self.at.isoformat(), self.said()]
        return sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


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


def one(connection: Any, what: str, of: int) -> Row:
    """The visit or warning. Raises ``Refusal`` (404)."""
    table = _TABLES[what]
    row = connection.execute(select(table).where(table.c.id == of)).first()
    if row is None or (what == WARNING and row.state not in (leads.OPEN, leads.SETTLED)):
        raise Refusal("refusal.not_found", status=404)
    return dict(row._mapping)


def record(
    tx: Transaction, office: Office, rota: Rota, actor: Actor, found: Found, *, now: datetime
) -> Recorded:
    """Keep an entry and do what follows. Raises ``Refusal``: 404 nothing of this person's, 409 the
    key came with other content, 422 what cannot be read."""
    before = earlier(tx, found.key)
    if before is not None:
        if before.digest != found.digest() or before.by != actor.login:
            raise Refusal("refusal.key_reused", status=409)
        return Recorded(repeated=True)
    row = one(tx, found.what, found.of)
    require_known(rota, actor, row, now)
    finding = finding_of(office, found)
    entry = _keep(tx, actor, found, finding, row, now)
    differs = _differences(tx, office, actor, found, finding, row, entry, now)
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
    _change(tx, found.what, row["id"], changes)
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


def _differences(
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


def _change(tx: Transaction, what: str, of: int, changes: Row) -> None:
    table = _TABLES[what]
    tx.later(update(table).where(table.c.id == of).values(**changes))


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
    _change(tx, what, row["id"], changes)
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
