"""The page of one request for its own requester: see it, add to it, rate it, take it back.

Who is shown a pass of the case (``passes``) has proven number and code in this browser. A page
left open longer than the pass holds loses nothing: the words go along to where number and code
are asked for again.
"""

import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlmodel import col

from gateway import looks, on_record, own_files, progress, sentences
from gateway.hooks import kept
from gateway.intake import Call
from gateway.state import State
from gateway.web import adding, kept_first, passes
from gateway.web.rendering import fields_of, language_of, page, state_of, translator
from models.db import Busy
from models.messages import Inbound, Outcome
from models.requests import HelpRequest
from models.transaction import Row, Transaction, acting
from referral import closing, requester
from referral.casework import Refusal
from referral.directory import Nobody
from referral.lifecycle import Impossible
from referral.office import Office

CASE, RECEIPT = "case", "receipt"
AWAY = (Busy, Nobody, TimeoutError)
MAY_COME_AGAIN = {"retry-after": "5"}
DONE = ("added", "rated", "withdrawn", "looked_after", "corrected", "erasing")

router = APIRouter(prefix="/status/case", include_in_schema=False)


@router.get("")
def case(request: Request) -> Response:
    """What becomes of the request whose number and code this browser has proven."""
    proven = passes.shown(request, CASE)
    if proven is None:
        return RedirectResponse("/status", 303)
    done = request.query_params.get("done", "")
    return show(request, proven, notice=done if done in DONE else "")


@router.post("")
async def add(request: Request) -> Response:
    """More of the same matter: a contact like any other, in the same request."""
    state = state_of(request)
    form = await kept_first.written(request, state.settings.body_limit)
    fields, files = form.fields, form.files
    proven = passes.shown(request, CASE)
    if proven is None:
        return expired(request, fields)
    if files and not fields.get("what"):
        fields["what"] = translator(state.offices.current().phrases, language_of(request))(
            "files.only"
        )
    if not fields.get("what"):
        return await run_in_threadpool(show, request, proven, fields, "empty", 422)
    try:
        call = await run_in_threadpool(adding.call_of, state, proven, fields)
        if call is None:
            return RedirectResponse("/status", 303)
        outcome = await _submitted(request, call)
    except AWAY:
        return await run_in_threadpool(show, request, proven, fields, "busy", 503)
    kept_files, refused = 0, form.refused
    if files:
        about = (call.channel, _key_of(call), state.now())
        kept_files, not_kept = await run_in_threadpool(kept_first.keep, state, files, *about)
        refused = [*refused, *not_kept]
    unkept = kept_first.listed(refused)
    begun = outcome.opened or outcome.held
    if begun and outcome.number != proven["number"] and outcome.number and outcome.code:
        # The matter had ended: the words began a new one, with a number of its own.
        answer = RedirectResponse("/received", 303)
        told = {"number": outcome.number, "code": outcome.code}
        passes.give(
            request,
            answer,
            RECEIPT,
            {**told, "reachable": "1", "files": str(kept_files), "unkept": unkept},
        )
        passes.give(request, answer, CASE, told)
        return answer
    return RedirectResponse(f"/status/case?done=added{f'&unkept={unkept}' if unkept else ''}", 303)


@router.get("/file/{token}")
def file(request: Request, token: str) -> Response:
    """A photograph or recording that this requester sent; 404 alike for any other."""
    proven = passes.shown(request, CASE)
    if proven is not None:
        with state_of(request).database.read() as session:
            found = progress.find(session.connection(), proven["number"], proven["code"])
            if isinstance(found, dict):
                content = own_files.one(session, found, token)
                if content is not None:
                    return Response(content.body, media_type=content.content_type)
    raise HTTPException(404)


@router.post("/rate")
async def rate(request: Request) -> Response:
    """What the requester says of the answer; "not solved" gives it back to the unit."""
    fields = await fields_of(request)
    proven = passes.shown(request, CASE)
    if proven is None:
        return expired(request, fields)
    faults = _unfit(fields)
    if faults:
        return await run_in_threadpool(show, request, proven, fields, "unrated", 422, faults)
    view, note = fields["view"], fields.get("note", "")

    def judged(tx: Transaction, office: Office, own: Row, now: Any) -> Row:
        if fields["resolved"] == "no":
            return requester.not_done(tx, office, own, view=view, reason=note, now=now)
        return requester.rate(tx, office, own, view=view, resolved=True, note=note, now=now)

    return await run_in_threadpool(_done, request, proven, fields, judged, "rated")


