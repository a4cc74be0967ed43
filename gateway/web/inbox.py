"""The inbox of a bureau, a township or a worker in the field: what is theirs, what is due, done."""

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import access, acts, inboxes, tasks, unit_month, views, watching
from gateway.access import Actor
from gateway.bodies import Nothing
from gateway.state import State
from gateway.web import orderpage
from gateway.web.evidence import WithFiles
from gateway.web.rendering import state_of
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, staff_page, worded
from models.vocabulary import ReferralStatus
from referral import casework
from referral.casework import Refusal
from referral.lifecycle import Impossible

BASE = orderpage.BASE
PICKED = "pick-"

router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("")
def queue(request: Request, session: SignedIn) -> Response:
    """The unit's requests under one tab, due first."""
    return shown(request, session.actor, tab=request.query_params.get("tab", inboxes.TABS[0]))


@router.post("")
def sign_several(request: Request, session: SignedIn, form: Fields) -> Response:
    """Sign for those that were picked: one entry each, and what could not be signed is named."""
    access.allow(session.actor, "sign")
    fields = checked(session, form)
    picked = [name.removeprefix(PICKED) for name in fields if name.startswith(PICKED)]
    if not picked:
        refusal = Refusal("refusal.nothing_picked", status=422)
        return shown(request, session.actor, error=worded(request, refusal), status=422)
    state, refused = state_of(request), {}
    for number in picked:
        try:
            _sign(state, session.actor, number)
        except (Refusal, Impossible) as error:
            refused[number] = worded(request, error)
    signed = len(picked) - len(refused)
    if refused:
        return shown(request, session.actor, signed=signed, refused=refused, status=409)
    return RedirectResponse(f"{BASE}?tab={inboxes.TABS[0]}&signed={signed}", 303)


@router.get("/{number}")
def case(request: Request, session: SignedIn, number: str) -> Response:
    """One request as the unit's order."""
    access.allow(session.actor, "see_inbox")
    return orderpage.show(request, session, number)


@router.post("/{number}/{act}")
def act(request: Request, session: SignedIn, form: WithFiles, number: str, act: str) -> Response:
    """An act on it."""
    return orderpage.act(request, session, number, act, form)


def shown(
    request: Request,
    actor: Actor,
    *,
    tab: str = inboxes.TABS[0],
    error: str = "",
    signed: int | None = None,
    refused: Mapping[str, str] | None = None,
    typed: Mapping[int, str] | None = None,
    status: int = 200,
) -> Response:
    """The list of a unit under one tab, with what was refused and the notes that were typed."""
    access.allow(actor, "see_inbox")
    state = state_of(request)
    now, office = state.now(), state.offices.current()
    given = request.query_params.get("signed", "")
    if signed is None and given.isdecimal() and len(given) < 4:
        signed = int(given)
    may = actor.role in access.RIGHTS["see_tasks"]
    after = request.query_params.get("after")
    more: dict[str, Any] = {"rates": (), "last": None}
    with state.database.read() as reading:
        page = inboxes.page(reading, actor, office, tab, after=after, now=now)
        counts = inboxes.counts(reading, actor, office, now)
        waiting = tasks.waiting(reading, actor, office, now) if may else []
        if not page.entries:
            more["rates"] = unit_month.rates(reading, actor, office, now)
            more["last"] = views.last_arrival(reading, actor, office, now)
    if after:
        watching.listed(state.database, state.mint, actor, [e.line for e in page.entries], now)
    return staff_page(
        request,
        "inbox.html",
        status=status,
        page=page,
        counts=counts,
        tabs=inboxes.TABS,
        tab=tab,
        tasks=waiting,
        held=[],
        base=BASE,
        paged=bool(after),
        error=error,
        signed=signed,
        refused=refused or {},
        typed=typed or {},
        **more,
    )


def _sign(state: State, actor: Actor, number: str) -> None:
    """Sign for one. What this person has signed for already is signed: the list may be old."""
    now = state.now()
    try:
        acts.perform(state, actor, number, acts.ACTS["sign"], Nothing(), now=now)
    except Impossible:
        if not _signed_before(state, actor, number):
            raise


def _signed_before(state: State, actor: Actor, number: str) -> bool:
    office, now = state.offices.current(), state.now()
    with state.database.read() as reading:
        reader: Any = reading.connection()
        request = access.admit(reader, actor, office, number, act="sign", now=now)
        order = casework.own_referral(reader, request["id"], casework.units_of(office, actor, now))
    return bool(order["signed_by"] == actor.login and order["status"] != ReferralStatus.DISPATCHED)
