"""One's own account: where it is signed in, its password, its second factor; recoveries that wait
for a second person."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import (
    access,
    accounts,
    devices,
    house,
    proving,
    recovering,
    refusals,
    second_factor,
    sessions,
)
from gateway.web import held_back
from gateway.web.rendering import state_of
from gateway.web.staff import (
    Fields,
    SignedIn,
    StaffRoute,
    checked,
    confirm_page,
    inside,
    let_in,
    origin_of,
    staff_page,
    with_session,
    worded,
)
from models.ids import Id
from models.transaction import acting
from referral.casework import Refusal

router = APIRouter(prefix="/account", route_class=StaffRoute, include_in_schema=False)


@router.get("")
def account(request: Request, session: SignedIn) -> Response:
    """The sessions and what can be changed."""
    access.allow(session.actor, "account")
    return _page(request, session)


@router.get("/confirm")
def confirm_form(request: Request, session: SignedIn) -> Response:
    """Who is at the keyboard? Asked before a dangerous act."""
    access.allow(session.actor, "account")
    return confirm_page(request, inside(request.query_params.get("next", "")))


@router.post("/confirm")
def confirm(request: Request, session: SignedIn, form: Fields) -> Response:
    """Check the proof, go back to what was wanted; a form that was held back is shown with all that
    was typed, to be sent with one press."""
    fields = checked(session, form)
    access.allow(session.actor, "account")
    state, wanted = state_of(request), inside(fields.get("next", ""))
    held = held_back.come_back({**fields, "next": wanted}, inside(fields.get("held_to", "")))
    password, code = fields.get("password", ""), fields.get("code", "")
    try:
        key = proving.confirm(state, session, password, code, *origin_of(request))
    except Refusal as error:
        refusals.note(request, state, error)
        return confirm_page(
            request, wanted, held=held, status=error.status, error=worded(request, error)
        )
    if held is None:
        return let_in(request, key, wanted)
    request.state.signed_in = sessions.signed_in(state, key)
    return with_session(request, staff_page(request, "proved.html", held=held), key)


@router.post("/sessions/{mark}/end")
def end(request: Request, session: SignedIn, form: Fields, mark: str) -> Response:
    """End one of one's own sessions; ``others`` ends all but this one."""
    checked(session, form)
    access.allow(session.actor, "account")
    devices.end(state_of(request), session, mark)
    return RedirectResponse("/account", 303)


@router.post("/password")
def password(request: Request, session: SignedIn, form: Fields) -> Response:
    """A new password for oneself."""
    fields = checked(session, form)
    access.allow(session.actor, "account")
    state, new = state_of(request), fields.get("new", "")
    try:
        if new != fields.get("again", ""):
            raise Refusal("refusal.passwords_differ", status=422)
        old = fields.get("password", "")
        key = proving.change_password(state, session, old, new, *origin_of(request))
    except Refusal as error:
        refusals.note(request, state, error)
        return _page(request, session, status=error.status, error=worded(request, error))
    return let_in(request, key, "/account")


@router.post("/telephone")
def telephone(request: Request, session: SignedIn, form: Fields) -> Response:
    """Give up the second factor for a new one."""
    checked(session, form)
    access.allow(session.actor, "account")
    proving.change_telephone(state_of(request), session)
    return RedirectResponse("/sign-in", 303)


@router.post("/recoveries")
def ask_recovery(request: Request, session: SignedIn, form: Fields) -> Response:
    """Ask that a colleague be let in anew."""
    fields = checked(session, form)
    actor, state = session.actor, state_of(request)
    access.allow(actor, "ask_recovery")
    sessions.require_recent(session, state.now())
    with acting(state.database, state.mint) as tx:
        login, why = fields.get("login", "").strip(), fields.get("reason", "")
        recovering.ask(tx, login, why, by=actor.login, now=state.now())
    return RedirectResponse("/account", 303)


@router.post("/recoveries/{recovery_id}")
def decide(request: Request, session: SignedIn, form: Fields, recovery_id: Id) -> Response:
    """Agree or not; who agrees hands the one-time link to its owner."""
    fields = checked(session, form)
    actor, state = session.actor, state_of(request)
    access.allow(actor, "agree_recovery")
    sessions.require_recent(session, state.now())
    agree = fields.get("agree") == "yes"
    with acting(state.database, state.mint) as tx:
        found = recovering.decide(tx, recovery_id, actor, agree=agree, now=state.now())
    if found is None:
        return RedirectResponse("/account", 303)
    login, token = found
    link = house.link_of(state.settings, token)
    return staff_page(request, "recovered.html", login=login, link=link)


def _page(
    request: Request, session: sessions.SignedIn, *, status: int = 200, error: str = ""
) -> Response:
    state, actor = state_of(request), session.actor
    may_agree = actor.role in access.RIGHTS["agree_recovery"]
    with state.database.read() as reading:
        reader = reading.connection()
        mine = devices.of(reader, session, state.now())
        has_code = second_factor.is_set(reader, actor.login)
        asked = recovering.waiting(reader, state.now()) if may_agree else []
    return staff_page(
        request,
        "account.html",
        status=status,
        mine=mine,
        has_code=has_code,
        asked=asked,
        shortest=accounts.SHORTEST_PASSWORD,
        error=error,
    )
