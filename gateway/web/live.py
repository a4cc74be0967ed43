"""``/live``: the one stream of a browser; signs of life and drafts of an open page."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy import select
from sqlmodel import col

from gateway import access, drafts, sessions
from gateway.access import JURISDICTION, Actor
from gateway.live import News, Pulse
from gateway.state import State
from gateway.web.onward import presence
from gateway.web.rendering import state_of
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, session_of
from models.requests import HelpRequest
from models.transaction import acting
from referral import leasing

CHECKED_EVERY = timedelta(seconds=60)
OWN_FORMS = ("enter",)
"""Forms that belong to no request."""

router = APIRouter(route_class=StaffRoute, include_in_schema=False)


@router.get("/live", response_class=EventSourceResponse)
async def live(
    request: Request,
    session: Annotated[sessions.SignedIn, Depends(session_of)],
    last_event_id: Annotated[str, Header()] = "",
) -> AsyncIterator[ServerSentEvent]:
    """``changed`` with the numbers that changed, for those who may see every request that does not
    complain about them; ``tick`` for the others; ``call`` when a telephone rings or stops ringing.
    It ends with the session, and when the account is given another post."""
    state = state_of(request)
    pulse: Pulse = request.app.state.pulse
    cookie = request.cookies.get(sessions.cookie_name(state.settings))
    sees_all, hears = session.actor.role in JURISDICTION, session.actor.role in access.DESK
    looked = state.now()
    after = int(last_event_id) if last_event_id.isdecimal() and len(last_event_id) < 19 else None
    yield ServerSentEvent(event="hello", data="", retry=3000)
    async for news in pulse.follow(after):
        if state.now() - looked > CHECKED_EVERY:
            looked = state.now()
            try:
                stands = await asyncio.to_thread(sessions.signed_in, state, cookie, touch=False)
            except sessions.NotSignedIn:
                return
            if stands.actor != session.actor:
                return  # moved to another post: the browser comes again and hears as that
        heard = news
        if sees_all and news.barred:
            heard = await asyncio.to_thread(_existing, state, session.actor, news)
        for told in telling(heard, sees_all=sees_all, hears=hears):
            yield told


def _existing(state: State, actor: Actor, news: News) -> News:
    """The news without the numbers of requests that do not exist for this viewer."""
    office, now = state.offices.current(), state.now()
    query = select(col(HelpRequest.number)).where(
        col(HelpRequest.number).in_(news.barred), *access.scope(actor, office, now)
    )
    with state.database.read() as reading:
        seen = set(reading.connection().execute(query).scalars())
    gone = set(news.barred) - seen
    return replace(news, numbers=tuple(one for one in news.numbers if one not in gone), barred=())


def telling(news: News, *, sees_all: bool, hears: bool) -> Iterator[ServerSentEvent]:
    """What one stream is told: numbers only where the viewer may see every request."""
    if news.call and hears:
        yield ServerSentEvent(event="call", data="", id=str(news.seq))
    if news.numbers and sees_all:
        yield ServerSentEvent(event="changed", data=list(news.numbers), id=str(news.seq))
    elif news.numbers:
        yield ServerSentEvent(event="tick", data="", id=str(news.seq))


@router.post("/here/{number}")
def here(request: Request, session: SignedIn, form: Fields, number: str) -> Response:
    """A page of this request is open: its own lease goes on. Answers with who works on it."""
    had = checked(session, form).get("had") == "1"
    state = state_of(request)
    now, office = state.now(), state.offices.current()
    with state.database.read() as reading:
        found = access.admit(
            reading.connection(), session.actor, office, number, act="see", now=now
        )
    if found["leased_by"] == session.actor.login:
        with acting(state.database, state.mint) as tx:
            leasing.extend(tx, office, session.actor, found, now=now)
            found = access.admit(tx, session.actor, office, number, act="see", now=now)
    return presence(request, session, found, had=had)


@router.post("/drafts")
def keep_draft(request: Request, session: SignedIn, form: Fields) -> Response:
    """Keep what is typed into a form of a request (``place`` its number, ``act``)."""
    fields = checked(session, form)
    state = state_of(request)
    place, act, now = fields.get("place", ""), fields.get("act", ""), state.now()
    if place not in OWN_FORMS:
        with state.database.read() as reading:
            office = state.offices.current()
            access.admit(reading.connection(), session.actor, office, place, act="see", now=now)
    with acting(state.database, state.mint) as tx:
        drafts.save(tx, session.actor.login, place, act, fields, now=now)
    return Response(status_code=204)
