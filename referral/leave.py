"""What a bureau asks for and a supervisor grants: more time (R8), or a pause (T16).

Neither on an urgent matter before help has arrived. The first date is kept, and the citizen hears
the reason and the new one (N10).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from models.requests import queue_key
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralRole, ReferralStatus, Role, Status, TaskKind
from referral import asked_for, casework, clocks, clockwork, promises, telling
from referral.answering import correspondent, foretold, tell
from referral.asked_for import CASES, EXTENSION, SUSPENSION
from referral.casework import Actor, Refusal
from referral.clocks import Rung
from referral.directory import ZONE
from referral.lapsing import CLOCK
from referral.lifecycle import may, may_on_referral
from referral.office import Office
from referral.policy import Ground
from referral.rungs import decides

_TASK = {EXTENSION: TaskKind.DECIDE_EXTENSION, SUSPENSION: TaskKind.DECIDE_SUSPENSION}


def extend(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    workdays: int | None = None,
    reason: str = "",
    now: datetime,
) -> Row:
    """A bureau asks for more time before the due time, once; a supervisor grants it (R8).

    The due time moves by at most the profile's working days. Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    if actor.role is Role.SUPERVISOR:
        return _grant_extension(tx, office, actor, request, workdays, now)
    order = _own_lead(tx, office, actor, request, now)
    row = may_on_referral("extend", ReferralStatus(order["status"]), actor.role, asking=True)
    why = casework.need(reason, "refusal.reason_missing")
    _may_ask(tx, office, request, order, workdays, now)
    return _ask(
        tx, office, actor, request, order, EXTENSION, row.id, now, reason=why, workdays=workdays
    )


def no_more_time(request: Mapping[str, Any]) -> str:
    """Why a bureau asks for no more time as the request stands, or "": by this it is offered, shown
    beforehand and refused."""
    if Level(request["level"]).is_urgent:
        return "refusal.urgent_not_extended"
    return "refusal.waits_already" if request["status"] == Status.SUSPENDED else ""


