"""The telephone at the desk: the strip of a call, answering it, what is read while one writes."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import delete, select
from sqlmodel import col

from gateway import access, calls
from gateway.web.rendering import state_of
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, staff_page
from models.desk import Preference
from models.ids import Id
from models.messages import Inbound
from models.transaction import acting

BASE, NAME = "/desk", "dismissed_calls"
REMEMBERED = 20

router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("/calls")
def strip(request: Request, session: SignedIn) -> Response:
    """The calls that ring now, without those that this person has dismissed."""
    access.allow(session.actor, "see_held")
    state = state_of(request)
    with state.database.read() as reading:
        found = calls.live(reading, session.actor, state.offices.current(), state.now())
        dismissed = _dismissed(reading.connection(), session.actor.login)
    mine = session.actor.name or session.actor.login
    shown = [
        one for one in found if str(one.id) not in dismissed and one.answered_by in (None, mine)
    ]
    return staff_page(request, "calls.html", calls=shown)


def _dismissed(connection: Any, login: str) -> list[str]:
    kept = connection.execute(
        select(col(Preference.value)).where(
            col(Preference.login) == login, col(Preference.name) == NAME
        )
    ).scalar()
    return list((kept or {}).get("ids", ()))


@router.post("/calls/{call_id}/answer")
def answer(request: Request, session: SignedIn, form: Fields, call_id: Id) -> Response:
    """Take the call: to the request of the last thirty days, or to a new form with what is
    known already filled in."""
    checked(session, form)
    access.allow(session.actor, "see_held")
    state = state_of(request)
    office, now = state.offices.current(), state.now()
    with acting(state.database, state.mint) as tx:
        calls.take(tx, office, session.actor, call_id, now=now)
    with state.database.read() as reading:
        found = calls.one(reading, session.actor, office, call_id, now)
    there = f"{BASE}/{found.recent}" if found.recent else f"{BASE}/enter?call={call_id}"
    return RedirectResponse(there, 303)


@router.post("/calls/{call_id}/dismiss")
def dismiss(request: Request, session: SignedIn, form: Fields, call_id: Id) -> Response:
    """Do not show it to this person any more; it rings on for the others."""
    checked(session, form)
    access.allow(session.actor, "see_held")
    state = state_of(request)
    login = session.actor.login
    with acting(state.database, state.mint) as tx:
        ids = [*_dismissed(tx, login), str(call_id)][-REMEMBERED:]
        tx.execute(
            delete(Preference).where(col(Preference.login) == login, col(Preference.name) == NAME)
        )
        tx.add(Preference, login=login, name=NAME, value={"ids": ids})
    return strip(request, session)


@router.post("/enter/read")
def read_along(request: Request, session: SignedIn, form: Fields) -> Response:
    """What the words that somebody is typing mean so far; nothing is kept."""
    words = checked(session, form).get("text", "")
    access.allow(session.actor, "add_contact")
    state = state_of(request)
    office = state.offices.current()
    said = Inbound("reading", "", words, at=state.now())
    return staff_page(
        request,
        "read_along.html",
        read=office.assess(words, "phone", said).as_json() if words.strip() else None,
        lines=[line for line in office.policy.lines if line.for_danger],
    )
