"""Whose silence a clock is: the request as its reminders see it, and who reads them. The board says
by the same who is late and who is told next."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from referral import rungs
from referral.clocks import Rung
from referral.directory import HOTLINE, ZONE, Answerable
from referral.office import Office

BY_A_BUREAU = ("CLK-SIGN", "CLK-COOP")
"""Clocks of one bureau's order: the bureau that is silent is reminded, not who holds the request.
Of CLK-ARBITRATE those are reminded who decide."""

_BELOW = (Rung.HOLDER, Rung.UNIT_DUTY, Rung.BUREAU_HEAD)


def at_the_bureau(
    office: Office, request: Mapping[str, Any], order: Any, now: datetime
) -> Mapping[str, Any]:
    """The request as the reminders of an order's clock see it: with the bureau that owes its part,
    and who signed there. As it is where that unit holds the request."""
    unit = office.directory.current(order.bureau, now.astimezone(ZONE).date())
    if unit is None or unit.code == request["holder_unit"]:
        return request
    signer = office.directory.member(unit, order.signed_by)
    person = signer.login if signer else ""
    return {**request, "holder_unit": unit.code, "holder_person": person, "held_as": "order"}


def at_who_decides(office: Office, request: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
    """The request as the clock of what a bureau asked for sees it: with the supervisor who has not
    decided."""
    above = rungs.who(office, request, Rung.SUPERVISOR, now)
    return {**request, "holder_unit": above.unit.code, "holder_person": above.officer.login}


def reader(
    office: Office, clock: Any, request: Mapping[str, Any], rung: Rung, now: datetime
) -> tuple[Answerable, str]:
    """Who reads this step of a clock's ladder, and the telephone, "" for none."""
    if clock.name == "CLK-ARBITRATE" and clock.referral_id and rung in _BELOW:
        day = now.astimezone(ZONE).date()  # those who decide are reminded, not those who asked
        decides = office.directory.answerable(office.directory.responsible(HOTLINE, None, day), now)
        return decides, decides.officer.phone or decides.unit.duty_phone
    return rungs.reached(office, request, rung, now)
