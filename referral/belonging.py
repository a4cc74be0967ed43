"""What a named person decides about a request and a household: it is about this one, it is not,
and back again. A person nobody knows gets a code, with place and time (AS-10)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.events import SYSTEM
from models.households import Belonging, Household, Resident
from models.transaction import Row, Transaction
from referral.casework import GRASSROOTS, Actor, Refusal, need
from referral.directory import ZONE
from referral.office import Office

SEXES = ("M", "F", "U")


def link_household(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    household: str,
    reason: str = "",
    now: datetime,
) -> Row:
    """The request is about this household. Raises ``Refusal`` while it is linked to another."""
    _require_household(tx, office, actor, household)
    rows = _of(tx, request["id"])
    linked = next((row for row in rows if row.state == "confirmed" and row.household_id), None)
    if linked is not None:
        raise Refusal("refusal.household_linked", {"household": linked.household_id})
    _decide(tx, actor, request, rows, household, "confirmed", reason, now)
    _record(tx, "household_linked", actor, request, household, reason, now)
    return request


def refuse_household(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    household: str,
    reason: str = "",
    now: datetime,
) -> Row:
    """The request is not about this household, which is not proposed again. Raises ``Refusal``."""
    _require_household(tx, office, actor, household)
    rows = _of(tx, request["id"])
    if any(row.household_id == household and row.state == "confirmed" for row in rows):
        raise Refusal("refusal.household_linked", {"household": household})
    _decide(tx, actor, request, rows, household, "refused", reason, now)
    _record(tx, "household_refused", actor, request, household, reason, now)
    return request


def unlink_household(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    request: Row,
    *,
    household: str,
    reason: str = "",
    now: datetime,
) -> Row:
    """Take back what was decided about this household: a proposal stands again as it stood, what a
    person had added by hand is undone. Raises ``Refusal`` when nothing was decided."""
    row = next(
        (
            one
            for one in _of(tx, request["id"])
            if one.household_id == household and one.state in ("confirmed", "refused")
        ),
        None,
    )
    if row is None:
        raise Refusal("refusal.household_not_linked", {"household": household})
    before = "proposed" if row.proposed_by == SYSTEM else "undone"
    kept = (
        {"decided_at": None, "decided_by": None, "reason": ""}
        if before == "proposed"
        else {"decided_at": now, "decided_by": actor.login, "reason": reason.strip()}
    )
    tx.execute(update(Belonging).where(col(Belonging.id) == row.id).values(state=before, **kept))
    _record(tx, "household_unlinked", actor, request, household, reason, now, was=row.state)
    return request


def name_unknown(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    request: Row,
    *,
    sex: str,
    age: int | None = None,
    place: str,
    note: str = "",
    now: datetime,
) -> Row:
    """A person without a name becomes a subject with a code, the place and the time. Raises
    ``Refusal``."""
    if sex not in SEXES:
        raise Refusal("refusal.sex", {"allowed": ", ".join(SEXES)}, 422)
    where = need(place, "refusal.found_place")
    rows = _of(tx, request["id"])
    if any(row.resident_id is not None and row.state == "confirmed" for row in rows):
        raise Refusal("refusal.person_known", {"number": request["number"]})
    day = now.astimezone(ZONE).date()
    code = f"unknown-{sex}-{age if age is not None else 'x'}-{day:%Y%m%d}"
    code = f"{code}-{tx.count(f'unknown:{day:%Y%m%d}')}"
    person = tx.mint()
    tx.add(
        Resident, id=person, sex=None if sex == "U" else sex, age=age, code=code,
        age_on=day if age is not None else None, found_place=where, found_at=now,
    )  # fmt: skip
    tx.add(
        Belonging, id=tx.mint(), request_id=request["id"], resident_id=person, score=1.0,
        findings=[], state="confirmed", proposed_at=now, proposed_by=actor.login, decided_at=now,
        decided_by=actor.login, reason=note.strip(),
    )  # fmt: skip
    tx.event(
        "person_named_unknown", at=now, by=actor.login, request=request, unit=actor.unit,
        code=code, note=note.strip(),
    )  # fmt: skip
    return request


def reaches(office: Office, actor: Actor, area: str | None) -> bool:
    """Whether a household of this area lies in the actor's own. One that is known only by its
    village is everybody's in the village."""
    if actor.area is None or area is None:
        return False
    directory = office.directory
    place = directory.place.get(area)
    if place is not None and place.kind == "village" and directory.within(actor.area, area):
        return True
    return directory.within(area, actor.area)


def _require_household(tx: Transaction, office: Office, actor: Actor, household: str) -> None:
    """A link lets its request's holders see the household, so the grassroots link only what lies
    in their own area."""
    found = tx.execute(select(col(Household.area)).where(col(Household.id) == household)).first()
    if found is None or (actor.role in GRASSROOTS and not reaches(office, actor, found.area)):
        raise Refusal("refusal.no_household", {"household": household}, 422)


def _of(tx: Transaction, request_id: int) -> list[Any]:
    columns = Belonging.__table__.columns  # type: ignore[attr-defined]
    return list(tx.execute(select(*columns).where(columns.request_id == request_id)))


def _decide(
    tx: Transaction,
    actor: Actor,
    request: Row,
    rows: list[Any],
    household: str,
    state: str,
    reason: str,
    now: datetime,
) -> None:
    decided = {
        "state": state, "decided_at": now, "decided_by": actor.login, "reason": reason.strip(),
    }  # fmt: skip
    known = next((row.id for row in rows if row.household_id == household), None)
    if known is not None:
        tx.execute(update(Belonging).where(col(Belonging.id) == known).values(**decided))
        return
    tx.add(
        Belonging, id=tx.mint(), request_id=request["id"], household_id=household, score=0.0,
        findings=[], proposed_at=now, proposed_by=actor.login, **decided,
    )  # fmt: skip


def _record(
    tx: Transaction,
    kind: str,
    actor: Actor,
    request: Row,
    household: str,
    reason: str,
    now: datetime,
    **detail: Any,
) -> None:
    tx.event(
        kind, at=now, by=actor.login, request=request, unit=actor.unit, household=household,
        reason=reason.strip(), **detail,
    )  # fmt: skip
