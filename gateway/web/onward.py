"""Who works on a request, and where one goes on when it is done."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from gateway import filters, sessions, views
from gateway.access import Actor
from gateway.lines import worker
from gateway.state import State
from gateway.web.rendering import state_of
from gateway.web.staff import staff_page

DESK = "/desk"


def presence(
    request: Request, session: sessions.SignedIn, row: Mapping[str, Any], *, had: bool
) -> Response:
    """Who works on the request now; ``had``: the page that asks had the lease itself."""
    state = state_of(request)
    return staff_page(
        request,
        "presence.html",
        worker=worker(state.offices.current(), row, state.now()),
        working=row["leased_by"] == session.actor.login,
        had=had,
    )


def tab_of(asked: str | None) -> str:
    """The tab of the queue that the page was opened from."""
    return asked if asked and views.TABS.get(asked) == "desk" else "triage"


def next_of(state: State, actor: Actor, row: Mapping[str, Any], tab: str) -> Response:
    """To the next one of the queue that this one was opened from, else to its beginning."""
    now, office = state.now(), state.offices.current()
    with state.database.read() as reading:
        by = views.ways(tab, actor, office, now)
        where = filters.of(reading, actor.login).conditions(office)
        following = [
            line.number
            for after in (row["queue_key"], None)
            for line in views.queue(
                reading, actor, office, where=where, by=by, after=after, limit=2, now=now
            ).lines
            if line.number != row["number"]
        ]
    there = f"{DESK}/{following[0]}?tab={tab}" if following else f"{DESK}?tab={tab}"
    return RedirectResponse(there, 303)
