"""Starting, stopping and stepping clocks: every promise is a row with its source and its ladder."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.clocks import Clock, running_of, stopping
from models.transaction import Row, Transaction
from models.vocabulary import ClockUnit
from referral import clocks
from referral.office import Office, short
from referral.policy import ClockRule

OUTLIVE = ("CLK-EXPLAIN", "CLK-AFTERCARE")
"""Clocks that run on when the request is closed (I10)."""
FIRST = -1  # no step of the ladder has been taken yet
_CACHED = 10_000


def start(
    tx: Transaction,
    office: Office,
    request: Mapping[str, Any],
    *,
    rule: ClockRule,
    at: datetime,
    urgent: bool,
    referral_id: int | None = None,
    due: clocks.Due | None = None,
    stopped: bool = False,
) -> Row:
    """Start a clock at ``at``; ``due`` overrides what the rule's amount gives (CLK-COOP);
    ``stopped`` for what was done in the same moment."""
    calendar = office.policy.calendar
    due = due or clocks.due(at, rule.amount, rule.measure, calendar)
    step = None if stopped else _first_step(office, rule, at, due.at)
    tx.at_end(record)
    return tx.add(
        Clock,
        id=tx.mint(),
        request_id=request["id"],
        referral_id=referral_id,
        name=rule.name,
        case=rule.case,
        unit=clocks.unit(rule.measure),
        measure=rule.measure,
        amount=rule.amount,
        urgent=urgent,
        started_at=at,
        due_at=due.at,
        paused=[],
        stopped_at=at if stopped else None,
        provisional=due.provisional,
        source=rule.source,
        tag=rule.tag,
        policy=short(office.policy.hash),
        ladder=rule.ladder,
        step=step[0] if step else 0,
        next_at=step[1] if step else None,
    )


def record(tx: Transaction) -> None:
    """What new clocks promise goes into the ledger with the act that started them, one entry a
    request: a due time that is changed behind our back can be found."""
    of_request: dict[int, list[Row]] = {}
    for clock in tx.added(Clock):
        of_request.setdefault(clock["request_id"], []).append(clock)
    acts = {entry["request_id"]: entry for entry in tx.recorded()}
    for request_id, started in of_request.items():
        act = acts.get(request_id)
        tx.event(
            "promised",
            at=act["at"] if act else max(clock["started_at"] for clock in started),
            request={"id": request_id, "number": act["number"] if act else None},
            clocks=[
                [
                    str(clock["id"]),
                    clock["name"],
                    clock["case"],
                    clock["ladder"],
                    clock["started_at"],
                    clock["due_at"],
                ]
                for clock in started
            ],
        )


def _first_step(
    office: Office, rule: ClockRule, at: datetime, due: datetime
) -> tuple[int, datetime] | None:
    """The first rung of the ladder that lies ahead. Worked out once for all clocks that run alike:
    on calendar time those of one length, on working days those of one day and one due time."""
    ladder = office.policy.ladders.get(rule.ladder, ())
    calendar, seen = office.policy.calendar, office.rungs
    if len(seen) > _CACHED:
        seen.clear()
    if is_working_day(rule.measure):
        day = calendar.day_of(at)
        key: tuple[object, ...] = (rule.ladder, day, due)
        if key not in seen:
            midnight = datetime.combine(day, time.min, calendar.zone)
            steps = clocks.reminders(midnight, due, ladder, rule.measure, calendar)
            seen[key] = tuple((index, when) for index, when in steps)
        for index, when in seen[key]:
            if when > at:
                return index, when
        return None
    key = (rule.ladder, due - at)
    if key not in seen:
        step = clocks.next_step(at, due, ladder, FIRST, rule.measure, calendar)
        seen[key] = ((step[0], step[1] - at),) if step else ()
    for index, after in seen[key]:
        return index, at + after
    return None


def moved(
    tx: Transaction, request: Row, clock: Mapping[str, Any], due: datetime, at: datetime
) -> None:
    """Write into the ledger that the due time of a running clock is now ``due``. Whatever moves
    one says so here: ``huiyin verify clocks`` names a due time that nobody moved."""
    began = clock["started_at"]
    named = [str(clock["id"]), clock["name"], clock["case"], clock["ladder"], began, due]
    tx.event("due_moved", at=at, request=request, was=clock["due_at"], clocks=[named])


def stop(
    tx: Transaction,
    request_id: int,
    names: tuple[str, ...],
    at: datetime,
    *,
    case: str | None = None,
    referral_id: int | None = None,
    but: int | None = None,
) -> None:
    """Stop the running clocks of these names (``casework.halt`` does it at once), and those that
    the same act starts, except ``but``; late ones keep their breach for ever."""
    wanted = running_of(request_id, names, case=case, referral_id=referral_id)
    if but is not None:
        wanted.append(col(Clock.id) != but)
    tx.later(update(Clock).where(*wanted).values(**stopping(at)))


def is_working_day(measure: str) -> bool:
    """Whether a measure counts working days."""
    return clocks.unit(measure) is ClockUnit.WORKING_DAY
