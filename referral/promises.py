"""Starting, stopping and stepping clocks: every promise is a row with its source and its ladder."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.clocks import Clock
from models.transaction import Row, Transaction
from models.vocabulary import ClockUnit
from referral import clocks
from referral.office import Office
from referral.policy import ClockRule

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
) -> Row:
    """Start a clock at ``at``; ``due`` overrides what the rule's amount gives (CLK-COOP)."""
    calendar = office.policy.calendar
    due = due or clocks.due(at, rule.amount, rule.measure, calendar)
    step = _first_step(office, rule, at, due.at)
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
        provisional=due.provisional,
        source=rule.source,
        tag=rule.tag,
        policy=office.policy.hash,
        ladder=rule.ladder,
        step=step[0] if step else 0,
        next_at=step[1] if step else None,
    )


def _first_step(
    office: Office, rule: ClockRule, at: datetime, due: datetime
) -> tuple[int, datetime] | None:
    """The first rung of the ladder. On calendar time it is the same distance from the start for
    all clocks of one length, so it is worked out once."""
    ladder = office.policy.ladders.get(rule.ladder, ())
    if is_working_day(rule.measure):
        return clocks.next_step(at, due, ladder, FIRST, rule.measure, office.policy.calendar)
    key = (rule.ladder, due - at)
    if key not in office.first_steps:
        if len(office.first_steps) > _CACHED:
            office.first_steps.clear()
        step = clocks.next_step(at, due, ladder, FIRST, rule.measure, office.policy.calendar)
        office.first_steps[key] = (step[0], step[1] - at) if step else None
    found = office.first_steps[key]
    return (found[0], at + found[1]) if found else None


def stop(tx: Transaction, request_id: int, names: tuple[str, ...], at: datetime) -> None:
    """Stop the running clocks of these names; late ones keep their breach for ever."""
    tx.later(
        update(Clock)
        .where(
            col(Clock.request_id) == request_id,
            col(Clock.name).in_(names),
            col(Clock.stopped_at).is_(None),
        )
        .values(stopped_at=at, next_at=None)
    )


def stop_all(tx: Transaction, request_id: int, at: datetime, *, but: tuple[str, ...] = ()) -> None:
    """Stop every running clock of a request except those that outlive it (I10)."""
    tx.later(
        update(Clock)
        .where(
            col(Clock.request_id) == request_id,
            col(Clock.stopped_at).is_(None),
            col(Clock.name).not_in(but),
        )
        .values(stopped_at=at, next_at=None)
    )


def is_working_day(measure: str) -> bool:
    """Whether a measure counts working days."""
    return clocks.unit(measure) is ClockUnit.WORKING_DAY
