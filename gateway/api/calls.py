"""What a switchboard pushes: a call rings, is answered, is over."""

import asyncio
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from sqlalchemy import select
from sqlmodel import col

from channels.web import e164
from gateway import calls, recorded
from gateway.access import Partner
from gateway.api.support import ApiRoute, Process, bearer
from gateway.hooks import kept
from gateway.recorded import Recorded
from gateway.sessions import NotSignedIn
from gateway.state import State
from models.desk import PhoneCall
from models.transaction import acting
from models.vocabulary import Form
from referral.casework import Refusal

router = APIRouter(route_class=ApiRoute, tags=["calls"])

SCOPE = "calls:write"
SHORT = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)]


class CallEvent(BaseModel):
    """One event of one call. ``call_id`` is the switchboard's own name of the call."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    event: Literal["newCall", "answer", "hangup"]
    call_id: Annotated[SHORT, Field(min_length=1)]
    caller: Annotated[SHORT, Field(alias="from")] = ""
    called: Annotated[SHORT, Field(alias="to")] = ""


_SCHEMA = {"application/json": {"schema": CallEvent.model_json_schema()}}


@router.post(
    "/calls", status_code=200, openapi_extra={"requestBody": {"required": True, "content": _SCHEMA}}
)
async def call(request: Request, state: Process) -> JSONResponse:
    """Bearer token with ``calls:write``. The same event of the same call changes nothing more; a
    hang-up without an answer becomes a missed call, to be rung back within its time."""
    partner = await asyncio.to_thread(bearer, request)
    if partner is None:
        raise NotSignedIn
    if SCOPE not in partner.scopes:
        raise Refusal("refusal.scope", {"scope": SCOPE}, 403)
    try:
        told = CallEvent.model_validate(orjson.loads(await request.body()))
    except orjson.JSONDecodeError:
        raise Refusal("refusal.call", {"what": "JSON"}, 422) from None
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
        raise Refusal("refusal.call", {"what": field}, 422) from None
    now = state.now()
    missed = await asyncio.to_thread(_enter, state, partner, told)
    if missed is None:
        return JSONResponse({"call_id": told.call_id, "state": told.event})
    record = Recorded(
        channel="phone",
        external_id=f"{partner.name}:{told.call_id}:missed",
        sender=missed,
        text=state.offices.current().phrases.say("desk.call.missed_words", {}, Form.FULL, "zh-CN"),
        at=now,
        missed=True,
    )
    body = orjson.dumps(record.model_dump(mode="json", exclude_defaults=True))
    outcome = await kept(state.intake.submit(recorded.call_of(record, body, now)))
    return JSONResponse({"call_id": told.call_id, "state": "missed", "number": outcome.number})


def _enter(state: State, partner: Partner, told: CallEvent) -> str | None:
    """Write the event down; for a missed call the number to ring back, "" when it was withheld."""
    now, caller = state.now(), e164(told.caller) or told.caller
    with acting(state.database, state.mint) as tx:
        place = (partner.name, told.call_id)
        calls.rang(tx, *place, caller=caller, called=told.called, now=now)
        if told.event == "answer":
            calls.talks(tx, *place, caller, now)
            calls.answered(tx, *place, by=None, now=now)
        if told.event == "hangup":
            calls.ended(tx, *place, now=now)
    if told.event != "hangup":
        return None
    with state.database.read() as reading:
        row = reading.connection().execute(
            select(col(PhoneCall.state), col(PhoneCall.caller)).where(
                col(PhoneCall.call_id) == told.call_id, col(PhoneCall.source) == partner.name
            )
        )
        found = row.one()
    return str(found.caller) if found.state == "missed" else None