@router.post("/withdraw")
async def withdraw(request: Request) -> Response:
    """The requester takes it back; where somebody may be in danger a person looks in first."""
    fields = await fields_of(request)
    proven = passes.shown(request, CASE)
    if proven is None:
        return expired(request, fields)
    say = translator(state_of(request).offices.current().phrases, "zh-CN")
    why = fields.get("reason", "") or say("case.withdraw.no_reason")
    if len(why) < 2:
        why = f"{why} {say('case.withdraw.no_reason')}"

    def taken_back(tx: Transaction, office: Office, own: Row, now: Any) -> Row:
        return requester.take_back(tx, office, own, note=why, now=now)

    return await run_in_threadpool(_done, request, proven, fields, taken_back, "withdrawn")


def show(
    request: Request,
    proven: Mapping[str, str],
    typed: Mapping[str, str] | None = None,
    notice: str = "",
    status: int = 200,
    faults: Mapping[str, str] | None = None,
) -> Response:
    """The page, with what was typed still in its fields."""
    state, language = state_of(request), language_of(request)
    office, now = state.offices.current(), state.now()
    with state.database.read() as session:
        reader = session.connection()
        found = progress.find(reader, proven["number"], proven["code"])
        if found is None:
            return RedirectResponse("/status", 303)
        seen: progress.Progress | progress.Held = (
            progress.read(reader, office, found, language=language, now=now)
            if isinstance(found, dict)
            else found
        )
        looked, record = looks.Looked(), None
        if isinstance(found, dict):
            looked = looks.of(reader, office, [found["id"]], language=language)
            record = on_record.of(reader, office, found)
    return page(
        request,
        "citizen_status_found.html",
        status=status,
        headers=MAY_COME_AGAIN if status == 503 else None,
        case=seen,
        held=isinstance(seen, progress.Held),
        unkept=kept_first.named(request.query_params.get("unkept", "")),
        limit=kept_first.LIMIT,
        looked=looked,
        record=record,
        role=partial(sentences.word, office.phrases, "role", spoken=language),
        notice=notice,
        faults=faults or {},
        typed=defaultdict(str, typed or {}),
        nonce=(typed or {}).get("nonce") or secrets.token_urlsafe(12),
        views=closing.VIEWS,
    )


def expired(request: Request, fields: Mapping[str, str]) -> Response:
    """Number and code are asked for again; what was written goes along."""
    written = next((fields[name] for name in ("what", "note", "reason") if fields.get(name)), "")
    return page(
        request,
        "citizen_status.html",
        status=403,
        notice="expired",
        typed=defaultdict(str),
        kept=written,
    )


def carry_out(
    state: State, proven: Mapping[str, str], act: Callable[[Transaction, Office, Row, Any], Row]
) -> Row | None:
    """What the requester does with the request that number and code open; None where they open
    none. Raises what reading and the act raise."""
    with state.database.read() as session:
        found = progress.find(session.connection(), proven["number"], proven["code"])
    if not isinstance(found, dict):
        return None
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    with acting(state.database, state.mint) as tx:
        row = tx.execute(select(*columns).where(col(HelpRequest.id) == found["id"])).one()
        return act(tx, state.offices.current(), dict(row._mapping), state.now())


def _done(
    request: Request,
    proven: Mapping[str, str],
    fields: Mapping[str, str],
    act: Callable[[Transaction, Office, Row, Any], Row],
    done: str,
) -> Response:
    try:
        after = carry_out(state_of(request), proven, act)
    except AWAY:
        return show(request, proven, fields, "busy", 503)
    except Refusal as refusal:
        if refusal.key != "refusal.check_waits":
            return show(request, proven, fields, "stands", 409)
        done = "looked_after"
    except Impossible:
        return show(request, proven, fields, "stands", 409)
    else:
        if after is None:
            return RedirectResponse("/status", 303)
        if done == "withdrawn" and after["closed_at"] is None:
            done = "looked_after"
    return RedirectResponse(f"/status/case?done={done}", 303)


def _unfit(fields: Mapping[str, str]) -> dict[str, str]:
    """What is missing from a rating: the field and its phrase."""
    faults: dict[str, str] = {}
    if fields.get("resolved") not in ("yes", "no"):
        faults["resolved"] = "case.rate.error.resolved"
    if fields.get("view") not in closing.VIEWS:
        faults["view"] = "case.rate.error.view"
    if fields.get("resolved") == "no" and len(fields.get("note", "")) < 2:
        faults["note"] = "case.rate.error.note"
    return faults


def _key_of(call: Call) -> str:
    """Under which id the contact of this call is kept."""
    one = next(iter(call.happenings), None)
    return one.external_id if isinstance(one, Inbound) else ""


async def _submitted(request: Request, call: Call) -> Outcome:
    state = state_of(request)
    outcome = await kept(state.intake.submit(call))
    state.counts.received(call.channel, outcome)
    return outcome