def suspend(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    ground: str = "",
    reason: str = "",
    now: datetime,
) -> Row:
    """A bureau asks to pause for a reason of the closed list; a supervisor grants it (T16).

    CLK-SUSPEND limits the pause and ends it by itself. Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    if actor.role is Role.SUPERVISOR:
        return _grant_suspension(tx, office, actor, request, ground, now)
    order = _own_lead(tx, office, actor, request, now)
    row = may("suspend", Status(request["status"]), actor.role, asking=True)
    chosen = _ground(office, ground)
    _help_came_first(tx, request)
    return _ask(
        tx, office, actor, request, order, SUSPENSION, row.id, now,
        reason=reason.strip(), ground=chosen.code,
    )  # fmt: skip


def foreseen(
    reader: Any,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    workdays: int | None,
    reason: str,
    now: datetime,
) -> tuple[datetime, str]:
    """The date that an extension would lead to and what the requester would be told, before it is
    asked for; reads only, and raises what asking would raise."""
    casework.require_open(request)
    order = _own_lead(reader, office, actor, request, now)
    may_on_referral("extend", ReferralStatus(order["status"]), actor.role, asking=True)
    why = casework.need(reason, "refusal.reason_missing")
    _may_ask(reader, office, request, order, workdays, now)
    due = _later(office, order, workdays or 0).at
    unit = office.directory.unit.get(order["bureau"])
    said = foretold(reader, office, request, "extended", due=due, unit=unit, reason=why)
    return due, said


def _later(office: Office, order: Row, workdays: int) -> clocks.Due:
    calendar = office.policy.calendar
    return clocks.Due(*calendar.closing_after(calendar.day_of(order["due_at"]), workdays))


def decline(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    what: str,
    reason: str,
    now: datetime,
) -> Row:
    """The supervisor declines what was asked for: dates stay, and whoever asked hears it. Raises
    ``Refusal``."""
    casework.require_open(request)
    why = casework.need(reason, "refusal.reason_missing")
    asked = asked_for.require(tx, request, what)
    _is_decided(tx, actor, request, what, now)
    casework.record(
        tx, f"{what}_declined", actor, before=request, after=request, now=now, reason=why
    )
    asked_for.tell_declined(tx, office, request, asked, now)
    return request


def _grant_extension(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    workdays: int | None,
    now: datetime,
) -> Row:
    asked = asked_for.require(tx, request, EXTENSION)
    order = casework.lead_of(tx, request["id"])
    row = may_on_referral("extend", ReferralStatus(order["status"]), actor.role)
    days = workdays or int(asked.detail["workdays"])
    _may_extend(tx, office, request, order, days)
    due = _later(office, order, days)
    if due.at <= now:
        raise Refusal("refusal.extended_too_late", {"number": request["number"]})
    names = clockwork.handling(office, request, now)
    for clock in casework.running(tx, request["id"]):
        if clock["name"] in names and clock["due_at"] == order["due_at"]:
            clockwork.put_off(tx, office, request, clock, due, now)
    original = order["original_due_at"] or order["due_at"]
    casework.change_referral(tx, order, due_at=due.at, original_due_at=original)
    rank = Level(request["level"]).rank
    after = casework.change(tx, request, queue_key=queue_key(rank, due.at, request["id"]))
    _is_decided(tx, actor, request, EXTENSION, now)
    reason = str(asked.detail["reason"])
    casework.record(
        tx, "extended", actor, before=request, after=after, now=now, row=row, order=order["id"],
        reason=reason, workdays=days, asked_by=asked.by, was_due=order["due_at"].isoformat(),
        due=due.at.isoformat(),
    )  # fmt: skip
    unit = office.directory.unit.get(order["bureau"])
    tell(tx, office, after, "extended", due=due.at, now=now, unit=unit, reason=reason)
    return after


def _grant_suspension(
    tx: Transaction, office: Office, actor: Actor, request: Row, ground: str, now: datetime
) -> Row:
    asked = asked_for.require(tx, request, SUSPENSION)
    row = may("suspend", Status(request["status"]), actor.role)
    chosen = _ground(office, ground or str(asked.detail["ground"]))
    _help_came_first(tx, request)
    started = clockwork.follow(tx, office, request, row, now=now)
    last = started["CLK-SUSPEND"]["due_at"]
    after = casework.change(tx, request, status=row.to)
    _is_decided(tx, actor, request, SUSPENSION, now)
    casework.record(
        tx, "suspended", actor, before=request, after=after, now=now, row=row, ground=chosen.code,
        reason=str(asked.detail["reason"]), asked_by=asked.by, until=last.isoformat(),
    )  # fmt: skip
    language = correspondent(tx, office, request).language
    said = chosen.name_en if language.startswith("en") else chosen.name_zh
    unit = office.directory.unit.get(request["lead_bureau"])
    tell(tx, office, after, "suspended", due=last, now=now, unit=unit, reason=said)
    return after


def _ask(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    order: Row,
    what: str,
    row: str,
    now: datetime,
    **detail: Any,
) -> Row:
    if asked_for.pending(tx, request["id"], what) is not None:
        raise Refusal("refusal.asked_already", {"number": request["number"]})
    casework.record(
        tx, f"{what}_asked", actor, before=request, after=request, now=now, order=order["id"],
        asked_row=row, **detail,
    )  # fmt: skip
    supervisor = decides(tx, office, request, Rung.SUPERVISOR, now)
    rule = office.policy.clock(CLOCK, CASES[what], now.astimezone(ZONE).date())
    due = promises.start(tx, office, request, rule=rule, at=now, urgent=False)["due_at"]
    unit = supervisor.unit.code
    telling.ask(
        tx, office, _TASK[what], request, now=now, due=due, note=detail["reason"], unit=unit
    )
    telling.tell_staff(tx, office, "staff_decide", request, supervisor, due=due, now=now)
    return request


def _is_decided(tx: Transaction, actor: Actor, request: Row, what: str, now: datetime) -> None:
    casework.finish_tasks(tx, request["id"], _TASK[what], actor, now)
    casework.halt(tx, request["id"], (CLOCK,), now, case=CASES[what])


def _may_ask(
    tx: Transaction, office: Office, request: Row, order: Row, workdays: int | None, now: datetime
) -> None:
    number = {"number": request["number"]}
    if why := no_more_time(request):
        raise Refusal(why, number)
    _may_extend(tx, office, request, order, workdays)
    if now >= order["due_at"]:
        raise Refusal("refusal.asked_too_late", number)


def _may_extend(
    tx: Transaction, office: Office, request: Row, order: Row, workdays: int | None
) -> None:
    number = {"number": request["number"]}
    if Level(request["level"]).is_urgent:
        raise Refusal("refusal.urgent_not_extended", number)
    longest = int(float(office.policy.values["extension_max_workdays"].value))
    if workdays is None or not 1 <= workdays <= longest:
        raise Refusal("refusal.workdays", {"most": str(longest)}, 422)
    granted = casework.history(tx, request["id"], "extended")
    most = int(float(office.policy.values["extensions_max"].value))
    if sum(one.detail["order"] == order["id"] for one in granted) >= most:
        raise Refusal("refusal.extended_once", number)


def _help_came_first(tx: Transaction, request: Row) -> None:
    """An urgent request is not paused while the time for its relief still runs (I7)."""
    relief = any(clock["name"] == "CLK-RELIEF" for clock in casework.running(tx, request["id"]))
    if Level(request["level"]) is Level.LIFE_THREAT or (
        Level(request["level"]).is_urgent and relief
    ):
        raise Refusal("refusal.help_first", {"number": request["number"]})


def _ground(office: Office, code: str) -> Ground:
    found = office.policy.ground("suspend", code)
    if found is None:
        raise Refusal("refusal.ground", {"ground": code}, 422)
    return found


def _own_lead(tx: Transaction, office: Office, actor: Actor, request: Row, now: datetime) -> Row:
    units = casework.units_of(office, actor, now)
    return casework.own_referral(tx, request["id"], units, ReferralRole.LEAD)
