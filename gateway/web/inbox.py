"""The inbox of a bureau, a township or a worker in the field: to sign, under way, finished."""

from fastapi import APIRouter, Request, Response

from gateway import access, tasks, views
from gateway.web import casepage
from gateway.web.rendering import state_of
from gateway.web.staff import Fields, SignedIn, StaffRoute, staff_page

BASE, TEMPLATE = "/inbox", "referral_page.html"
TABS = tuple(name for name, where in views.TABS.items() if where == "inbox")

router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("")
def queue(request: Request, session: SignedIn) -> Response:
    """The unit's requests under one tab, due first."""
    actor = session.actor
    access.allow(actor, "see_inbox")
    state = state_of(request)
    now, office = state.now(), state.offices.current()
    tab = request.query_params.get("tab", TABS[0])
    with state.database.read() as reading:
        page = views.queue(
            reading,
            actor,
            office,
            where=views.tab(tab, actor, office, now),
            after=request.query_params.get("after"),
            now=now,
        )
        counts = views.counts(reading, actor, office, TABS, now)
        may = actor.role in access.RIGHTS["see_tasks"]
        waiting = tasks.waiting(reading, actor, office, now) if may else []
        last = None if page.lines else views.last_arrival(reading, actor, office, now)
    return staff_page(
        request,
        "inbox.html",
        page=page,
        counts=counts,
        tabs=TABS,
        tab=tab,
        tasks=waiting,
        held=[],
        last=last,
        base=BASE,
        paged=bool(request.query_params.get("after")),
    )


@router.get("/{number}")
def case(request: Request, session: SignedIn, number: str) -> Response:
    """One request as the unit's order."""
    access.allow(session.actor, "see_inbox")
    return casepage.show(request, session, number, base=BASE, template=TEMPLATE)


@router.post("/{number}/{act}")
def act(request: Request, session: SignedIn, form: Fields, number: str, act: str) -> Response:
    """An act on it."""
    return casepage.act(request, session, number, act, form, base=BASE, template=TEMPLATE)
