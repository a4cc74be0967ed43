"""What somebody looks for stands in no address: names and telephones would be read in the logs of
proxies and in the history of an office's computer.

A search is posted, what was typed is kept for its owner on the server (sealed, as drafts are), and
the page is opened by a random mark, so that going back, paging, the other language, a reload and
what a page asks again by itself find the same search. After half a day, or twenty further searches,
the mark leads to the page without it.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from fastapi import Request, Response
from fastapi.responses import RedirectResponse

from gateway import drafts
from gateway.access import Actor
from gateway.web.rendering import state_of
from models.transaction import acting

MARK = "search"
"""The field of the address that holds the mark."""
LONGEST = 200
_MARK_BYTES = 12


def keep(
    request: Request, actor: Actor, page: str, fields: Mapping[str, str], **beside: str
) -> Response:
    """The way to the page that shows what is found; ``beside`` names nobody and stands in the
    address, as far as it is given."""
    state, mark = state_of(request), secrets.token_urlsafe(_MARK_BYTES)
    typed = {name: value.strip()[:LONGEST] for name, value in fields.items() if value.strip()}
    asked = {name: value for name, value in beside.items() if value}
    if typed:
        asked[MARK] = mark
        with acting(state.database, state.mint) as tx:
            drafts.keep_search(tx, actor.login, mark, typed, now=state.now())
    return RedirectResponse(f"{page}?{urlencode(asked)}" if asked else page, 303)


def of(request: Request, reading: Any, actor: Actor, names: Sequence[str]) -> dict[str, str]:
    """What this person looks for on this page; "" for each of the names where that is nothing."""
    mark = mark_of(request)
    now = state_of(request).now()
    kept = drafts.search_of(reading, actor.login, mark, now=now) if mark else {}
    return {name: str(kept.get(name, "")) for name in names}


def mark_of(request: Request) -> str:
    """The mark in the address; "" for none."""
    return request.query_params.get(MARK, "")[: drafts.LONGEST_NAME]
