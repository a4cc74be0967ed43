"""Somebody in danger to life wrote and falls silent: they are called; where nobody answers, 110.

Each step is a clock of the profile (CLK-SILENCE) whose ladder says who is asked: after its time
without a word somebody of the desk is asked to call the number; where nobody did, or nobody
answered, the head of shift is asked to hand over to 110 with what is known.
The software calls nobody and ends nothing; whoever reaches them, or hands over, ends the clocks.
"""

from collections.abc import Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import update
from sqlmodel import col

from models.clocks import Clock, stopping
from models.transaction import Row, Transaction
from models.vocabulary import Level, TaskKind
from referral import casework, promises, telling
from referral.casework import Actor
from referral.clocks import LadderStep, Rung
from referral.directory import HOTLINE, ZONE
from referral.office import Arrival, Office

CLOCK = "CLK-SILENCE"
UNANSWERED = "unanswered"
"""The case that runs while somebody calls."""
SPOKE = ("phone", "walk_in")


def heard(
    tx: Transaction, office: Office, arrival: Arrival, request: Row, *, opened: bool = False
) -> None:
    """They wrote just now and can be written to: the time of silence begins anew, or for the first
    time where the request was ``opened`` with these words."""
    in_danger = Level(request["level"]) is Level.LIFE_THREAT and arrival.inbound.reporter is None
    if not in_danger or arrival.reply is None or arrival.source in SPOKE:
        return
    rule = office.policy.clock(CLOCK, "", arrival.now.astimezone(ZONE).date())
    anew = promises.start(tx, office, request, rule=rule, at=arrival.now, urgent=True)
    if opened:
        return
    tx.later(
        update(Clock)
        .where(
            col(Clock.request_id) == request["id"],
            col(Clock.name) == CLOCK,
            col(Clock.stopped_at).is_(None),
            col(Clock.id) != anew["id"],
        )
        .values(**stopping(arrival.now))
    )


def over(tx: Transaction, office: Office, request: Row, clock: Any, now: datetime) -> None:
    """The time is over without a word: call them; or, where that was asked, hand over to 110."""
    ladder = office.ladder_of(clock)
    if clock.case == UNANSWERED:
        _ask(tx, office, request, TaskKind.HAND_SILENT, ladder, now)
        return
    _ask(tx, office, request, TaskKind.CALL_SILENT, ladder, now)
    rule = office.policy.clock(CLOCK, UNANSWERED, now.astimezone(ZONE).date())
    promises.start(tx, office, request, rule=rule, at=now, urgent=True)


def tried(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, reached: bool, now: datetime
) -> None:
    """Somebody called: reached, it is over; not reached while silent, 110 need not wait."""
    if reached:
        ended(tx, request, actor, now)
        return
    for clock in casework.running(tx, request["id"]):
        if (clock["name"], clock["case"]) == (CLOCK, UNANSWERED):
            casework.halt(tx, request["id"], (CLOCK,), now)
            casework.finish_tasks(tx, request["id"], TaskKind.CALL_SILENT, actor, now)
            ladder = office.ladder_of(SimpleNamespace(**clock))
            _ask(tx, office, request, TaskKind.HAND_SILENT, ladder, now)
            return


def ended(tx: Transaction, request: Row, actor: Actor, now: datetime) -> None:
    """They were reached, or are in the hands of others."""
    promises.stop(tx, request["id"], (CLOCK,), now)
    for kind in (TaskKind.CALL_SILENT, TaskKind.HAND_SILENT):
        casework.finish_tasks(tx, request["id"], kind, actor, now)


def _ask(
    tx: Transaction,
    office: Office,
    request: Row,
    kind: TaskKind,
    ladder: Sequence[LadderStep],
    now: datetime,
) -> None:
    directory = office.directory
    if any(step.who is Rung.DUTY_LEAD for step in ladder):
        reader = directory.head_of_shift(now)
    else:
        desk = directory.responsible(HOTLINE, None, now.astimezone(ZONE).date())
        reader = directory.answerable(desk, now)
    asked = telling.ask_once(
        tx, kind, unit=reader.unit.code, note=CLOCK, now=now, request=request, urgent=True
    )
    if not asked:
        return
    tx.event(f"{kind}_asked", at=now, request=request, to=reader.officer.login)
    telling.tell_staff(tx, office, f"staff_{kind}", request, reader, due=now, now=now, urgent=True)
