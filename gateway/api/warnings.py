"""Lists of other bodies as JSON: partner systems with the scope ``warnings:write``."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints

from gateway import access, bodies, sentences
from gateway.access import Partner
from gateway.api.support import ApiRoute, Process, viewer_of
from gateway.import_kinds import BadRow
from gateway.warning_leads import COLUMNS, read, take_in
from models.vocabulary import Form
from referral.casework import Refusal
from referral.leads import Lead
from referral.office import Office
from referral.visiting import today

router = APIRouter(route_class=ApiRoute, tags=["warnings"])
Text = Annotated[str, StringConstraints(max_length=1_000_000)]
"""Any text that has no lone surrogate: a measure makes pydantic look at each character, and what
holds one can neither be kept nor named in an answer. What is too long is named by its row."""
Cell = Text | float | int | None


class Rows(bodies.Body):
    """The rows of a list; a row has the columns of the import."""

    rows: Annotated[list[dict[Text, Cell]], Field(min_length=1, max_length=1000)]


@router.post("/warnings", status_code=200)
def post(request: Request, state: Process, body: Rows) -> Any:
    """Take in rows of a list (kind, source, and name with id_number, phone, address or
    household_id; value, period, happened_on, note). The same fact twice is one warning: sending a
    list again is harmless. Answers what became of the good rows and names each bad one, in the
    language of Accept-Language."""
    viewer = viewer_of(request)
    if isinstance(viewer, Partner):
        if "warnings:write" not in viewer.scopes:
            raise Refusal("refusal.scope", {"scope": "load_warnings"}, 403)
        by = viewer.name
    else:
        access.allow(viewer, "load_warnings")
        by = viewer.login
    office, now = state.offices.current(), state.now()
    spoken = sentences.language(request.headers.get("accept-language"), office.phrases)
    good, bad = [], []
    for at, row in enumerate(body.rows):
        try:
            good.append(_read(row, office, now))
        except BadRow as fault:
            what = office.phrases.say(fault.key, fault.params, Form.FULL, spoken)
            bad.append({"row": at, "column": fault.column, "key": fault.key, "what": what})
    result = take_in(state.database, state.mint, office, good, by, now=now)
    return {
        "new": result.new,
        "repeated": result.repeated,
        "joined": result.joined,
        "noted": result.noted,
        "bad": bad,
    }


def _read(row: Mapping[str, Cell], office: Office, now: datetime) -> Lead:
    if unknown := sorted(set(row) - set(COLUMNS)):
        raise BadRow(unknown[0][:80], "import.fault.unknown")
    return read(row, office, today(now))
