"""What a named person does to a request: the ground the verbs stand on.

A verb is a function of a transaction (``handling``, ``answering``, ``correcting``, ``rerouting``,
``handing_off``, ``finishing``). It asks the lifecycle whether the act is possible here and for this
role, checks what only the rows know, changes them and records who did it and why, all in one
transaction (I12). What cannot be done is refused with one sentence.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.clocks import Clock, running_of, stopping
from models.events import Event
from models.notes import opened
from models.referrals import Referral
from models.requests import HelpRequest
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import ReferralRole, ReferralStatus, Role, Status, TaskKind
from referral.accused import at_the_desk, chain
from referral.directory import HOTLINE, ZONE
from referral.office import Office
from referral.transitions import Transition

FIELD = (Role.GRID_WORKER, Role.VILLAGE_CADRE)
BUREAU = (Role.BUREAU_OFFICER, Role.BUREAU_HEAD, Role.TOWNSHIP_OFFICER)
GRASSROOTS = (Role.TOWNSHIP_OFFICER, *FIELD)


@dataclass(frozen=True, slots=True)
class Actor:
    """The member of staff who acts. ``role``, ``unit`` and ``area`` are those of this moment: a
    transfer changes them for open sessions too. ``demo`` marks an account with a known password.
    The requester of a request, who may do three things with it, is one too (``requester``)."""

    login: str
    role: Role | str
    unit: str
    area: str | None = None
    demo: bool = False
    name: str = ""


class Refusal(Exception):
    """The act is refused; nothing was changed. ``key`` is the phrase to show, ``params`` fills it,
    ``status`` is the HTTP status: 403 not yours, 404 not there, 409 not now, 422 not like this."""

    def __init__(
        self, key: str, params: Mapping[str, str] | None = None, status: int = 409
    ) -> None:
        super().__init__(key)
        self.key = key
        self.params = dict(params or {})
        self.status = status


def need(text: str, key: str, *, at_least: int = 2) -> str:
    """The text without outer blanks; raises ``Refusal`` (422) when it says nothing."""
    said = text.strip()
    if len(said) < at_least:
        told = "refusal.say_more" if said and not key.endswith("_too_short") else key
        raise Refusal(told, {"least": str(at_least), "of": key}, 422)
    return said


def require_open(request: Mapping[str, Any]) -> None:
    """Raise ``Refusal`` when the request is closed, merged or archived."""
    if not Status(request["status"]).is_open:
        raise Refusal("refusal.closed", {"number": request["number"]})


def units_of(office: Office, actor: Actor, now: datetime) -> frozenset[str]:
    """The actor's unit and every retired unit whose work it has taken over (R10)."""
    day = now.astimezone(ZONE).date()
    found = {actor.unit}
    for unit in office.directory.units:
        if unit.successor is not None:
            current = office.directory.current(unit.code, day)
            if current is not None and current.code == actor.unit:
                found.add(unit.code)
    return frozenset(found)


def barred_as(office: Office, actor: Actor, now: datetime) -> list[str]:
    """The units by which a bar may mean this person: their own, what stands over it, and those for
    which they go on (I9)."""
    desk = at_the_desk(office.directory, actor.unit)
    units = {actor.unit} if desk else units_of(office, actor, now)
    return sorted({one for unit in units for one in chain(office.directory, unit)})


def standing(office: Office, request: Mapping[str, Any]) -> Status:
    """Where a request stands for the desk.

    What the software sent out and no person has confirmed is still in triage (the order is out so
    that nobody waits; CLK-TRIAGE runs), and so is what the desk itself leads: software proposes,
    a person decides (I4).
    """
    status = Status(request["status"])
    lead = office.directory.unit.get(request["lead_bureau"])
    own = lead is not None and lead.authority == HOTLINE
    if status is Status.DISPATCHED and (own or request["confirmed_at"] is None):
        return Status.IN_TRIAGE
    return status


def change(tx: Transaction, request: Row, **changes: Any) -> Row:
    """Change the request's row and return it as it is now. Raises ``Refusal`` when somebody else
    was faster."""
    done = tx.execute(
        update(HelpRequest)
        .where(
            col(HelpRequest.id) == request["id"],
            col(HelpRequest.status) == request["status"],
            col(HelpRequest.level) == request["level"],
        )
        .values(**changes)
    )
    if not done.rowcount:
        raise Refusal("refusal.overtaken", {"number": request["number"]})
    return {**request, **changes}


def record(
    tx: Transaction,
    kind: str,
    actor: Actor,
    *,
    before: Row,
    after: Row,
    now: datetime,
    row: Transition | None = None,
    **detail: Any,
) -> None:
    """Log an act: who, when, from, to, by which row of the life cycle, and what was said for it."""
    if row is not None:
        detail["row"] = row.id
    if before["status"] != after["status"]:
        detail["was"], detail["now"] = before["status"], after["status"]
    if before["holder_person"] != after["holder_person"]:
        detail["holder"], detail["holder_unit"] = after["holder_person"], after["holder_unit"]
    if before["lead_bureau"] != after["lead_bureau"]:
        detail["lead_bureau"] = after["lead_bureau"]
    tx.event(kind, at=now, by=actor.login, request=after, unit=actor.unit, **detail)


