"""The ground that the verbs of aid stand on: a grant's row, its record in the ledger, the year's
aid of the same household, and the purse it comes from."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, false, func, or_, select, update
from sqlmodel import col

from models import reserves
from models.relief import COLUMNS, Relief
from models.requests import HelpRequest
from models.reserves import AidEntry, Reserve
from models.tasks import Task
from models.transaction import Row, Transaction
from models.vocabulary import TaskKind
from referral import family, guards
from referral.casework import Actor, Refusal
from referral.directory import ZONE
from referral.guards import Earlier, Grant, Guard
from referral.office import Office
from referral.relief_life import GIVEN, State

COUNTED = (State.AUTHORIZED, *GIVEN)
"""What has been given this year or is promised counts against the caps."""


def change(tx: Transaction, aid: Row, **changes: Any) -> Row:
    """Change a grant's row and return it as it is now. Raises ``Refusal`` when somebody else was
    faster."""
    done = tx.execute(
        update(Relief)
        .where(
            col(Relief.id) == aid["id"],
            col(Relief.state) == aid["state"],
            col(Relief.amount_fen) == aid["amount_fen"],
        )
        .values(**changes)
    )
    if not done.rowcount:
        raise Refusal("refusal.relief_overtaken", {"number": aid["number"]})
    return {**aid, **changes}


def record(
    tx: Transaction, kind: str, actor: Actor | None, aid: Row, *, now: datetime, **detail: Any
) -> None:
    """Log an act on a grant, with its request where it has one. Names of people stay out."""
    request = request_of(tx, aid)
    by = {"by": actor.login} if actor else {}
    unit = {"unit": actor.unit} if actor else {}
    tx.event(kind, at=now, request=request, relief=aid["number"], **by, **unit, **detail)


def request_of(tx: Transaction, aid: Mapping[str, Any]) -> Row | None:
    """The request that a grant belongs to, open or not; None where there is none."""
    if aid["request_id"] is None:
        return None
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    found = tx.execute(select(*columns).where(col(HelpRequest.id) == aid["request_id"])).first()
    return dict(found._mapping) if found else None


def number_of(connection: Any, request_id: int | None) -> str | None:
    """The number of a grant's request."""
    query = select(col(HelpRequest.number)).where(col(HelpRequest.id) == request_id)
    found: str | None = connection.execute(query).scalar()
    return found


def number(tx: Transaction, now: datetime) -> str:
    """The next number of a grant: JZ (救助), the day, and a count of the day."""
    day = now.astimezone(ZONE).date()
    return f"JZ{day:%Y%m%d}-{tx.count(f'relief:{day:%Y%m%d}'):04}"


def year(connection: Any, aid: Mapping[str, Any], now: datetime) -> list[Row]:
    """What the same household had in the calendar year of ``now``, the oldest first, this grant
    left out: by household, by request, by resident, or the same name in the same village."""
    local, name = now.astimezone(ZONE), aid["recipient"] or None
    begin = local.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    same: list[Any] = []
    kin = family.of(connection, aid)
    if kin.homes:
        same.append(col(Relief.household_id).in_(kin.homes))
    if aid["resident_id"] is not None:
        same.append(col(Relief.resident_id) == aid["resident_id"])
    if kin.requests:
        same.append(col(Relief.request_id).in_(kin.requests))
    alone = or_(*same) if same else false()
    if aid["recipient"]:  # names are sealed: they are compared here
        same.append(col(Relief.area).is_not_distinct_from(aid["area"]))
    if not same:
        return []
    when = func.coalesce(col(Relief.delivered_at), col(Relief.proposed_at))
    rows = connection.execute(
        select(*COLUMNS, alone.label("otherwise_same"))
        .where(
            or_(*same),
            col(Relief.id) != aid["id"],
            col(Relief.state).in_(COUNTED),
            when >= begin,
            when <= now,
        )
        .order_by(when, col(Relief.id))
    )
    found = [dict(row._mapping) for row in rows]
    return [row for row in found if row.pop("otherwise_same") or row["recipient"] == name]


