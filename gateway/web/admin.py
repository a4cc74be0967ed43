"""The administrator's first page: what is done of a first run; the calendar, the ways in and out,
the sentences."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import access, checklist, health, proposals, trying
from gateway.web.rendering import language_of, state_of
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, staff_page, worded
from models.transaction import acting
from referral.casework import Refusal
from referral.directory import ZONE

YEARS = range(2000, 2100)
MOST_PHRASES = 200

router = APIRouter(prefix="/admin", route_class=StaffRoute, include_in_schema=False)


@router.get("")
def overview(request: Request, session: SignedIn) -> Response:
    """The seven steps, and what waits for a decision. Who only decides about rules is led on."""
    access.allow(session.actor, "decide_rule")
    if session.actor.role not in access.RIGHTS["administer"]:
        return RedirectResponse("/admin/changes", 303)
    state = state_of(request)
    office, now = state.offices.current(), state.now()
    with state.database.read() as reading:
        steps = checklist.steps(reading.connection(), office, now)
        waiting = proposals.waiting(reading.connection())
    return staff_page(
        request,
        "admin.html",
        steps=steps,
        waiting=len(waiting),
        missing=trying.years_missing(office, now),
        left_out=state.offices.left_out,
        policy=office.policy,
    )


@router.get("/calendar")
def calendar(request: Request, session: SignedIn) -> Response:
    """A year as the clocks count it."""
    access.allow(session.actor, "administer")
    state = state_of(request)
    office, now = state.offices.current(), state.now()
    number = _year(request.query_params.get("year", ""), now)
    missing = trying.years_missing(office, now)
    return staff_page(
        request,
        "admin_calendar.html",
        year=trying.year(office.policy.calendar, number, missing),
        this=now.astimezone(ZONE).year,
        missing=missing,
        today=now.astimezone(ZONE).date(),
    )


@router.get("/channels")
def channels(request: Request, session: SignedIn) -> Response:
    """How the ways in and out fare."""
    access.allow(session.actor, "administer")
    return _channels(request, sent=request.query_params.get("sent") == "1")


@router.post("/channels/test")
def test(request: Request, session: SignedIn, form: Fields) -> Response:
    """A message of our own to the console."""
    checked(session, form)
    access.allow(session.actor, "administer")
    state = state_of(request)
    office, language = state.offices.current(), language_of(request)
    try:
        with acting(state.database, state.mint) as tx:
            health.test(tx, office, state.channels, session.actor, state.now(), language)
    except Refusal as error:
        return _channels(request, status=error.status, error=worded(request, error))
    return RedirectResponse("/admin/channels?sent=1", 303)


def _channels(
    request: Request, *, status: int = 200, error: str = "", sent: bool = False
) -> Response:
    state = state_of(request)
    with state.database.read() as reading:
        found = health.read(reading.connection(), state.channels)
    return staff_page(
        request, "admin_channels.html", status=status, found=found, error=error, sent=sent
    )


@router.get("/texts")
def texts(request: Request, session: SignedIn) -> Response:
    """The sentences in force with their version, to read: they are changed in the folder."""
    access.allow(session.actor, "administer")
    state = state_of(request)
    phrases = state.offices.current().phrases
    words = request.query_params.get("q", "").strip()[:60]
    languages = phrases.languages()
    rows: list[tuple[str, dict[str, Any]]] = []
    for key in sorted(phrases.keys()):
        said = {tag: phrases.forms(key, tag) for tag in languages}
        texts = [key, *(text for one in said.values() for text in one.values())]
        if any(words in text for text in texts) if words else len(said[languages[0]]) > 1:
            rows.append((key, said))
    return staff_page(
        request,
        "admin_texts.html",
        rows=rows[:MOST_PHRASES],
        count=len(rows),
        q=words,
        version=phrases.version,
        tags=languages,
    )


def _year(written: str, now: datetime) -> int:
    year = int(written) if written.isdecimal() and len(written) == 4 else 0
    return year if year in YEARS else now.astimezone(ZONE).year
