"""The pages of households: searching one, and one with its people and its timeline."""

from fastapi import APIRouter, Request, Response

from gateway import access, homes, posts, sessions
from gateway.timeline import timeline
from gateway.web import sought
from gateway.web.rendering import state_of
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, staff_page, worded
from models.transaction import acting
from referral.casework import Refusal
from triage.household_matching import read_home

BASE = "/households"
ASKED = ("household", "name", "phone", "address")

router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("")
def begin(request: Request, session: SignedIn) -> Response:
    """The households of one's own area, the one whose number stands in the address, or what is
    found; a search is kept, like every look at somebody's data."""
    state, actor = state_of(request), session.actor
    access.allow(actor, "see_household")
    office = state.offices.current()
    now = state.now()
    with state.database.read() as reading:
        asked = sought.of(request, reading, actor, ASKED)
    asked["household"] = (
        asked["household"] or request.query_params.get("household", "").strip()[:200]
    )
    searched = any(asked.values())
    query = read_home(names=(asked["name"],), phones=(asked["phone"],), address=asked["address"])
    with state.database.read() as reading:
        found = (
            homes.find(reading, actor, office, query, asked["household"], now) if searched else []
        )
        after = request.query_params.get("after", "")
        own = () if searched else homes.of_area(reading, actor, office, after)
    if searched:
        with acting(state.database, state.mint) as tx:
            seen = " ".join(card.id for card, _, _ in found)
            access.look(tx, actor, act="search_household", now=now, purpose=seen)
    return staff_page(
        request, "households.html", asked=asked, searched=searched, found=found, own=own,
        shown=homes.SHOWN, error="",
    )  # fmt: skip


@router.post("")
def search(request: Request, session: SignedIn, form: Fields) -> Response:
    """A household by its number, or by what somebody says of it. It is posted, so that no name and
    no telephone number stands in an address."""
    fields = checked(session, form)
    access.allow(session.actor, "see_household")
    typed = {name: fields.get(name, "") for name in ASKED}
    return sought.keep(request, session.actor, BASE, typed)


@router.get("/{household_id}")
def show(request: Request, session: SignedIn, household_id: str) -> Response:
    """One household, masked; opening it is kept."""
    return _page(request, session, household_id)


@router.post("/{household_id}/reveal")
def reveal(request: Request, session: SignedIn, form: Fields, household_id: str) -> Response:
    """The same in full, for a stated purpose, which is kept."""
    fields = checked(session, form)
    state = state_of(request)
    try:
        homes.reveal(state, session.actor, household_id, fields.get("purpose", ""), now=state.now())
    except Refusal as refusal:
        if refusal.status not in (422, 429):
            raise
        return _page(
            request, session, household_id, error=worded(request, refusal), status=refusal.status
        )
    return _page(request, session, household_id, revealed=True)


def _page(
    request: Request,
    session: sessions.SignedIn,
    household_id: str,
    *,
    revealed: bool = False,
    error: str = "",
    status: int = 200,
) -> Response:
    state, actor = state_of(request), session.actor
    office, now = state.offices.current(), state.now()
    with state.database.read() as reading:
        page = homes.page(reading, actor, office, household_id, now=now, revealed=revealed)
        history = timeline(reading.connection(), actor, office, household_id, now)
        answers = posts.answers_for(reading.connection(), office, household_id, now)
    if request.method == "GET":
        with acting(state.database, state.mint) as tx:
            homes.looked(tx, actor, household_id, act="see_household", now=now)
    return staff_page(
        request, "household.html", status=status, page=page, history=history, revealed=revealed,
        error=error, answers=answers,
    )  # fmt: skip