def weigh(
    connection: Any, office: Office, aid: Mapping[str, Any], *, unit: str, now: datetime
) -> tuple[Guard, ...]:
    """Every warning about a grant that ``unit`` is about to authorise."""
    known = office.directory.unit.get(unit)
    grant = Grant(
        amount_fen=aid["amount_fen"],
        service=aid["service"],
        need=aid["need"],
        cause=aid["cause"],
        fund=aid["fund"],
        by_township=known is not None and known.authority == "township",
        kin=aid["kin"],
    )
    earlier = [_earlier(row, aid) for row in year(connection, aid, now)]
    left = None if aid["reserve_id"] is None else free(connection, aid["reserve_id"], aid["id"])
    day = now.astimezone(ZONE).date()
    return guards.guards(office.policy, grant, earlier, on=day, left_fen=left)


def _earlier(row: Row, aid: Mapping[str, Any]) -> Earlier:
    known = aid["resident_id"] is not None and row["resident_id"] == aid["resident_id"]
    alike = bool(aid["recipient"]) and row["recipient"] == aid["recipient"]
    return Earlier(
        number=row["number"],
        day=(row["delivered_at"] or row["proposed_at"]).astimezone(ZONE).date(),
        amount_fen=row["amount_fen"],
        service=row["service"],
        cause=row["cause"],
        unit=row["giver"] or row["unit"],
        same_person=known or alike,
    )


def free(connection: Any, reserve_id: int, but: int = 0) -> int:
    """What a reserve holds that is not promised to somebody yet, in fen; ``but`` leaves one grant
    out of what is promised."""
    promised = connection.execute(
        select(func.coalesce(func.sum(col(Relief.amount_fen)), 0)).where(
            col(Relief.reserve_id) == reserve_id,
            col(Relief.state) == State.AUTHORIZED,
            col(Relief.id) != but,
        )
    ).scalar()
    return reserves.balance(connection, reserve_id) - int(promised or 0)


def purse(tx: Transaction, actor: Actor, unit: str, now: datetime) -> int:
    """The reserve of a unit; one that has none yet gets an account that stands at nothing, because
    no help waits for a book to be opened."""
    query = select(col(Reserve.id)).where(col(Reserve.unit) == unit)
    found = tx.execute(query).scalar()
    if found is not None:
        return int(found)
    row = tx.add(Reserve, id=tx.mint(), unit=unit, opened_at=now, opened_by=actor.login)
    tx.event("reserve_opened", at=now, by=actor.login, unit=unit)
    return int(row["id"])


def pay(
    tx: Transaction,
    actor: Actor,
    aid: Row,
    kind: str,
    amount_fen: int,
    *,
    at: datetime,
    **more: Any,
) -> None:
    """Write the entry of a movement of this grant's money; nothing for goods without a price."""
    if amount_fen:
        tx.add(
            AidEntry,
            id=tx.mint(),
            at=at,
            kind=kind,
            amount_fen=amount_fen,
            reserve_id=aid["reserve_id"],
            relief_id=aid["id"],
            recorded_by=actor.login,
            unit=actor.unit,
            **more,
        )


def ask(
    tx: Transaction, kind: TaskKind, unit: str, aid: Row, *, now: datetime, due: datetime, note: str
) -> None:
    """Ask the people of a unit to see to a grant. The work does not end with the request."""
    tx.add(
        Task,
        id=tx.mint(),
        kind=kind,
        unit=unit,
        urgent=kind is TaskKind.DECIDE_RELIEF,
        note=f"{aid['number']} {note}",
        opened_at=now,
        due_at=due,
    )


def settle(tx: Transaction, kinds: Sequence[TaskKind], aid: Row, by: str, now: datetime) -> None:
    """The work that waited about a grant is done."""
    waiting = tx.execute(
        select(col(Task.id), col(Task.note)).where(
            col(Task.kind).in_(kinds), col(Task.done_at).is_(None)
        )
    )
    done = [row.id for row in waiting if row.note.startswith(f"{aid['number']} ")]
    tx.execute(update(Task).where(col(Task.id).in_(done)).values(done_at=now, done_by=by))


def entries(connection: Connection, ids: Iterable[int]) -> list[Row]:
    """The movements of these grants, the oldest first."""
    columns = AidEntry.__table__.columns  # type: ignore[attr-defined]
    rows = connection.execute(
        select(*columns)
        .where(col(AidEntry.relief_id).in_(list(ids)))
        .order_by(col(AidEntry.at), col(AidEntry.id))
    )
    return [dict(row._mapping) for row in rows]
