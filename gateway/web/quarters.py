"""A unit's quarter on a page: the figures with their lists, what was told, what differs since."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import access, posts, quarter_closing, unsaid
from gateway.quarter import Quarter, report
from gateway.quarter_figures import without
from gateway.web import relief
from gateway.web.rendering import language_of, state_of
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, staff_page, worded
from models.transaction import acting
from models.vocabulary import Role
from referral.casework import Actor, Refusal, units_of
from referral.office import Office
from referral.wording import named

BASE = "/reports/quarter"
AT_THE_DESK = (Role.OPERATOR, Role.DISPATCHER, Role.DUTY_LEAD, Role.SUPERVISOR, Role.AUDITOR)
router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("")
def page(request: Request, session: SignedIn) -> Response:
    """The quarter of a unit as told and as it is now; ``print=1`` for paper."""
    access.allow(session.actor, "see_reports")
    return _page(request, session.actor)


@router.post("/close")
def close(request: Request, session: SignedIn, form: Fields) -> Response:
    """Close the quarter under the name of who is signed in."""
    fields, state = checked(session, form), state_of(request)
    unit, quarter = fields.get("unit", ""), fields.get("quarter", "")
    try:
        with acting(state.database, state.mint) as tx:
            office = state.offices.current()
            quarter_closing.close(
                tx, office, session.actor, unit=unit, quarter=quarter, now=state.now()
            )
    except Refusal as error:
        if error.key not in ("refusal.quarter_closed", "refusal.quarter_not_over"):
            raise
        return _page(request, session.actor, (unit, quarter), error)
    return RedirectResponse(f"{BASE}?{urlencode({'unit': unit, 'quarter': quarter})}", 303)


def _page(
    request: Request,
    actor: Actor,
    asked: tuple[str, str] | None = None,
    error: Refusal | None = None,
) -> Response:
    state = state_of(request)
    now, office = state.now(), state.offices.current()
    units = _units(office, actor, now, language_of(request))
    given = request.query_params
    last = Quarter(*relief.last_quarter(now))
    unit, quarter = asked or (given.get("unit", ""), given.get("quarter"))
    with state.database.read() as reading:
        first = units[0][0] if units else ""
        span = quarter_closing.asked(unit or first, quarter or str(last), office)
        busy = quarter_closing.with_orders(reading, actor, office, now, span)
        unit = unit or next((code for code, _ in units if code in busy), first)
        quarter_closing.require_own(actor, office, unit, now)
        told = quarter_closing.kept(reading, unit, span)
        # what was told was counted for nobody in particular, and so is what is held against it
        found = report(reading, office, unit, span, now=now, viewer=None if told else actor)
        hidden = unsaid.numbers(reading.connection(), actor, office, now)
        closed = quarter_closing.closed_units(reading, span)
        liaison = posts.holder(posts.holders(reading.connection()), office, unit, posts.LIAISON)
        open_ones = {code: name for code, name in units if code not in closed}
        owed = posts.owed(reading.connection(), office, open_ones, span, now)
    return staff_page(
        request,
        "quarter.html",
        status=error.status if error else 200,
        error=worded(request, error) if error else "",
        base=BASE,
        unit=unit,
        units=units,
        closed=closed,
        liaison=liaison,
        due=posts.due(office, span),
        owed=[one for one in owed if one.unit in busy],
        idle=[one for one in owed if one.unit not in busy],
        quarter=str(span),
        quarters=_quarters(last, span),
        over=now >= span.span[1],
        told=told,
        figures=without(told.figures, hidden) if told else found.as_json(),
        teller=_teller(office, told),
        changed=quarter_closing.differences(told, found, hidden) if told else (),
        rules={rule.code: rule for rule in office.policy.rates},
        case="/desk" if actor.role in AT_THE_DESK else "/inbox",
        printing="print" in given,
    )


def _units(office: Office, actor: Actor, now: Any, language: str) -> list[tuple[str, str]]:
    own = set(units_of(office, actor, now)) if actor.role in quarter_closing.OWN else None
    return [
        (unit.code, named(unit, language))
        for unit in office.directory.units
        if own is None or unit.code in own
    ]


def _quarters(last: Quarter, asked: Quarter) -> list[tuple[str, str]]:
    """Those to choose from, the newest first: the one that runs, two years before it, and the one
    that was asked for."""
    count = last.year * 4 + last.number
    names = [
        str(Quarter((at - 1) // 4, (at - 1) % 4 + 1)) for at in range(count + 1, count - 8, -1)
    ]
    names += [] if str(asked) in names else [str(asked)]
    return [(name, name) for name in names]


def _teller(office: Office, told: quarter_closing.Kept | None) -> str:
    officer = office.directory.officer.get(told.closed_by) if told else None
    return officer.name if officer else told.closed_by if told else ""
