"""The units of the county: listed, added, changed, retired."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from gateway import access, days, posts, units
from gateway.state import State
from gateway.web import admin_words
from gateway.web.rendering import state_of
from gateway.web.staff import Fields, SignedIn, StaffRoute, checked, staff_page, worded
from models.transaction import Transaction, acting
from referral.casework import Refusal
from referral.directory import ZONE

router = APIRouter(prefix="/admin/units", route_class=StaffRoute, include_in_schema=False)


@router.get("")
def listed(request: Request, session: SignedIn) -> Response:
    """Every unit, the retired last."""
    access.allow(session.actor, "administer")
    return _list(request)


@router.post("")
def add(request: Request, session: SignedIn, form: Fields) -> Response:
    """A new unit."""
    fields = checked(session, form)
    access.allow(session.actor, "administer")
    state, actor = state_of(request), session.actor
    office, now = state.offices.current(), state.now()
    try:
        code = _done(
            state,
            lambda tx: units.add(tx, office, fields, fields.get("reason", ""), actor, now),
        )
    except Refusal as error:
        said = worded(request, error)
        return _list(request, status=error.status, error=said, typed=fields)
    return RedirectResponse(f"/admin/units/one?code={code}", 303)


@router.get("/one")
def one(request: Request, session: SignedIn) -> Response:
    """A unit, with the forms that change it."""
    access.allow(session.actor, "administer")
    return _one(request, request.query_params.get("code", ""))


@router.post("/change")
def change(request: Request, session: SignedIn, form: Fields) -> Response:
    """Names and telephones."""
    fields = checked(session, form)
    access.allow(session.actor, "administer")
    state, actor, code = state_of(request), session.actor, fields.get("code", "")

    def act(tx: Transaction) -> None:
        units.change(tx, code, fields, fields.get("reason", ""), actor, state.now())

    return _changed(request, code, fields, act)


@router.post("/post")
def name_post(request: Request, session: SignedIn, form: Fields) -> Response:
    """Who is the liaison officer of a unit, and who answers for its data."""
    fields = checked(session, form)
    access.allow(session.actor, "administer")
    state, actor, code = state_of(request), session.actor, fields.get("code", "")
    office, now = state.offices.current(), state.now()
    post, login = fields.get("post", ""), fields.get("login", "")

    def act(tx: Transaction) -> None:
        posts.name(tx, office, code, post, login, fields.get("reason", ""), actor, now)

    return _changed(request, code, fields, act)


@router.post("/retire")
def retire(request: Request, session: SignedIn, form: Fields) -> Response:
    """From a day on the unit no longer serves."""
    fields = checked(session, form)
    access.allow(session.actor, "administer")
    state, actor, code = state_of(request), session.actor, fields.get("code", "")
    office = state.offices.current()

    def act(tx: Transaction) -> None:
        units.retire(
            tx,
            office,
            code,
            ends_on=_day(fields.get("ends_on", "")),
            successor=fields.get("successor", "").strip(),
            reason=fields.get("reason", ""),
            actor=actor,
            now=state.now(),
        )

    return _changed(request, code, fields, act)


def _changed(
    request: Request, code: str, fields: Mapping[str, str], act: Callable[[Transaction], None]
) -> Response:
    try:
        _done(state_of(request), act)
    except Refusal as error:
        if error.status == 404:
            raise
        said = worded(request, error)
        return _one(request, code, status=error.status, error=said, typed=fields)
    return RedirectResponse(f"/admin/units/one?code={code}", 303)


def _done(state: State, act: Callable[[Transaction], Any]) -> Any:
    """Do it and go by it at once."""
    with acting(state.database, state.mint) as tx:
        result = act(tx)
    state.offices.refresh()
    return result


def _day(written: str) -> date:
    try:
        return days.day(written)
    except ValueError:
        raise Refusal("refusal.field", {"field": "ends_on"}, 422) from None


def _list(
    request: Request, *, status: int = 200, error: str = "", typed: Mapping[str, str] | None = None
) -> Response:
    state = state_of(request)
    office = state.offices.current()
    today = _today(state.now())
    with state.database.read() as reading:
        work = units.work(reading.connection())
    words = request.query_params.get("q", "").strip()[:60]
    found = [
        unit
        for unit in office.directory.units
        if not words or words in unit.name_zh or words in unit.code or words in unit.name_en
    ]
    found.sort(key=lambda unit: (not unit.serves_on(today), unit.area or "", unit.code))
    return staff_page(
        request,
        "admin_units.html",
        status=status,
        found=found,
        work=work,
        nothing=units.Work(),
        today=today,
        q=words,
        error=error,
        typed={**dict.fromkeys(_FIELDS, ""), **(typed or {})},
        authorities=list(office.policy.authorities),
        kinds=units.KINDS,
        places=office.directory.places,
        place=office.directory.place,
        units=office.directory.units,
        **admin_words.of(request, office),
    )


_FIELDS = (
    "code", "name_zh", "name_en", "authority", "kind", "area", "parent", "public_phone",
    "duty_phone", "valid_from", "reason", "ends_on", "successor",
)  # fmt: skip


def _one(
    request: Request,
    code: str,
    *,
    status: int = 200,
    error: str = "",
    typed: Mapping[str, str] | None = None,
) -> Response:
    state = state_of(request)
    office = state.offices.current()
    unit = office.directory.unit.get(code)
    if unit is None:
        raise Refusal("refusal.not_found", status=404)
    today = _today(state.now())
    with state.database.read() as reading:
        work = units.work(reading.connection()).get(code, units.Work())
        named = posts.holders(reading.connection())
    standing = {name: getattr(unit, name) for name in units.CHANGEABLE}
    return staff_page(
        request,
        "admin_unit.html",
        status=status,
        unit=unit,
        work=work,
        posts=posts.POSTS,
        held={post: posts.holder(named, office, code, post) for post in posts.POSTS},
        people=[one for one in office.directory.officer.values() if one.unit == code],
        today=today,
        error=error,
        typed={**dict.fromkeys(_FIELDS, ""), **standing, **(typed or {})},
        others=[one for one in office.directory.units if one.code != code and one.serves_on(today)],
        place=office.directory.place,
        leads=[
            row
            for row in office.policy.routes
            if row.in_force(today) and unit.authority in (row.lead, *row.cooperating)
        ],
        **admin_words.of(request, office),
    )


def _today(now: datetime) -> date:
    return now.astimezone(ZONE).date()
