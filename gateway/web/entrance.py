"""The door for staff: signing in, one-time links, signing out, and the code that binds a chat."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import access, accounts, refusals, sessions
from gateway.web import along, known, unsent
from gateway.web.rendering import state_of
from gateway.web.staff import (
    Fields,
    SignedIn,
    StaffRoute,
    checked,
    home,
    let_in,
    origin_of,
    session_of,
    sign_in_page,
    staff_page,
    worded,
)
from models.transaction import acting
from referral import hands
from referral.casework import Refusal

router = APIRouter(route_class=StaffRoute, include_in_schema=False)


@router.get("/sign-in")
def sign_in_form(request: Request) -> Response:
    """The form; whoever is signed in goes on to work."""
    try:
        return RedirectResponse(home(session_of(request).actor), 303)
    except sessions.NotSignedIn:
        return sign_in_page(request, wanted=request.query_params.get("next", ""))


@router.post("/sign-in")
def sign_in(request: Request, form: Fields) -> Response:
    """Check the password, open a session, set the cookie; what came along becomes a draft."""
    state = state_of(request)
    login, password = form.get("login", ""), form.get("password", "")
    left = unsent.come_along(form)
    try:
        mark = known.mark(request, sessions.named(login))
        key = sessions.sign_in(state, login, password, *origin_of(request), known=mark)
    except Refusal as error:
        refusals.note(request, state, error)
        return sign_in_page(
            request,
            status=error.status,
            error=worded(request, error),
            login=login,
            wanted=form.get("next", ""),
            left=left,
        )
    if left is not None:
        unsent.keep(state, key, left)
    answer = let_in(request, key, form.get("next", ""))
    along.forget(request, answer)
    return answer


@router.get("/sign-in/{token}")
def link_form(request: Request, token: str) -> Response:
    """A one-time link asks for a password; opening it does not use it up."""
    return _link_page(request, token, "")


@router.post("/sign-in/{token}")
def use_link(request: Request, token: str, form: Fields) -> Response:
    """Set the password, open a session."""
    state = state_of(request)
    password = form.get("password", "")
    try:
        if password != form.get("again", ""):
            raise Refusal("refusal.passwords_differ", status=422)
        key = sessions.use_link(state, token, password, *origin_of(request))
    except Refusal as error:
        if error.status != 422:
            raise
        return _link_page(request, token, worded(request, error), status=422)
    return let_in(request, key, "")


def _link_page(request: Request, token: str, error: str, *, status: int = 200) -> Response:
    login = sessions.link_holder(state_of(request), token)
    if login is None:
        raise Refusal("refusal.link", status=410)
    return staff_page(
        request,
        "set_password.html",
        status=status,
        error=error,
        login=login,
        shortest=accounts.SHORTEST_PASSWORD,
    )


@router.post("/sign-out")
def sign_out(request: Request, session: SignedIn, form: Fields) -> Response:
    """End the session; whoever still has matters at the desk hands them over first."""
    checked(session, form)
    state = state_of(request)
    try:
        with state.database.read() as reading:
            hands.require_free_to_leave(
                reading.connection(), state.offices.current(), session.actor, state.now()
            )
    except Refusal as refusal:
        refusals.note(request, state, refusal)
        said, status = worded(request, refusal), refusal.status
        return staff_page(
            request, "refused.html", status=status, error=said, looking=False, leaving=True
        )
    sessions.sign_out(state, session)
    answer = RedirectResponse("/sign-in", 303)
    answer.delete_cookie(
        sessions.cookie_name(state.settings),
        path="/",
        secure=sessions.is_secure(state.settings),
        httponly=True,
        samesite="lax",
    )
    return answer


@router.post("/bind")
def bind(request: Request, session: SignedIn, form: Fields) -> Response:
    """Show a code that binds a chat to the account."""
    checked(session, form)
    access.allow(session.actor, "bind")
    state = state_of(request)
    with acting(state.database, state.mint) as tx:
        code = accounts.bind_code(tx, session.actor.login, state.now())
    return staff_page(request, "bind.html", code=code)
