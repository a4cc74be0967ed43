"""The pages of aid: the ledger, one grant, what was given and is recorded later, the quarter."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from gateway import access, acts, aid, aid_filing, aid_report, aid_views, sessions
from gateway.aid_bodies import FiledBody, KinEntry
from gateway.aid_views import FILTERS, MOST
from gateway.web import aid_choices, aidpage, relief_sheets, sought
from gateway.web.rendering import language_of, state_of
from gateway.web.shown_again import tried
from gateway.web.staff import (
    Fields,
    SignedIn,
    StaffRoute,
    Typed,
    checked,
    staff_page,
    worded,
)
from models.transaction import acting
from referral.casework import Refusal
from referral.directory import ZONE
from referral.relief_life import State
from referral.wording import named

BASE = "/relief"
KINDS = ("advance", "item", "social")

router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.get("")
def ledger(request: Request, session: SignedIn) -> Response:
    """The ledger under its filters, with totals by what it was for."""
    state = state_of(request)
    office, now, asked = state.offices.current(), state.now(), _asked(request)
    language = language_of(request)
    with state.database.read() as reading:
        found = aid_views.ledger(
            reading,
            session.actor,
            office,
            asked,
            now=now,
            after=request.query_params.get("after", ""),
        )
    return staff_page(
        request,
        "relief.html",
        ledger=found,
        asked=asked,
        query=urlencode({name: value for name, value in asked.items() if value}),
        choices=aidpage.choices(office, language),
        units=_units(office, language),
        states=[str(one) for one in State],
        kinds=KINDS,
        printing=bool(request.query_params.get("print")),
        paged=bool(request.query_params.get("after")),
        last_quarter=last_quarter(now),
    )


def _asked(request: Request) -> dict[str, str]:
    return {name: request.query_params.get(name, "").strip()[:100] for name in FILTERS}


def _units(office: Any, language: str) -> list[tuple[str, str]]:
    kinds = ("township", "civil_affairs")
    found = [unit for unit in office.directory.units if unit.authority in kinds]
    return [(unit.code, named(unit, language)) for unit in found]


@router.get("/ledger.xlsx")
def sheet(request: Request, session: SignedIn) -> Response:
    """The same list as a spreadsheet; names masked; the export is recorded."""
    state = state_of(request)
    office, now = state.offices.current(), state.now()
    with state.database.read() as reading:
        found = aid_views.ledger(
            reading, session.actor, office, _asked(request), now=now, limit=MOST
        )
    with acting(state.database, state.mint) as tx:
        purpose = urlencode({k: v for k, v in _asked(request).items() if v})
        access.look(tx, session.actor, act="export_relief", now=now, purpose=purpose)
    return relief_sheets.download("ledger.xlsx", relief_sheets.ledger(request, found))


def last_quarter(now: datetime) -> tuple[int, int]:
    """The year and quarter that ended last."""
    local = now.astimezone(ZONE)
    before = local.replace(month=3 * ((local.month - 1) // 3) + 1, day=1) - timedelta(days=1)
    return before.year, (before.month - 1) // 3 + 1


def asked_quarter(request: Request, now: datetime) -> tuple[int, int]:
    """The year and quarter that the address names, else the last one. Raises ``Refusal`` (422)."""
    year, number = last_quarter(now)
    given = request.query_params
    try:
        return int(given.get("year", year)), int(given.get("quarter", number))
    except ValueError:
        raise Refusal("refusal.quarter", status=422) from None


@router.get("/report")
def quarter(request: Request, session: SignedIn) -> Response:
    """The quarterly report."""
    found = _report(request, session)
    return staff_page(
        request,
        "relief_report.html",
        report=found,
        counts=relief_sheets.counts(found),
        printing="print" in request.query_params,
    )


@router.get("/report.xlsx")
def quarter_sheet(request: Request, session: SignedIn) -> Response:
    """The quarterly report as a spreadsheet."""
    found = _report(request, session)
    return relief_sheets.download(
        f"relief-{found.year}-Q{found.quarter}.xlsx", relief_sheets.quarter(request, found)
    )


def _report(request: Request, session: sessions.SignedIn) -> aid_report.Report:
    state = state_of(request)
    now = state.now()
    year, number = asked_quarter(request, now)
    with state.database.read() as reading:
        return aid_report.report(
            reading,
            session.actor,
            state.offices.current(),
            year=year,
            quarter=number,
            now=now,
        )


@router.get("/new")
def new(request: Request, session: SignedIn) -> Response:
    """The form for what was given and is recorded afterwards, and for items to file."""
    access.allow(session.actor, "propose_relief")
    return _new_page(request, session.actor, {})


@router.post("/new")
def whose(request: Request, session: SignedIn, form: Fields) -> Response:
    """Look for the household whose aid it is."""
    fields = checked(session, form)
    access.allow(session.actor, "propose_relief")
    asked = {name: fields.get(name, "") for name in aid_choices.ASKED}
    return sought.keep(request, session.actor, f"{BASE}/new", asked)


def _new_page(
    request: Request,
    actor: access.Actor,
    typed: Mapping[str, str],
    *,
    tried: str = "",
    status: int = 200,
    error: str = "",
) -> Response:
    state = state_of(request)
    office = state.offices.current()
    language = language_of(request)
    names = {route.service: named(route, language) for route in office.policy.routes}
    return staff_page(
        request,
        "relief_new.html",
        status=status,
        error=error,
        typed=Typed(typed),
        tried=tried,
        choices=aidpage.choices(office, language),
        offer=aid_choices.choices(request, actor, typed),
        colleagues=aid_choices.colleagues(office, language),
        services=list(names.items()),
        key=typed.get("once") or f"{state.mint()}",
    )


@router.post("/propose")
def propose(request: Request, session: SignedIn, form: Fields) -> Response:
    """Judge and propose, from the page of a request."""
    return _begin(request, session, form, "propose")


@router.post("/record_given")
def record_given(request: Request, session: SignedIn, form: Fields) -> Response:
    """Record what was given at once."""
    return _begin(request, session, form, "record_given")


def _begin(
    request: Request, session: sessions.SignedIn, form: Mapping[str, str], name: str
) -> Response:
    fields = checked(session, form)
    back = fields.pop("back", "")
    state = state_of(request)
    act = aid.BEGINS[name]
    row = tried(
        request,
        lambda: aid.begin(state, session.actor, act, acts.read_form(act, fields), now=state.now()),
        lambda why: _new_page(
            request, session.actor, fields, tried=name, status=why.status, error=why.error
        ),
    )
    if isinstance(row, Response):
        return row
    return RedirectResponse(aidpage.after(back, row["number"], name), 303)


@router.post("/file")
def file(request: Request, session: SignedIn, form: Fields) -> Response:
    """File an aid item of one's own bureau, or one of a charity."""
    fields = checked(session, form)
    state = state_of(request)
    try:
        if day := fields.pop("given_on", ""):
            fields["given_at"] = f"{day}T12:00:00+08:00" if "T" not in day else day
        body = _read(FiledBody, fields)
        row, _ = aid_filing.file(state, session.actor, body, now=state.now())
    except Refusal as error:
        return _new_page(
            request,
            session.actor,
            fields,
            tried="file",
            status=error.status,
            error=worded(request, error),
        )
    return RedirectResponse(aidpage.after("", row["number"], "file"), 303)


@router.post("/kin")
def kin(request: Request, session: SignedIn, form: Fields) -> Response:
    """Enter a near relative of a member of staff."""
    fields = checked(session, form)
    state = state_of(request)
    try:
        entry = _read(KinEntry, fields)
        aid_filing.register_kin(state, session.actor, entry, now=state.now())
    except Refusal as error:
        return _new_page(
            request,
            session.actor,
            fields,
            tried="kin",
            status=error.status,
            error=worded(request, error),
        )
    return RedirectResponse(f"{BASE}?kin=1", 303)


def _read(model: type[Any], fields: Mapping[str, str]) -> Any:
    filled = {name: value for name, value in fields.items() if value.strip()}
    try:
        made: BaseModel = model.model_validate(filled)
    except ValidationError as error:
        raise acts.unfilled(error, model) from None
    return made


@router.get("/{number}")
def one(request: Request, session: SignedIn, number: str) -> Response:
    """One grant: what it is, the year of the household, what may be done now."""
    return aidpage.show(request, session, number)


@router.post("/{number}/{name}")
def act(request: Request, session: SignedIn, form: Fields, number: str, name: str) -> Response:
    """An act on a grant, from its own page or from the page of its request."""
    return aidpage.act(request, session, number, name, form)
