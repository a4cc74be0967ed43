"""Contacts as JSON: recorded ones from partner systems, and those that staff enter for others."""

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from gateway import entering, recorded, resent
from gateway.access import Partner
from gateway.api.support import ApiRoute, Process, Staff, bearer
from gateway.hooks import kept
from gateway.recorded import Recorded
from gateway.sessions import NotSignedIn
from gateway.state import State
from models.messages import Outcome
from referral.casework import Refusal

router = APIRouter(route_class=ApiRoute, tags=["contacts"])

_BODY = {"requestBody": {"required": True, "content": {"application/json": {}}}}
_BODY["requestBody"]["content"] = {"application/json": {"schema": Recorded.model_json_schema()}}


@router.post("/contacts", status_code=201, openapi_extra=_BODY)
async def contact(request: Request, state: Process) -> JSONResponse:
    """A recorded contact from a partner system: bearer token, Idempotency-Key. 201 with the number
    and, where it began a request, the citizen's query code; 200 with the same for a repeat; 409 for
    the same key with other content or the same external_id with other words. Answered only when it
    is kept."""
    partner = await asyncio.to_thread(bearer, request)
    if partner is None:
        raise NotSignedIn
    key, body, now = request.headers.get("idempotency-key"), await request.body(), state.now()
    future = await asyncio.to_thread(entering.receive, state, partner, key, body, now=now)
    outcome = await kept(future)
    if outcome.duplicate:
        await asyncio.to_thread(entering.require_same, state, partner, key, body)
        await asyncio.to_thread(_require_same_words, state, partner, recorded.read(body))
    state.counts.received("api", outcome)
    return JSONResponse(_kept(outcome), 200 if outcome.duplicate else 201)


def _require_same_words(state: State, partner: Partner, record: Recorded) -> None:
    """Raise ``Refusal`` (409) when other words are kept under this id."""
    own = recorded.id_of(partner.name, record)
    with state.database.read() as session:
        if resent.other_words(session.connection(), record, own):
            raise Refusal("refusal.id_reused", status=409)


@router.post("/enter", status_code=201)
def enter(state: Process, actor: Staff, body: entering.Entry) -> JSONResponse:
    """Enter a contact for somebody: a caller or a visitor at the desk, a report from the field."""
    outcome = entering.enter(state, actor, body, now=state.now())
    return JSONResponse(_kept(outcome), 200 if outcome.duplicate else 201)


def _kept(outcome: Outcome) -> dict[str, Any]:
    # Who names somebody's telephone is not told the code of what that person began.
    code = outcome.code if outcome.opened or outcome.held else None
    found = {"number": outcome.number, "code": code, "opened": outcome.opened}
    return {**found, "held": True} if outcome.held else found