def referrals(tx: Transaction, request_id: int) -> list[Row]:
    """All referrals of a request, the oldest first."""
    columns = Referral.__table__.columns  # type: ignore[attr-defined]
    wanted = select(*columns).where(col(Referral.request_id) == request_id)
    rows = tx.execute(wanted.order_by(col(Referral.dispatched_at), col(Referral.id)))
    return [dict(row._mapping) for row in rows]


GONE = (ReferralStatus.RETURNED, ReferralStatus.CANCELLED)


def lead_of(tx: Transaction, request_id: int) -> Row:
    """The lead's referral: exactly one while the request is open."""
    for row in reversed(referrals(tx, request_id)):
        if row["role"] == ReferralRole.LEAD and row["status"] not in GONE:
            return row
    raise Refusal("refusal.no_lead")


def own_referral(
    tx: Transaction, request_id: int, units: Collection[str], role: ReferralRole | None = None
) -> Row:
    """The order that one of these units holds, the lead's first. Raises ``Refusal`` (403)."""
    mine = [
        row
        for row in referrals(tx, request_id)
        if row["bureau"] in units and row["status"] not in GONE and role in (None, row["role"])
    ]
    if not mine:
        raise Refusal("refusal.not_your_order", status=403)
    mine.sort(key=lambda row: row["role"] == ReferralRole.LEAD)
    return mine[-1]


def change_referral(tx: Transaction, referral: Row, **changes: Any) -> Row:
    """Change a referral's row and return it as it is now."""
    tx.execute(update(Referral).where(col(Referral.id) == referral["id"]).values(**changes))
    return {**referral, **changes}


def halt(
    tx: Transaction,
    request_id: int,
    names: Sequence[str],
    at: datetime,
    *,
    case: str | None = None,
    referral_id: int | None = None,
) -> None:
    """Stop running clocks at once, so that one started by the same act runs on. A breach stays."""
    wanted = running_of(request_id, names, case=case, referral_id=referral_id)
    tx.execute(update(Clock).where(*wanted).values(**stopping(at)))


def halt_all(tx: Transaction, request_id: int, at: datetime, *, but: Sequence[str] = ()) -> None:
    """Stop every running clock at once, but those that outlive the request (I10)."""
    tx.execute(
        update(Clock)
        .where(
            col(Clock.request_id) == request_id,
            col(Clock.stopped_at).is_(None),
            col(Clock.name).not_in(but),
        )
        .values(**stopping(at))
    )


def running(tx: Transaction, request_id: int) -> list[Row]:
    """The clocks of a request that are not stopped."""
    columns = Clock.__table__.columns  # type: ignore[attr-defined]
    rows = tx.execute(
        select(*columns).where(col(Clock.request_id) == request_id, col(Clock.stopped_at).is_(None))
    )
    return [dict(row._mapping) for row in rows]


def begun(tx: Transaction, request_id: int) -> list[Row]:
    """The clocks of a request that this transaction starts; no query finds them yet."""
    return [clock for clock in tx.added(Clock) if clock["request_id"] == request_id]


def going(tx: Transaction, request_id: int) -> list[Row]:
    """The clocks of a request that are not stopped, those that this transaction starts with
    them."""
    return [*running(tx, request_id), *begun(tx, request_id)]


def waits(tx: Transaction, request_id: int, *kinds: TaskKind) -> bool:
    """Whether work of these kinds still waits for a person."""
    query = select(col(Task.id)).where(
        col(Task.request_id) == request_id, col(Task.kind).in_(kinds), col(Task.done_at).is_(None)
    )
    return tx.execute(query.limit(1)).first() is not None


def finish_tasks(
    tx: Transaction, request_id: int, kind: TaskKind, actor: Actor, now: datetime
) -> None:
    """The work of this kind that waited is done by the act itself."""
    tx.later(
        update(Task)
        .where(
            col(Task.request_id) == request_id, col(Task.kind) == kind, col(Task.done_at).is_(None)
        )
        .values(done_at=now, done_by=actor.login)
    )


@dataclass(frozen=True, slots=True)
class Told:
    """One event of the log, its detail opened."""

    seq: int
    at: datetime
    kind: str
    by: str
    detail: Mapping[str, Any]


def history(tx: Transaction, request_id: int, *kinds: str) -> list[Told]:
    """The events of these kinds (all without any), the oldest first."""
    columns = (Event.seq, Event.at, Event.kind, Event.by, Event.detail)
    query = select(*map(col, columns)).where(col(Event.request_id) == request_id)
    if kinds:
        query = query.where(col(Event.kind).in_(kinds))
    rows = tx.execute(query.order_by(col(Event.seq))).all()
    details = opened(tx, [row.detail for row in rows])
    return [
        Told(row.seq, row.at, row.kind, row.by, detail)
        for row, detail in zip(rows, details, strict=True)
    ]
