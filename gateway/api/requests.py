"""Requests as JSON: the queue, one request, and each act on it by its own path."""

import dataclasses
from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import Field
from sqlalchemy import ColumnElement, select
from sqlmodel import col

from gateway import (
    access,
    acts,
    alike,
    bodies,
    cases,
    exporting,
    revealing,
    views,
    watching,
)
from gateway.api.support import ApiRoute, Looker, Process, Staff
from gateway.lines import Line
from gateway.pending import pending
from models.ids import Id
from models.referrals import Referral
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Level, Status
from referral.casework import GONE, Actor

router = APIRouter(prefix="/requests", route_class=ApiRoute, tags=["requests"])

REQUEST_FIELDS = (
    "number", "status", "track", "level", "service", "area", "lead_bureau", "first_responder",
    "holder_unit", "holder_person", "received_at", "closed_at", "close_reason", "confirmed_at",
    "confirmed_by", "route", "channel", "policy", "confidential", "summary", "place",
    "second_opinion",
)  # fmt: skip


def _local(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _local(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_local(one) for one in value]
    return exporting.local(value)


def _line(line: Line) -> dict[str, Any]:
    return {
        "number": line.number,
        "status": line.status,
        "track": line.track,
        "level": line.level,
        "service": line.service,
        "area": line.area,
        "lead_bureau": line.lead_bureau,
        "holder_unit": line.holder_unit,
        "holder_person": line.holder_person,
        "received_at": line.received_at,
        "confirmed": line.confirmed,
        "channel": line.channel,
        "summary": line.summary,
        "text": line.words,
        "contacts": line.contacts,
        "second_opinion": line.second_opinion,
        "lamp": {"kind": line.lamp.kind, "clock": line.lamp.clock, "due_at": line.lamp.due_at},
        "queue_key": line.queue_key,
    }


@router.get("")
def queue(
    state: Process,
    viewer: Looker,
    status: Status | None = None,
    level: Level | None = None,
    unit: Annotated[str, Query(max_length=100)] = "",
    tab: Annotated[str, Query(max_length=20)] = "",
    after: Annotated[str, Query(max_length=60)] = "",
    limit: Annotated[int, Query(ge=1, le=views.MOST)] = views.PAGE,
) -> Any:
    """The queue: most urgent first, then the nearest due time. Open requests, unless ``status`` or
    ``tab`` says otherwise. ``after`` is the ``next`` of the page before. Names, numbers and
    houses are masked; whose words are listed is recorded."""
    now, office = state.now(), state.offices.current()
    where: list[ColumnElement[bool]] = []
    by = views.ways(tab, viewer, office, now) if tab and isinstance(viewer, Actor) else [()]
    if by == [()] and status is None:
        where.append(col(HelpRequest.closed_at).is_(None))
    if status is not None:
        where.append(col(HelpRequest.status) == status)
    if level is not None:
        where.append(col(HelpRequest.level) == level)
    if unit:
        ordered = select(col(Referral.request_id)).where(
            col(Referral.bureau) == unit, col(Referral.status).not_in(GONE)
        )
        where.append((col(HelpRequest.holder_unit) == unit) | col(HelpRequest.id).in_(ordered))
    with state.database.read() as session:
        page = views.queue(
            session, viewer, office, where=where, by=by, after=after or None, limit=limit, now=now
        )
    watching.listed(state.database, state.mint, viewer, page.lines, now)
    return _local({"requests": [_line(line) for line in page.lines], "next": page.after})


@router.get("/{number}")
def one(
    state: Process,
    viewer: Looker,
    number: str,
    beside: Annotated[str, Query(max_length=40)] = "",
) -> Any:
    """One request with its contacts, referrals, clocks, messages, history, the acts that the
    caller may do now, and for the desk what may be the same matter with the reasons. ``beside``
    puts a number of one's own choice next to it. Telephone numbers are masked; looking is
    recorded."""
    now, office = state.now(), state.offices.current()
    with state.database.read() as session:
        case, request_id = cases.case(session, viewer, office, number, now=now)
        like = alike.together(session, viewer, office, request_id, beside=beside, now=now)
        waits = pending(
            session, office, request_id, case.request["service"], words=case.sight.words
        )
    if isinstance(viewer, Actor):
        with acting(state.database, state.mint) as tx:
            for seen in (request_id, *like.ids):
                access.look(tx, viewer, act="see", now=now, request_id=seen)
    return _local({**_whole(case), **_like(like), "pending": dataclasses.asdict(waits)})


def _like(like: alike.Together) -> dict[str, Any]:
    return {
        "merged_into": like.master,
        "joined": list(like.joined),
        "linked": {name: list(numbers) for name, numbers in (like.linked or {}).items()},
        "alike": [
            {
                "number": one.other.number,
                "relation": one.relation or None,
                "score": one.score,
                "state": one.state,
                "status": one.other.status,
                "level": one.other.level,
                "received_at": one.other.received_at,
                "summary": one.other.summary,
                "texts": list(one.other.words),
                "findings": [
                    {
                        "kind": found.kind,
                        "agrees": found.agrees,
                        "this": found.mine,
                        "other": found.theirs,
                        "weight": found.weight,
                    }
                    for found in one.findings
                ],
            }
            for one in like.alike
        ],
        "event_wave": list(like.wave),
    }


def _whole(case: cases.Case) -> dict[str, Any]:
    number = case.request["number"]
    return {
        **{name: case.request[name] for name in REQUEST_FIELDS},
        "contacts": [contact.id for contact in case.contacts],
        "notice": case.notice.as_json() if case.notice else None,
        "said": [
            {
                "id": one.id,
                "channel": one.channel,
                "external_id": one.external_id if case.sight.words else "",
                "sender": one.sender,
                "text": one.text,
                "at": one.at,
                "received_at": one.received_at,
                "state": one.state,
                "number": number,
                "error": one.error,
                "place": one.place,
                "reporter": one.reporter,
                "level": one.level,
                "opinion": dict(one.opinion) if one.opinion else None,
                "media": list(one.media),
                "signals": [dict(sign) for _, sign in one.pieces if sign is not None],
                "facts": dict(one.facts),
            }
            for one in case.contacts
        ],
        "referrals": [
            {
                "number": number,
                "bureau": one.bureau,
                "role": one.role,
                "status": one.status,
                "dispatched_at": one.dispatched_at,
                "due_at": one.due_at,
                "original_due_at": one.original_due_at,
                "designated": one.designated,
                "signed_at": one.signed_at,
                "signed_by": one.signed_by,
                "completed_at": one.completed_at,
                "decided_by": one.decided_by,
                "result": one.result,
            }
            for one in case.orders
        ],
        "clocks": [
            {
                "number": number,
                "clock": one.clock,
                "case": one.case,
                "unit": one.unit,
                "amount": one.amount,
                "measure": one.measure,
                "started_at": one.started_at,
                "due_at": one.due_at,
                "paused": list(one.paused),
                "stopped_at": one.stopped_at,
                "breached_at": one.breached_at,
                "provisional": one.provisional,
                "source": one.source,
                "tag": one.tag,
                "is_law": one.is_law,
            }
            for one in case.promises
        ],
        "outbox": [
            {
                "id": one.id,
                "number": number,
                "to": one.to,
                "channel": one.channel,
                "phrase": one.phrase,
                "state": one.state,
                "attempts": one.attempts,
                "posted_at": one.posted_at,
                "sent_at": one.sent_at,
                "delivered_at": one.delivered_at,
                "text": one.text,
                "staff": one.staff,
            }
            for one in case.messages
        ],
        "events": [
            {"seq": one.seq, "at": one.at, "kind": one.kind, "by": one.by, "detail": one.detail}
            for one in case.history
        ],
        "acts": list(case.acts),
        "seen": case.seen,
    }


class PurposeBody(bodies.Body):
    """What the name and the telephone are needed for: one of the closed list of purposes, and in
    words where it is ``other``."""

    ground: Annotated[str, Field(max_length=40)] = revealing.OTHER
    purpose: Annotated[str, Field(max_length=200)] = ""


@router.post("/{number}/reveal")
def reveal(state: Process, actor: Staff, number: str, body: PurposeBody) -> Any:
    """Name and telephone of the person, for a purpose; the look is recorded."""
    found = revealing.reveal(
        state, actor, number, body.purpose, ground=body.ground, now=state.now()
    )
    addresses = [{"kind": kind, "value": value} for kind, value in found.addresses]
    return {"names": list(found.names), "addresses": addresses}


Seen = Annotated[Id | None, Query(description="the last entry of the history that was seen")]


def _add(act: acts.Act) -> None:
    def perform(state: Process, actor: Staff, number: str, body: Any, seen: Seen = None) -> Any:
        given = act.body() if body is None else body
        row = acts.perform(state, actor, number, act, given, now=state.now(), seen=seen)
        names = ("number", "status", "level", "track", "lead_bureau", "holder_unit")
        return {**{name: row[name] for name in names}, "holder_person": row["holder_person"]}

    # The body's type is known only here: each act has its own path, body and description.
    optional = not act.body.model_fields
    perform.__annotations__["body"] = Annotated[act.body | None if optional else act.body, Body()]
    if optional:
        perform.__defaults__ = (None, None)
    perform.__doc__ = act.verb.__doc__
    router.add_api_route(
        f"/{{number}}/{act.name}", perform, methods=["POST"], name=act.name, operation_id=act.name
    )


for _act in acts.ACTS.values():
    _add(_act)
