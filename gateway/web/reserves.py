"""The pages of reserves: what is in, every entry, topping up and counting."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import acts, aid, purses, sessions
from gateway.web.rendering import state_of
from gateway.web.shown_again import tried
from gateway.web.staff import Fields, SignedIn, StaffRoute, Typed, checked, staff_page
from referral.casework import Refusal

BASE = "/relief/reserves"
router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("")
def every(request: Request, session: SignedIn) -> Response:
    """All reserves that this person may see; who has one only goes straight to it."""
    state = state_of(request)
    office, now = state.offices.current(), state.now()
    with state.database.read() as reading:
        found = purses.every(reading, session.actor, office, now)
    if len(found) == 1:
        return RedirectResponse(f"{BASE}/{found[0].unit}", 303)
    return staff_page(
        request, "reserves.html", purses=found, printing="print" in request.query_params
    )


@router.get("/{unit}")
def one(request: Request, session: SignedIn, unit: str) -> Response:
    """One reserve with its entries."""
    return _show(request, session, unit)


def _show(
    request: Request,
    session: sessions.SignedIn,
    unit: str,
    *,
    status: int = 200,
    error: str = "",
    tried: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    state = state_of(request)
    office = state.offices.current()
    with state.database.read() as reading:
        purse, entries = purses.one(reading, session.actor, office, unit, state.now())
    return staff_page(
        request,
        "reserve.html",
        status=status,
        purse=purse,
        entries=entries,
        keeps=unit in aid.purses(session.actor, office),
        error=error,
        tried=tried,
        typed=Typed(typed or {}),
        done=request.query_params.get("done", ""),
    )


@router.post("/{unit}/{name}")
def act(request: Request, session: SignedIn, form: Fields, unit: str, name: str) -> Response:
    """Top up, count, undo an entry."""
    fields = checked(session, form)
    if name not in aid.RESERVE_ACTS:
        raise Refusal("refusal.not_found", status=404)
    state, chosen = state_of(request), aid.RESERVE_ACTS[name]
    done = tried(
        request,
        lambda: aid.keep(
            state, session.actor, unit, chosen, acts.read_form(chosen, fields), now=state.now()
        ),
        lambda why: _show(
            request, session, unit, status=why.status, error=why.error, tried=name, typed=fields
        ),
    )
    if isinstance(done, Response):
        return done
    return RedirectResponse(f"{BASE}/{unit}?done={name}", 303)
