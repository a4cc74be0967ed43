"""What a row of the life cycle does to the clocks that it names: stop, pause, resume, start."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.clocks import Clock, still_due
from models.transaction import Row, Transaction
from models.vocabulary import Level
from referral import casework, clocks, promises
from referral.directory import ZONE
from referral.office import Office
from referral.routing import row_for
from referral.transitions import EVERY_CLOCK, Transition

HANDLE = "CLK-HANDLE"
"""In a row of the life cycle this name means the clock of the request's own kind of help."""
OF_AN_ORDER = ("CLK-SIGN", "CLK-COOP", "CLK-ARBITRATE")
NO_HANDLING = ("CLK-ARBITRATE", "CLK-CONTACT", "CLK-URGENT-CONTACT")


def follow(
    tx: Transaction,
    office: Office,
    request: Row,
    row: Transition,
    *,
    now: datetime,
    referral_id: int | None = None,
    cases: Mapping[str, str] | None = None,
) -> dict[str, Row]:
    """Do to the clocks what the row says. Clocks of an order are those of ``referral_id``;
    ``cases`` chooses the case of a clock that starts, urgent ones by themselves. Returns the
    clocks that started, by name."""
    if row.stops == (EVERY_CLOCK,):
        casework.halt_all(tx, request["id"], now, but=promises.OUTLIVE)
    elif row.stops:
        order = [name for name in row.stops if name in OF_AN_ORDER]
        rest = [name for name in row.stops if name not in OF_AN_ORDER]
        if order and referral_id is not None:
            casework.halt(tx, request["id"], order, now, referral_id=referral_id)
        casework.halt(tx, request["id"], rest, now)
    if row.pauses:
        pause(tx, request["id"], meant(office, request, row.pauses, now), now)
    if row.resumes:
        resume(tx, office, request, meant(office, request, row.resumes, now), now)
    urgent = Level(request["level"]).is_urgent
    started = {}
    for name in row.starts:
        case = (cases or {}).get(name, "urgent" if urgent else "")
        rule = office.policy.clock(name, case, now.astimezone(ZONE).date())
        order_id = referral_id if name in OF_AN_ORDER else None
        started[name] = promises.start(
            tx, office, request, rule=rule, at=now, urgent=urgent, referral_id=order_id
        )
    return started


def handling(office: Office, request: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    """The names under which the time for handling this request may run."""
    named = [HANDLE, "CLK-REHANDLE"]
    day = now.astimezone(ZONE).date()
    rows = [row for row in office.policy.routes if row.id == request["route"]]
    chosen = row_for(request["service"], day, office.policy.routes) if request["service"] else None
    for row in (*rows, *([chosen] if chosen else [])):
        named += [row.clock, row.urgent_clock]
    return tuple(name for name in dict.fromkeys(named) if name not in NO_HANDLING)


def pause(tx: Transaction, request_id: int, names: Collection[str], at: datetime) -> None:
    """Pause running clocks: no reminder falls due any more, and the time that was left is kept."""
    for clock in casework.running(tx, request_id):
        if clock["name"] in names and clock["paused_at"] is None:
            pauses = [*clock["paused"], [at.isoformat(), None]]
            _change(tx.execute, clock["id"], paused_at=at, paused=pauses, next_at=still_due(at))


def resume(
    tx: Transaction,
    office: Office,
    request: Row,
    names: Collection[str],
    at: datetime,
    *,
    run: Callable[[Any], Any] | None = None,
) -> dict[datetime, datetime]:
    """Let paused clocks run on with what was left. Returns the new due times by the old ones.
    ``run`` is ``tx.later`` where the whole act may still be undone."""
    moved = {}
    for clock in casework.running(tx, request["id"]):
        if clock["name"] in names and clock["paused_at"] is not None:
            later = _run_on(run or tx.execute, office, clock, "paused_at", at)
            promises.moved(tx, request, clock, later, at)
            moved[clock["due_at"]] = later
    return moved


def run_on(
    tx: Transaction,
    office: Office,
    request: Row,
    names: Collection[str],
    *,
    since: datetime,
    at: datetime,
) -> dict[datetime, datetime]:
    """Let clocks that stopped at ``since`` run on with what was left, as after a pause."""
    columns = Clock.__table__.columns  # type: ignore[attr-defined]
    found = tx.execute(
        select(*columns).where(
            col(Clock.request_id) == request["id"],
            col(Clock.name).in_(names),
            col(Clock.stopped_at) == since,
        )
    ).all()
    moved = {}
    for clock in (dict(row._mapping) for row in found):
        later = _run_on(tx.execute, office, clock, "stopped_at", at)
        promises.moved(tx, request, clock, later, at)
        moved[clock["due_at"]] = later
    return moved


def put_off(
    tx: Transaction, office: Office, request: Row, clock: Row, due: clocks.Due, at: datetime
) -> None:
    """A named person moved the due time of a running clock; what was late stays recorded."""
    promises.moved(tx, request, clock, due.at, at)
    changes = {"due_at": due.at, "provisional": clock["provisional"] or due.provisional}
    if clock["paused_at"] is None:
        changes |= upcoming(office, clock, due.at)
    _change(tx.execute, clock["id"], **changes)


def _run_on(
    run: Callable[[Any], Any], office: Office, clock: Row, since: str, at: datetime
) -> datetime:
    began = clock[since]
    later = clocks.resumed(clock["due_at"], began, at, clock["measure"], office.policy.calendar)
    pauses = [one for one in clock["paused"] if one[1] is not None]
    _change(
        run,
        clock["id"],
        paused_at=None,
        stopped_at=None,
        due_at=later.at,
        provisional=clock["provisional"] or later.provisional,
        paused=[*pauses, [began.isoformat(), at.isoformat()]],
        **upcoming(office, clock, later.at),
    )
    return later.at


def upcoming(office: Office, clock: Row, due: datetime) -> dict[str, Any]:
    """The step that a running clock takes next, and when, with this due time."""
    step = clocks.next_step(
        clock["started_at"],
        due,
        office.ladder_of(SimpleNamespace(**clock)),
        clock["step"] - 1,
        clock["measure"],
        office.policy.calendar,
    )
    return {"step": step[0] if step else clock["step"], "next_at": step[1] if step else None}


def _change(run: Callable[[Any], Any], clock_id: int, **values: Any) -> None:
    run(update(Clock).where(col(Clock.id) == clock_id).values(**values))


def meant(office: Office, request: Row, names: Collection[str], now: datetime) -> list[str]:
    """The clocks that a row means, CLK-HANDLE by the names of the request's own kind of help."""
    rest = [name for name in names if name != HANDLE]
    return [*rest, *(handling(office, request, now) if HANDLE in names else ())]
