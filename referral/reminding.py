"""A step of a clock's ladder falls due: remind, or record the breach, exactly once.

The step is taken by a conditional update in the writing transaction, so that however many
processes tick, and however long they were down, each step happens once. Steps of one clock that
were missed while nobody ticked are taken together, the breach recorded at its own time; what a
person missed on all clocks together comes as one message (``referral.catching_up``).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, bindparam, select, update
from sqlmodel import col

from models.bars import bars
from models.clocks import Clock
from models.referrals import Referral
from models.requests import HelpRequest
from models.transaction import Row, Transaction
from referral import (
    catching_up,
    clocks,
    explaining,
    lapsing,
    owing,
    rungs,
    running_late,
    spoken_with,
    telling,
    waiting,
    word_given,
    wording,
)
from referral.clocks import LadderAct, Rung
from referral.office import Office, Reply
from referral.undecided import UNDECIDED, alarm

MOST_AT_ONCE = 2000  # six weeks of half hours in one entry; what is left has an entry of its own


def take_steps(tx: Transaction, office: Office, rows: Sequence[Any], now: datetime) -> int:
    """Take every step of these clocks (rows) that is due by ``now``; how many clocks stepped.

    A clock that another process stepped first is left alone.
    """
    late: list[catching_up.Late] = []
    requests = _requests(tx, {clock.request_id for clock in rows})
    for request_id, names in bars(tx, list(requests)).items():  # also of a plea that complains too
        requests[request_id]["barred"] = names
    owed = {clock.referral_id for clock in rows if clock.name in owing.BY_A_BUREAU}
    orders = _orders(tx, owed)
    taken = 0
    for clock in rows:
        request = requests.get(clock.request_id)
        if request is not None and (order := orders.get(clock.referral_id)) is not None:
            request = dict(owing.at_the_bureau(office, request, order, now))
        taken += _take(tx, office, clock, request, late, now)
    catching_up.post(tx, office, late, now)
    return taken


@dataclass(frozen=True, slots=True)
class _Step:
    """What a clock did at this moment: the steps taken, the breach if it is new, and whether the
    clock was stopped or paused before anybody ticked, so that nobody is reminded any more."""

    steps: tuple[tuple[int, datetime], ...]
    breached: bool
    stands: bool


_CLOCK: Table = Clock.__table__  # type: ignore[attr-defined]
_STEP = (
    update(_CLOCK)
    .where(
        _CLOCK.c.id == bindparam("of"),
        _CLOCK.c.step == bindparam("was_step"),
        _CLOCK.c.next_at == bindparam("was_next"),
        _CLOCK.c.stopped_at.is_not_distinct_from(bindparam("was_stopped")),
        _CLOCK.c.paused_at.is_not_distinct_from(bindparam("was_paused")),
    )
    .values({name: bindparam(name) for name in ("step", "next_at", "breached_at")})
)
"""Takes a step if the clock still stands where it was seen."""


def _take(
    tx: Transaction,
    office: Office,
    clock: Any,
    request: Row | None,
    late: list[catching_up.Late],
    now: datetime,
) -> bool:
    if clock.name in clocks.LAPSES and clock.stopped_at is None and now >= clock.due_at:
        return waiting.lapse(tx, office, clock, _due(office, clock, clock.due_at)[0], now)
    ended = clock.stopped_at or clock.paused_at
    until = min(now, ended) if ended else now
    until = min(until, clock.due_at) if clock.name in clocks.LAPSES else until
    taken, upcoming = _due(office, clock, until)
    may_breach = clock.breached_at is None and clock.name not in clocks.LAPSES
    breached = may_breach and until >= clock.due_at
    goes_on = upcoming is not None and (not ended or upcoming[1] <= until)
    fenced = tx.execute(
        _STEP,
        {
            "of": clock.id,
            "was_step": clock.step,
            "was_next": clock.next_at,
            "was_stopped": clock.stopped_at,
            "was_paused": clock.paused_at,
            "step": upcoming[0] if upcoming else taken[-1][0] + 1 if taken else clock.step,
            "next_at": upcoming[1] if upcoming and goes_on else None,
            "breached_at": clock.due_at if breached else clock.breached_at,
        },
    )
    if not fenced.rowcount:
        return False
    if clock.name == explaining.CLOCK:
        request = explaining.as_held(tx, request, clock.id)
    if request is not None and taken:
        step = _Step(tuple(taken), breached, stands=ended is not None)
        _act(tx, office, clock, request, step, late, now)
    return True


def _due(
    office: Office, clock: Any, until: datetime
) -> tuple[list[tuple[int, datetime]], tuple[int, datetime] | None]:
    """The steps that have fallen due and the one after them."""
    ladder = office.ladder_of(clock)
    taken: list[tuple[int, datetime]] = []
    upcoming: tuple[int, datetime] | None = (clock.step, clock.next_at) if ladder else None
    while upcoming is not None and upcoming[1] <= until and len(taken) < MOST_AT_ONCE:
        taken.append(upcoming)
        upcoming = clocks.next_step(
            clock.started_at,
            clock.due_at,
            ladder,
            upcoming[0],
            clock.measure,
            office.policy.calendar,
        )
    return taken, upcoming


def _act(
    tx: Transaction,
    office: Office,
    clock: Any,
    request: Row,
    step: _Step,
    late: list[catching_up.Late],
    now: datetime,
) -> None:
    ladder = office.ladder_of(clock)
    last, planned = clocks.step_at(ladder, step.steps[-1][0]), step.steps[-1][1]
    named = {"clock_id": str(clock.id), "clock": clock.name, "case": clock.case}
    if step.breached:
        tx.event(
            "breached",
            at=now,
            request=request,
            **named,
            due=clock.due_at.isoformat(),
            source=clock.source,
        )
        if (clock.name, clock.case) == UNDECIDED and not step.stands:
            alarm(tx, request, office.directory.head_of_shift(now), now)
        elif not step.stands:
            above, _ = rungs.reached(office, request, Rung.SUPERVISOR, now)
            running_late.tell_citizen(tx, office, request, clock, above, now)
    indexes = [index for index, _ in step.steps]
    if step.stands:
        tx.event(
            "lapsed", at=now, request=request, **named, steps=indexes, planned=planned.isoformat()
        )
        return
    reader, address = owing.reader(office, clock, request, last.who, now)
    tx.event(
        last.act if not (step.breached and last.act is LadderAct.BREACH) else "reminder",
        at=now,
        request=request,
        **named,
        steps=indexes,
        planned=planned.isoformat(),
        to=reader.officer.login,
        rung=last.who,
        found_by=request.get("held_as", reader.how) if reader.how == "holder" else reader.how,
        told=bool(address),
    )
    way = office.ways.get("tel")
    if way is None or not address:
        return
    if catching_up.is_late(office, step.steps[0][1], now):
        login = reader.officer.login
        late.append(catching_up.Late(login, way, address, request["number"], clock.urgent))
        return
    telling.post(
        tx,
        office,
        _phrase(clock, now, on_the_line=_on_the_line(tx, office, clock, request, now)),
        request=request,
        reply=Reply(way, address),
        now=now,
        language=wording.STAFF_LANGUAGE,
        params=wording.params(
            office,
            request,
            unit=office.directory.unit.get(request["holder_unit"]),
            officer=office.directory.officer.get(request["first_responder"]),
            due=clock.due_at,
            language=wording.STAFF_LANGUAGE,
        ),
        urgent=clock.urgent,
        staff=reader.officer.login,
    )


def _on_the_line(tx: Transaction, office: Office, clock: Any, request: Row, now: datetime) -> bool:
    """Whether who is to be rung back is being spoken with just now. The step is taken all the same:
    it says not to ring yet."""
    if clock.name != word_given.CALL_BACK:
        return False
    return request["person_id"] in spoken_with.on_the_line(tx.connection, office, now)


def _phrase(clock: Any, now: datetime, *, on_the_line: bool) -> str:
    if on_the_line:
        return "staff_on_the_line"
    if (clock.name, clock.case) == UNDECIDED:
        return "staff_handoff_undecided"
    if clock.name == lapsing.CLOCK:
        return "staff_undecided" if now >= clock.due_at else "staff_decide"
    return "staff_breach" if now >= clock.due_at else "staff_reminder"


_REQUESTS = select(*HelpRequest.__table__.columns).where(  # type: ignore[attr-defined]
    col(HelpRequest.id).in_(bindparam("ids", expanding=True))
)


_OWED = select(col(Referral.id), col(Referral.bureau), col(Referral.signed_by)).where(
    col(Referral.id).in_(bindparam("ids", expanding=True))
)


def _orders(tx: Transaction, ids: Collection[int]) -> dict[int, Any]:
    return {row.id: row for row in tx.execute(_OWED, {"ids": sorted(ids)})} if ids else {}


def _requests(tx: Transaction, ids: Collection[int]) -> dict[int, Row]:
    return {row.id: dict(row._mapping) for row in tx.execute(_REQUESTS, {"ids": sorted(ids)})}
