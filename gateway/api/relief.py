"""Aid as JSON: the ledger, one grant and each act on it, reserves, events; and the one way in for
partner bureaus and charities."""

import asyncio
import dataclasses
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import ValidationError

from gateway import aid, aid_filing, aid_report, aid_views, disasters, exporting, purses
from gateway.access import Actor
from gateway.aid_bodies import FiledBody, KinEntry
from gateway.api.support import ApiRoute, Looker, Process, Staff, bearer
from gateway.sessions import NotSignedIn
from models.ids import Id
from models.transaction import Row
from referral.casework import Refusal

router = APIRouter(route_class=ApiRoute, tags=["relief"])

_NAMES = (
    "number", "kind", "state", "need", "cause", "form", "service", "unit", "giver", "asked_unit",
    "asked_until", "guards", "authorised_how", "delivered_at", "explain_due_at", "filed_at", "kin",
)  # fmt: skip
_BODY = {"requestBody": {"required": True, "content": {"application/json": {}}}}
_BODY["requestBody"]["content"] = {"application/json": {"schema": FiledBody.model_json_schema()}}


def _told(row: Row) -> dict[str, Any]:
    named = {name: exporting.local(row[name]) for name in _NAMES}
    return {**named, "amount": aid.yuan(row["amount_fen"])}


def _local(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return {one.name: _local(getattr(value, one.name)) for one in fields}
    if isinstance(value, list | tuple):
        return [_local(one) for one in value]
    return exporting.local(value)


@router.post("/relief", status_code=201, openapi_extra=_BODY)
async def file(request: Request, state: Process) -> JSONResponse:
    """An aid item that a bureau, a charity or a firm has given: bearer token with relief:write and
    Idempotency-Key. 201 with the number; 200 with the same for a repeat; 409 for the same key with
    other content."""
    partner = await asyncio.to_thread(bearer, request)
    if partner is None:
        raise NotSignedIn
    try:
        body = FiledBody.model_validate_json(await request.body())
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise Refusal("refusal.field", {"field": where}, 422) from None
    key = request.headers.get("idempotency-key")
    file_it = partial(aid_filing.file, state, partner, body, key=key, now=state.now())
    row, new = await asyncio.to_thread(file_it)
    return JSONResponse(jsonable_encoder(_told(row)), 201 if new else 200)


@router.post("/relief/file", status_code=201)
def file_here(state: Process, actor: Staff, body: FiledBody) -> Any:
    """File an aid item of one's own bureau; ``once`` makes a second press the same item."""
    row, new = aid_filing.file(state, actor, body, now=state.now())
    return JSONResponse(jsonable_encoder(_told(row)), 201 if new else 200)


@router.post("/relief/kin", status_code=201)
def kin(state: Process, actor: Staff, body: KinEntry) -> Any:
    """Enter a near relative of a member of staff into the register."""
    row = aid_filing.register_kin(state, actor, body, now=state.now())
    return {"id": str(row["id"]), "login": row["login"]}


@router.get("/relief")
def ledger(
    request: Request,
    state: Process,
    viewer: Looker,
    after: Annotated[str, Query(max_length=30)] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = aid_views.PAGE,
) -> Any:
    """Aid, the newest first, under the filters since, until, unit, need, state, kind, fund,
    household, owed, kin; with the totals of all that they find. Names are masked."""
    asked = {name: request.query_params.get(name, "") for name in aid_views.FILTERS}
    office, now = state.offices.current(), state.now()
    with state.database.read() as session:
        found = aid_views.ledger(session, viewer, office, asked, now=now, after=after, limit=limit)
    return _local(found)


@router.get("/relief/report")
def quarter(state: Process, actor: Staff, year: int, quarter: int) -> Any:
    """The quarterly report on aid."""
    office, now = state.offices.current(), state.now()
    with state.database.read() as session:
        found = aid_report.report(session, actor, office, year=year, quarter=quarter, now=now)
    return _local(found)


@router.get("/relief/{number}")
def one(state: Process, viewer: Looker, number: str) -> Any:
    """One grant with the year's picture of its household, and the acts that the caller may do."""
    office, now = state.offices.current(), state.now()
    with state.database.read() as session:
        row = aid.admit(session.connection(), viewer, office, number, now)
        year = aid_views.year_of(session, viewer, office, row, now)
    may = aid.acts(viewer, office, row) if isinstance(viewer, Actor) else ()
    return {**_told(row), "year": _local(year), "acts": list(may)}


def _add(act: aid.AidAct, path: str) -> None:
    def perform(state: Process, actor: Staff, number: str, body: Any) -> Any:
        return _told(aid.perform(state, actor, number, act, body, now=state.now()))

    def begin(state: Process, actor: Staff, body: Any) -> Any:
        return _told(aid.begin(state, actor, act, body, now=state.now()))

    def keep(state: Process, actor: Staff, unit: str, body: Any) -> Any:
        found = aid.keep(state, actor, unit, act, body, now=state.now())
        return {**found, "balance": aid.yuan(found.pop("balance_fen"))}

    does = perform if "{number}" in path else keep if "{unit}" in path else begin
    does.__annotations__["body"] = Annotated[act.body, Body()]
    does.__doc__ = act.verb.__doc__
    router.add_api_route(
        f"{path}/{act.name}",
        does,
        methods=["POST"],
        name=f"relief_{act.name}",
        operation_id=f"relief_{act.name}",
    )


for _act in aid.BEGINS.values():
    _add(_act, "/relief")
for _act in aid.ACTS.values():
    _add(_act, "/relief/{number}")
for _act in aid.RESERVE_ACTS.values():
    _add(_act, "/reserves/{unit}")


@router.get("/reserves")
def reserves(state: Process, actor: Staff) -> Any:
    """The reserves of the caller: what is in, what is promised, what the profile asks for."""
    with state.database.read() as session:
        return _local(purses.every(session, actor, state.offices.current(), state.now()))


@router.get("/reserves/{unit}")
def reserve(state: Process, actor: Staff, unit: str) -> Any:
    """One reserve with its newest entries."""
    with state.database.read() as session:
        purse, entries = purses.one(session, actor, state.offices.current(), unit, state.now())
    return {**_local(purse), "entries": _local(entries)}


@router.get("/events")
def events(state: Process, actor: Staff) -> Any:
    """Events with how many households they have and how many still lack something."""
    with state.database.read() as session:
        return {
            "events": _local(disasters.every(session, actor, state.offices.current(), state.now()))
        }


@router.get("/events/{bundle}")
def event(state: Process, actor: Staff, bundle: Id) -> Any:
    """The households of an event by danger, each with what it still lacks, and the sums."""
    office, now = state.offices.current(), state.now()
    with state.database.read() as session:
        found = disasters.households(session, actor, office, bundle, now=now)
    return {"households": _local(found), "needs": _local(disasters.sums(found))}
