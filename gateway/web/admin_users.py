"""The accounts of staff: found, added, moved, closed, let in. What is dangerous asks who is at the
keyboard first."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import access, accounts, recovering, sessions, staffing
from gateway.access import Actor
from gateway.web import sought
from gateway.web.rendering import state_of
from gateway.web.shown_again import NOTHING, Refused, refused
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, staff_page
from models.transaction import Transaction, acting
from models.vocabulary import Role
from referral.casework import Refusal

BASE = "/admin/users"
LONGEST = 60

router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("")
def listed(request: Request, session: SignedIn) -> Response:
    """A page of accounts; words in an address are not looked for."""
    access.allow(session.actor, "administer")
    if "q" in request.query_params:
        return RedirectResponse(BASE, 303)
    return _list(request, session.actor)


@router.post("/search")
def search(request: Request, session: SignedIn, form: Fields) -> Response:
    """Look for accounts by part of a login, a unit or a name."""
    fields = checked(session, form)
    access.allow(session.actor, "administer")
    said = {"q": fields.get("q", "")[:LONGEST]}
    beside = {name: fields.get(name, "").strip()[:LONGEST] for name in ("role", "unit")}
    return sought.keep(request, session.actor, BASE, said, **beside)


@router.post("")
def add(request: Request, session: SignedIn, form: Fields) -> Response:
    """A new account, without a password."""
    fields = checked(session, form)
    access.allow(session.actor, "administer")
    state, actor = state_of(request), session.actor
    try:
        with acting(state.database, state.mint) as tx:
            login = staffing.add(tx, fields, fields.get("reason", ""), actor, state.now())
    except Refusal as error:
        return _list(request, actor, why=refused(request, error), typed=fields)
    state.offices.refresh()
    return RedirectResponse(_at(login), 303)


@router.get("/one")
def one(request: Request, session: SignedIn) -> Response:
    """An account, with what can be done about it."""
    access.allow(session.actor, "administer")
    return _one(request, request.query_params.get("login", ""))


@router.post("/transfer")
def transfer(request: Request, session: SignedIn, form: Fields) -> Response:
    """Another role, unit or area; what was held in the old unit is handed on."""
    fields = checked(session, form)
    access.allow(session.actor, "administer")
    state, actor, login = state_of(request), session.actor, fields.get("login", "")
    sessions.require_recent(session, state.now())

    def act(tx: Transaction) -> str:
        return staffing.transfer(tx, login, fields, fields.get("reason", ""), actor, state.now())

    def after(left: str) -> None:
        office = state.offices.refresh()
        if left:
            with acting(state.database, state.mint) as tx:
                staffing.hand_on(tx, office, login, left, actor, state.now())

    return _done(request, login, fields, act, after)


@router.post("/close")
def close(request: Request, session: SignedIn, form: Fields) -> Response:
    """Disable an account."""
    fields = checked(session, form)
    access.allow(session.actor, "administer")
    state, actor, login = state_of(request), session.actor, fields.get("login", "")
    sessions.require_recent(session, state.now())

    def act(tx: Transaction) -> None:
        staffing.close(tx, login, fields.get("reason", ""), actor, state.now())

    return _done(request, login, fields, act, lambda _: state.offices.refresh())


@router.post("/link")
def link(request: Request, session: SignedIn, form: Fields) -> Response:
    """A one-time link for somebody who was never let in; it is shown this once."""
    fields = checked(session, form)
    access.allow(session.actor, "administer")
    state, actor, login = state_of(request), session.actor, fields.get("login", "")
    sessions.require_recent(session, state.now())
    try:
        with acting(state.database, state.mint) as tx:
            token = staffing.link(tx, login, actor, state.now())
    except Refusal as error:
        if error.status == 404:
            raise
        return _one(request, login, why=refused(request, error))
    address = f"{state.settings.public_url.rstrip('/')}/sign-in/{token}"
    return _one(request, login, link=address)


@router.post("/recovery")
def recovery(request: Request, session: SignedIn, form: Fields) -> Response:
    """Password or telephone is lost: asked here, agreed to by a second person."""
    fields = checked(session, form)
    access.allow(session.actor, "ask_recovery")
    access.allow(session.actor, "administer")
    state, actor, login = state_of(request), session.actor, fields.get("login", "")

    def act(tx: Transaction) -> None:
        recovering.ask(tx, login, fields.get("reason", ""), by=actor.login, now=state.now())

    return _done(request, login, fields, act, lambda _: None)


def _done(
    request: Request,
    login: str,
    fields: Mapping[str, str],
    act: Callable[[Transaction], Any],
    after: Callable[[Any], object],
) -> Response:
    state = state_of(request)
    try:
        with acting(state.database, state.mint) as tx:
            result = act(tx)
    except Refusal as error:
        if error.status == 404:
            raise
        return _one(request, login, why=refused(request, error), typed=fields)
    after(result)
    return RedirectResponse(_at(login), 303)


def _at(login: str) -> str:
    return f"/admin/users/one?login={quote(login)}"


_FIELDS = ("login", "name", "role", "unit", "area", "phone", "reason")


def _list(
    request: Request,
    actor: Actor,
    *,
    why: Refused = NOTHING,
    typed: Mapping[str, str] | None = None,
) -> Response:
    state = state_of(request)
    asked = {
        name: request.query_params.get(name, "").strip()[:LONGEST]
        for name in ("role", "unit", "after")
    }
    with state.database.read() as reading:
        asked |= sought.of(request, reading, actor, ("q",))
        found = staffing.listed(
            reading.connection(),
            words=asked["q"],
            role=asked["role"],
            unit=asked["unit"],
            after=asked["after"],
        )
    more = len(found) > staffing.PAGE
    shown = found[: staffing.PAGE]
    return staff_page(
        request,
        "admin_users.html",
        status=why.status,
        found=shown,
        after=shown[-1].login if more else "",
        asked=asked,
        mark=sought.mark_of(request) if asked["q"] else "",
        error=why.error,
        faults=why.faults,
        typed={**dict.fromkeys(_FIELDS, ""), **(typed or {})},
        **_choices(request),
    )


def _one(
    request: Request,
    login: str,
    *,
    why: Refused = NOTHING,
    typed: Mapping[str, str] | None = None,
    link: str = "",
) -> Response:
    state = state_of(request)
    with state.database.read() as reading:
        account = staffing.one(reading.connection(), login)
        opened = accounts.was_opened(reading.connection(), login, state.now())
        asked = [
            one
            for one in recovering.waiting(reading.connection(), state.now())
            if one.login == login
        ]
    standing = {"role": account.role, "unit": account.unit, "area": account.area or ""}
    return staff_page(
        request,
        "admin_user.html",
        status=why.status,
        account=account,
        opened=opened,
        asked=asked,
        error=why.error,
        faults=why.faults,
        link=link,
        typed={**dict.fromkeys(_FIELDS, ""), **standing, **(typed or {})},
        **_choices(request),
    )


def _choices(request: Request) -> dict[str, Any]:
    directory = state_of(request).offices.current().directory
    return {
        "roles": [role.value for role in Role],
        "units": directory.units,
        "places": directory.places,
        "place": directory.place,
    }
