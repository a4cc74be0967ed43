"""Single sign-on in the browser: out to the provider and back."""

from datetime import timedelta

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import single_sign_on
from gateway.web import along, passes, unsent
from gateway.web.rendering import state_of
from gateway.web.staff import StaffRoute, inside, let_in, origin_of

PASS = "sso"  # noqa: S105 the name of a cookie
HOLDS = timedelta(minutes=10)
LONGEST = 300

router = APIRouter(prefix="/sso", route_class=StaffRoute, include_in_schema=False)


@router.get("")
def out(request: Request) -> Response:
    """To the provider. What must come back with the browser is in a signed cookie."""
    begun = single_sign_on.begin(state_of(request).settings)
    answer = RedirectResponse(begun.address, 303)
    wanted = inside(request.query_params.get("next", "")[:LONGEST])
    passes.give(request, answer, PASS, {**begun.kept, "next": wanted}, holds=HOLDS)
    return answer


@router.get("/callback")
def back(request: Request) -> Response:
    """Back from the provider, to the page that was wanted, with what was typed there; the passes
    are given up when somebody is let in."""
    state = state_of(request)
    kept = passes.shown(request, PASS)
    given = dict(request.query_params)
    key = single_sign_on.finish(state, kept, given, *origin_of(request))
    left = along.back(request)
    if left is not None:
        unsent.keep(state, key, left)
    answer = let_in(request, key, left.page if left else (kept or {}).get("next", ""))
    passes.take(request, answer, PASS)
    along.forget(request, answer)
    return answer
