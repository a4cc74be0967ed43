"""The second step of signing in: a code from the telephone, the first time with its picture."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from gateway import proving, refusals, second_factor, sessions
from gateway.sessions import HalfWay
from gateway.web.rendering import state_of
from gateway.web.staff import Fields, StaffRoute, inside, let_in, origin_of, staff_page, worded
from referral.casework import Refusal

router = APIRouter(prefix="/second-factor", route_class=StaffRoute, include_in_schema=False)


def half_way(request: Request) -> HalfWay:
    """Who owes the second factor. Raises ``NotSignedIn``."""
    state = state_of(request)
    found = sessions.half_way(state, request.cookies.get(sessions.cookie_name(state.settings)))
    if found is None:
        raise sessions.NotSignedIn
    return found


Half = Annotated[HalfWay, Depends(half_way)]


@router.get("")
def ask(request: Request, half: Half) -> Response:
    """The form for the code; who has no second factor yet is shown how to set one."""
    return _page(request, half, inside(request.query_params.get("next", "")))


@router.get("/picture.svg")
def picture(request: Request, half: Half) -> Response:
    """The seed as a QR code, for its owner, until a first code has confirmed it."""
    seed = proving.enrolment(state_of(request), half)
    if seed is None:
        raise Refusal("refusal.not_found", status=404)
    return Response(second_factor.picture(seed, half.login), media_type="image/svg+xml")


@router.post("")
def show(request: Request, half: Half, form: Fields) -> Response:
    """Check the code, open the session."""
    sessions.require_token(half, form.get("csrf"))
    state, wanted = state_of(request), inside(form.get("next", ""))
    try:
        key = proving.second_step(state, half, form.get("code", ""), *origin_of(request))
    except Refusal as error:
        refusals.note(request, state, error)
        return _page(request, half, wanted, status=error.status, error=worded(request, error))
    return let_in(request, key, wanted)


def _page(
    request: Request, half: HalfWay, wanted: str, *, status: int = 200, error: str = ""
) -> Response:
    seed = proving.enrolment(state_of(request), half)
    return staff_page(
        request,
        "second_factor.html",
        status=status,
        error=error,
        half=half,
        seed=" ".join(seed[at : at + 4] for at in range(0, len(seed), 4)) if seed else "",
        next=wanted,
    )
