"""The queue of the desk: tabs, filters, rows, the panel beside them; fragments for a live page."""

import re
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import access, calls, filters, handovers, neglect, searching, tasks, views, watching
from gateway.sessions import SignedIn as Session
from gateway.web import casepage, sought
from gateway.web.rendering import language_of, state_of
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, staff_page
from models import numbers
from models.transaction import acting
from models.vocabulary import Level
from referral.directory import ZONE
from referral.office import Office
from referral.wording import named

BASE = "/desk"
TABS = tuple(name for name, where in views.TABS.items() if where == "desk")
CHANNELS = (
    "phone",
    "sms",
    "chat",
    "web_form",
    "walk_in",
    "grid_app",
    "warning_lead",
    "transfer_in",
)
_ONLY_NUMBER = re.compile(r"(?:HY)? *20[\d -]+", re.ASCII)

router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("")
def queue(request: Request, session: SignedIn) -> Response:
    """The queue under one tab, the counts of all, and what waits. A search that finds exactly one
    request leads there; words in an address are not looked for."""
    asked = request.query_params
    if asked.get("q") and not _number(asked["q"]):
        access.allow(session.actor, "see_desk")
        return RedirectResponse(_under(asked.get("tab", "")), 303)
    return shown(request, session, "desk.html")


@router.post("")
def search(request: Request, session: SignedIn, form: Fields) -> Response:
    """Look for requests. Only a number may stand in the address."""
    fields = checked(session, form)
    access.allow(session.actor, "see_desk")
    tab = fields.get("tab", "")
    said, tab = fields.get("q", "").strip()[: filters.LONGEST], tab if tab in TABS else ""
    if number := _number(said):
        return RedirectResponse(f"{BASE}?{urlencode({'tab': tab or TABS[0], 'q': number})}", 303)
    return sought.keep(request, session.actor, BASE, {"q": said}, tab=tab)


@router.get("/rows")
def rows(request: Request, session: SignedIn) -> Response:
    """Only what changes by itself: tabs with counts, rows, work that waits."""
    return shown(request, session, "desk_rows.html")


def shown(
    request: Request, session: Session, template: str, *, status: int = 200, **more: Any
) -> Response:
    """The queue, with ``more`` for the template: what was refused, and what was typed."""
    actor = session.actor
    access.allow(actor, "see_desk")
    state = state_of(request)
    now, office = state.now(), state.offices.current()
    asked = request.query_params
    tab, mark = asked.get("tab", TABS[0]), sought.mark_of(request)
    number = _number(asked.get("q", ""))
    with state.database.read() as reading:
        said = number or sought.of(request, reading, actor, ("q",))["q"]
        chosen = filters.of(reading, actor.login)
        by, where = views.ways(tab, actor, office, now), chosen.conditions(office)
        found = None
        if said:
            after = asked.get("after") or None
            found = searching.search(reading, actor, office, said, after=after, now=now)
            page = found.page
        else:
            page = views.queue(
                reading, actor, office, where=where, by=by, after=asked.get("after"), now=now
            )
        context: dict[str, Any] = {
            "counts": views.counts(reading, actor, office, TABS, now),
            "tasks": tasks.waiting(reading, actor, office, now) if _may(actor, "see_tasks") else [],
            "held": tasks.held(reading, actor) if _may(actor, "see_held") else [],
            "shift": handovers.of(reading, actor, office, state.now())
            if _may(actor, "offer_handover")
            else None,
            "leaving": bool(asked.get("handover")),
            "last": None if page.lines else views.last_arrival(reading, actor, office, now),
            "speaking": calls.speaking(reading, office, now),
            "unclaimed": neglect.unclaimed(reading, actor, office, now),
        }
    if asked.get("after"):
        watching.listed(state.database, state.mint, actor, page.lines, now)
    if found and found.whom:
        with acting(state.database, state.mint) as tx:
            searching.keep(tx, actor, found, now)
    if found and found.on is None and len(page.lines) == 1 and template == "desk.html":
        return RedirectResponse(f"{BASE}/{page.lines[0].number}", 303)
    return staff_page(
        request,
        template,
        page=page,
        tabs=TABS,
        tab=tab,
        said=said,
        sought=urlencode({"q": number} if number else {sought.MARK: mark} if said else {}),
        found=found,
        chosen=chosen,
        choices=_choices(office, request),
        base=BASE,
        after=asked.get("after", ""),
        status=status,
        **context,
        **more,
    )


def _number(said: str) -> str:
    """The number of a request when that is all that was typed; a telephone is none."""
    found = numbers.normal(said) if _ONLY_NUMBER.fullmatch(said.strip().upper()) else None
    return found or ""


def _may(actor: access.Actor, act: str) -> bool:
    return actor.role in access.RIGHTS[act]


def _choices(office: Office, request: Request) -> dict[str, Any]:
    """What the filters offer, and what codes of a row are called."""
    day, language = state_of(request).now().astimezone(ZONE).date(), language_of(request)
    directory, rows = office.directory, office.policy.routes
    units = {one.code: named(one, language) for one in directory.units}
    return {
        "areas": [(one.code, one.name) for one in directory.places if one.kind == "township"],
        "services": {one.service: named(one, language) for one in rows if one.in_force(day)},
        "channels": CHANNELS,
        "leads": [(one.code, units[one.code]) for one in directory.units if one.serves_on(day)],
        "units": units,
        "levels": tuple(Level),
    }


@router.post("/filters")
def keep_filters(request: Request, session: SignedIn, form: Fields) -> Response:
    """Keep the filters of this person, and show the queue with them."""
    fields = checked(session, form)
    access.allow(session.actor, "see_desk")
    tab = fields.pop("tab", "")
    state = state_of(request)
    with acting(state.database, state.mint) as tx:
        filters.keep(tx, session.actor.login, filters.read(fields))
    return RedirectResponse(_under(tab), 303)


def _under(tab: str) -> str:
    return f"{BASE}?tab={tab}" if tab in TABS else BASE


@router.get("/{number}/panel")
def panel(request: Request, session: SignedIn, number: str) -> Response:
    """One request beside the queue; looking is recorded as on its own page."""
    access.allow(session.actor, "see_desk")
    return casepage.show(request, session, number, base=BASE, template="desk_panel.html", part=True)


@router.get("/{number}/facts")
def facts(request: Request, session: SignedIn, number: str) -> Response:
    """What an open page shows again when something happened; its forms stay as they are."""
    access.allow(session.actor, "see_desk")
    return casepage.show(request, session, number, base=BASE, template="case_facts.html", part=True)
