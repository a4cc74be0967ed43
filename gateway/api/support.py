"""What every JSON route shares: who calls, how a refusal is said, how large a body may be."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from gateway import exporting, hooks, refusals, sentences, sessions
from gateway.access import Actor, Partner, Viewer
from gateway.called import caller
from gateway.state import State
from referral.casework import Refusal
from referral.lifecycle import Impossible

BEARER = "bearer "


class ApiRoute(APIRoute):
    """A route whose refusals are one sentence in JSON and whose body has a limit."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with its outcome worded."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                if request.method == "POST":
                    # Read here, so that no body is larger than the limit, announced or not.
                    raw = await hooks.raw_of(request, state_of(request).settings, "")
                    request._body = raw.body
                return await handler(request)
            except sessions.NotSignedIn:
                return refused(request, Refusal("refusal.not_signed_in", status=401))
            except (Refusal, Impossible) as error:
                return refused(request, error)

        return guarded


def refused(request: Request, error: Refusal | Impossible) -> JSONResponse:
    """The refusal as JSON: the sentence, and its key for machines."""
    refusals.note(request, state_of(request), error)
    office = state_of(request).offices.current()
    spoken = sentences.language(request.headers.get("accept-language"), office.phrases)
    status = sentences.status_of(error)
    happened = [{**one, "at": exporting.local(one["at"])} for one in getattr(error, "happened", ())]
    return JSONResponse(
        {
            "error": sentences.sentence(office.phrases, error, spoken, caller(office, spoken)),
            "key": error.key,
            **({"meanwhile": happened} if happened else {}),
        },
        status,
        {"www-authenticate": "Bearer"} if status == 401 else None,
    )


def state_of(request: Request) -> State:
    """The process that this call came to."""
    state: State = request.app.state.huiyin
    return state


def bearer(request: Request) -> Partner | None:
    """The partner system whose token the call bears; None without one. Raises ``NotSignedIn``."""
    given = request.headers.get("authorization", "")
    if not given.lower().startswith(BEARER):
        return None
    with state_of(request).database.read() as session:
        return sessions.partner(session, given[len(BEARER) :].strip())


def session_of(request: Request) -> sessions.SignedIn:
    """The session of the cookie; a change must bring its token in X-CSRF-Token. Raises
    ``NotSignedIn`` or ``Refusal``."""
    state = state_of(request)
    key = request.cookies.get(sessions.cookie_name(state.settings))
    found = sessions.signed_in(state, key, touch=sessions.is_by_hand(request.headers))
    if request.method not in ("GET", "HEAD"):
        sessions.require_token(found, request.headers.get("x-csrf-token"))
    return found


def actor_of(request: Request) -> Actor:
    """The member of staff who calls; a partner's token is none."""
    if bearer(request) is not None:
        raise Refusal("refusal.scope", {"scope": "act"}, 403)
    return session_of(request).actor


def viewer_of(request: Request) -> Viewer:
    """Who looks: a partner system or a member of staff."""
    return bearer(request) or session_of(request).actor


Staff = Annotated[Actor, Depends(actor_of)]
Looker = Annotated[Viewer, Depends(viewer_of)]
Process = Annotated[State, Depends(state_of)]
