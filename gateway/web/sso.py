"""Single sign-on in the browser: out to the provider and back."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import single_sign_on
from gateway.web import passes
from gateway.web.rendering import state_of
from gateway.web.staff import StaffRoute, let_in, origin_of

PASS = "sso"  # noqa: S105 the name of a cookie
HOLDS = timedelta(minutes=10)

router = APIRouter(prefix="/sso", route_class=StaffRoute, include_in_schema=False)


@router.get("")
def out(request: Request) -> Response:
    """To the provider. What must come back with the browser is in a signed cookie."""
    begun = single_sign_on.begin(state_of(request).settings)
    answer = RedirectResponse(begun.address, 303)
    passes.give(request, answer, PASS, begun.kept, holds=HOLDS)
    return answer


@router.get("/callback")
def back(request: Request) -> Response:
    """Back from the provider; the pass is given up when it has let somebody in."""
    state = state_of(request)
    kept = passes.shown(request, PASS)
    given = dict(request.query_params)
    key = single_sign_on.finish(state, kept, given, *origin_of(request))
    answer = let_in(state, key, "")
    secure = state.settings.public_url.startswith("https:")
    answer.delete_cookie(passes.cookie(request, PASS), secure=secure, httponly=True, samesite="lax")
    return answer
