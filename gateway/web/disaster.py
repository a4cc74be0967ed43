"""The page of a disaster: households by danger, what each still lacks, who brings it."""

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import acts, disasters, sessions
from gateway.web.rendering import state_of
from gateway.web.shown_again import tried
from gateway.web.staff import (
    Fields,
    SignedIn,
    StaffRoute,
    Typed,
    checked,
    staff_page,
    workplace,
)
from models.ids import Id
from referral import needs

BASE = "/events"
router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("")
def every(request: Request, session: SignedIn) -> Response:
    """The events."""
    state = state_of(request)
    with state.database.read() as reading:
        found = disasters.every(reading, session.actor, state.offices.current(), state.now())
    return staff_page(request, "events.html", events=found)


@router.get("/{bundle}")
def one(request: Request, session: SignedIn, bundle: Id) -> Response:
    """One event."""
    return _show(request, session, bundle)


def _show(
    request: Request,
    session: sessions.SignedIn,
    bundle: int,
    *,
    status: int = 200,
    error: str = "",
    tried: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    state = state_of(request)
    office = state.offices.current()
    with state.database.read() as reading:
        found = disasters.households(reading, session.actor, office, bundle, now=state.now())
    only = request.query_params.get("missing", "")
    shown = [one for one in found if not only or only in one.missing]
    return staff_page(
        request,
        "event.html",
        status=status,
        bundle=bundle,
        households=shown,
        all=len(found),
        sums=disasters.sums(found),
        kinds=needs.KINDS,
        only=only,
        base=workplace(session.actor),
        printing="print" in request.query_params,
        error=error,
        tried=tried,
        typed=Typed(typed or {}),
        states=needs.STATES,
    )


@router.post("/{bundle}/{number}")
def set_need(
    request: Request, session: SignedIn, form: Fields, bundle: Id, number: str
) -> Response:
    """Say of one need of one household how it stands."""
    fields = checked(session, form)
    state, chosen = state_of(request), acts.ACTS["set_need"]
    done = tried(
        request,
        lambda: acts.perform(
            state, session.actor, number, chosen, acts.read_form(chosen, fields), now=state.now()
        ),
        lambda why: _show(
            request, session, bundle, status=why.status, error=why.error, tried=number, typed=fields
        ),
    )
    if isinstance(done, Response):
        return done
    return RedirectResponse(f"{BASE}/{bundle}#h-{number}", 303)
