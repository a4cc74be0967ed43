"""For inspection: who saw or did what. Read only; the search is posted, so that no telephone number
stands in an address."""

import csv
import io
from datetime import datetime, time, timedelta
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from gateway import access, days, exporting, inspection, sessions
from gateway.cells import harmless
from gateway.inspection import Cursor, Wanted
from gateway.web.entry_words import EntryWords
from gateway.web.rendering import language_of, state_of
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, origin_of, staff_page
from models.transaction import acting
from referral.casework import Refusal
from referral.directory import ZONE

ACTS = (
    "see", "see_held", "revealed", "audit_viewed", "audit_exported", "exported", "bulk_look",
    "level_lowered", "route_corrected", "arbitrated", "extended", "suspended", "merged", "closed",
    "signed_in", "second_factor_refused", "recovered", "staff_added", "staff_disabled",
)  # fmt: skip

router = APIRouter(prefix="/audit", route_class=StaffRoute, include_in_schema=False)


@router.get("")
def newest(request: Request, session: SignedIn) -> Response:
    """The newest entries."""
    access.allow(session.actor, "see_audit")
    return _page(request, session, Wanted(), Cursor(), {})


@router.post("")
def search(request: Request, session: SignedIn, form: Fields) -> Response:
    """The entries that fit."""
    fields = checked(session, form)
    access.allow(session.actor, "see_audit")
    return _page(request, session, _wanted(fields), _below(fields), fields)


@router.post("/export")
def export(request: Request, session: SignedIn, form: Fields) -> Response:
    """What fits as a table, with who took it, when and from where on every line."""
    fields = checked(session, form)
    state, actor = state_of(request), session.actor
    access.allow(actor, "export_audit")
    sessions.require_recent(session, state.now())
    wanted, now = _wanted(fields), state.now()
    with state.database.read() as reading:
        most = inspection.MOST_EXPORTED
        rows = inspection.entries(
            reading, actor, state.offices.current(), wanted, Cursor(), now=now, limit=most
        )
    mark = f"{actor.login} {exporting.local(now)} {origin_of(request)[0]}"
    content = _table(rows, mark)
    with acting(state.database, state.mint) as tx:
        inspection.record_export(tx, actor, wanted, rows=len(rows), content=content, now=now)
    return Response(
        content,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="audit-{now:%Y%m%d-%H%M%S}.csv"'},
    )


def _page(
    request: Request,
    session: sessions.SignedIn,
    wanted: Wanted,
    below: Cursor,
    typed: Any,
) -> Response:
    state, actor = state_of(request), session.actor
    office, now = state.offices.current(), state.now()
    with acting(state.database, state.mint) as tx:  # recorded before it is shown
        inspection.record_view(tx, actor, wanted, now)
    with state.database.read() as reading:
        shown = inspection.entries(reading, actor, office, wanted, below, now=now)
        chain = inspection.chain(reading)
        alarms = inspection.alarms(reading, actor)
    after = inspection.after(shown, below)
    words = EntryWords(office, language_of(request))
    return staff_page(
        request,
        "audit.html",
        shown=[(one, words.line(one.detail)) for one in shown],
        chain=chain,
        alarms=alarms,
        after=_cursor(after) if after else "",
        typed={name: typed.get(name, "") for name in _FIELDS},
        acts=ACTS,
    )


_FIELDS = ("number", "person", "actor", "act", "since", "until")


def _said(detail: Any) -> str:
    """The detail in one line, as it was written."""
    return "; ".join(
        f"{name}: {one if isinstance(one, str) else orjson.dumps(one).decode()}"
        for name, one in detail.items()
    )


def _table(rows: list[inspection.Entry], mark: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("seq", "at", "number", "act", "by", "detail", "taken_by"))
    for one in rows:
        cells = (one.seq, exporting.local(one.at), one.number, one.act, one.by, _said(one.detail))
        writer.writerow([harmless(cell) for cell in (*cells, mark)])
    return text.getvalue().encode("utf-8-sig")


def _wanted(fields: Any) -> Wanted:
    given = {name: fields.get(name, "").strip()[:100] for name in _FIELDS}
    until = _day(given.pop("until"))
    return Wanted(
        number=given["number"],
        person=given["person"],
        actor=given["actor"],
        act=given["act"],
        since=_day(given["since"]),
        until=until + timedelta(days=1) if until else None,
    )


def _day(written: str) -> datetime | None:
    """The beginning of a day in China. Raises ``Refusal`` (422)."""
    if not written:
        return None
    try:
        day = days.moment(written).date()
    except ValueError:
        raise Refusal("refusal.field", {"field": "date"}, 422) from None
    return datetime.combine(day, time(), ZONE)


def _cursor(cursor: Cursor) -> str:
    at, last = cursor.look or ("", "")
    shown = at.isoformat() if isinstance(at, datetime) else ""
    return f"{cursor.seq or ''} {shown} {last}"


def _below(fields: Any) -> Cursor:
    seq, at, last = (*fields.get("below", "").split(" "), "", "", "")[:3]
    try:
        look = (days.moment(at), int(last)) if at and last else None
        return Cursor(int(seq) if seq else None, look)
    except ValueError:
        return Cursor()
