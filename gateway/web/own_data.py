"""The requester asks on the page of their request that what we hold about them be put right.

Nothing changes here: a named person of the desk decides (``referral.own_data``). What was typed is
shown again when it cannot be taken.
"""

from collections.abc import Mapping
from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from channels.web import e164
from gateway.web import own_case, passes
from gateway.web.own_case import AWAY, CASE
from gateway.web.rendering import fields_of, state_of
from models.transaction import Row, Transaction
from referral import own_data
from referral.casework import Refusal
from referral.office import Office

MOST: Mapping[str, int] = {"name": 60, "place": 200, "phone": 40}
"""How many characters a field takes."""

router = APIRouter(prefix="/status/case", include_in_schema=False)


@router.post("/correct")
async def correct(request: Request) -> Response:
    """Ask for a correction, or show the page again with what was typed and what is wrong."""
    fields = await fields_of(request)
    proven = passes.shown(request, CASE)
    if proven is None:
        return own_case.expired(request, fields)
    wanted = {name: fields.get(f"right_{name}", "").strip() for name in own_data.FIELDS}
    faults = _unfit(wanted)
    if faults:
        again = (request, proven, fields, "uncorrected", 422, faults)
        return await run_in_threadpool(own_case.show, *again)
    wanted["phone"] = e164(wanted["phone"]) or ""
    return await run_in_threadpool(_ask, request, proven, fields, wanted)


def _ask(
    request: Request, proven: Mapping[str, str], fields: Mapping[str, str], wanted: dict[str, str]
) -> Response:

    def ask(tx: Transaction, office: Office, own: Row, now: datetime) -> Row:
        return own_data.ask(tx, office, own, wanted=wanted, now=now)

    try:
        asked = own_case.carry_out(state_of(request), proven, ask)
    except AWAY:
        return own_case.show(request, proven, fields, "busy", 503)
    except Refusal as refusal:
        key = _SAID.get(refusal.key)
        if key is None:
            return own_case.show(request, proven, fields, "stands", 409)
        faults = {"right_name": key}
        return own_case.show(request, proven, fields, "uncorrected", refusal.status, faults)
    if asked is None:
        return RedirectResponse("/status", 303)
    return RedirectResponse("/status/case?done=corrected#correct", 303)


_SAID = {
    "refusal.nothing_to_correct": "case.correct.error.same",
    "refusal.correction_waits": "case.correct.error.waits",
}


def _unfit(wanted: Mapping[str, str]) -> dict[str, str]:
    """What is wrong with what was typed: the field and its phrase."""
    if not any(wanted.values()):
        return {"right_name": "case.correct.error.empty"}
    faults = {
        f"right_{name}": "case.correct.error.long"
        for name, value in wanted.items()
        if len(value) > MOST[name]
    }
    if wanted["phone"] and "right_phone" not in faults and not e164(wanted["phone"]):
        faults["right_phone"] = "case.correct.error.phone"
    return faults
