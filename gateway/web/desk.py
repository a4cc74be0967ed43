"""The desk of the help line: waiting work, one request, the holding pen, entering."""

from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, ValidationError

from gateway import (
    access,
    acts,
    calls,
    drafts,
    entering,
    inboxes,
    refusals,
    sentences,
    sessions,
    tasks,
)
from gateway.web import casepage, inbox, queue
from gateway.web.rendering import state_of
from gateway.web.staff import (
    Fields,
    SignedIn,
    StaffRoute,
    Typed,
    checked,
    staff_page,
    worded,
    workplace,
)
from models.ids import Id
from models.transaction import acting
from referral.casework import Refusal

Body = TypeVar("Body", bound=BaseModel)

BASE, TEMPLATE = "/desk", "case.html"

router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


@router.post("/tasks/{task_id}")
def finish_task(request: Request, session: SignedIn, form: Fields, task_id: Id) -> Response:
    """Finish waiting work with a note; refused, the note still stands where it was typed, or above
    the list where the work has no field for it any more. Either way on the tab that was open."""
    fields = checked(session, form)
    access.allow(session.actor, "done")
    state, note = state_of(request), fields.get("note", "")
    place, tab = workplace(session.actor), request.query_params.get("tab", "")
    try:
        acts.finish_task(state, session.actor, task_id, note, now=state.now())
    except Refusal as error:
        refusals.note(request, state, error)
        again: dict[str, Any] = {
            "typed": {task_id: note},
            "error": worded(request, error),
            "status": sentences.status_of(error),
        }
        if place != BASE:
            return inbox.shown(request, session.actor, tab=tab or inboxes.TABS[0], **again)
        return queue.shown(request, session, "desk.html", **again)
    return RedirectResponse(f"{place}?{urlencode({'tab': tab})}" if tab else place, 303)


@router.get("/enter")
def enter_form(request: Request, session: SignedIn) -> Response:
    """The form for a caller or a visitor, with what was written in it before; that of a call that
    nobody wrote about yet with what is known of the caller."""
    access.allow(session.actor, "add_contact")
    state = state_of(request)
    asked = calls.named(request.query_params.get("call", ""))
    if not asked or session.actor.role not in access.DESK:
        return _enter_page(request, session, None)
    with state.database.read() as reading:
        office, now = state.offices.current(), state.now()
        known = calls.one(reading, session.actor, office, int(asked), now)
    filled = {"sender": known.caller, "name": known.name or "", "place": known.place or ""}
    return _enter_page(request, session, None, call=asked, known=filled)


@router.post("/enter")
def enter(request: Request, session: SignedIn, form: Fields) -> Response:
    """Enter a contact on behalf; the same press twice is one contact. Only the words that were sent
    are no draft any more."""
    fields = checked(session, form)
    access.allow(session.actor, "add_contact")
    state = state_of(request)
    call = calls.named(fields.pop("call", ""))
    try:
        entry = _read(entering.Entry, fields)
        with state.database.read() as reading:
            since = calls.answered_since(reading, int(call)) if call else None
        outcome = entering.enter(state, session.actor, entry, now=state.now(), since=since)
    except Refusal as error:
        told: dict[str, Any] = {"status": error.status, "error": worded(request, error)}
        return _enter_page(request, session, fields, call=call, **told)
    with acting(state.database, state.mint) as tx:
        drafts.drop(tx, session.actor.login, drafts.ENTRY, drafts.slot(call))
        if call and outcome.number:
            calls.became(tx, session.actor, int(call), outcome.number)
    return _enter_page(request, session, None, entered=outcome)


def _enter_page(
    request: Request,
    session: sessions.SignedIn,
    typed: Any,
    *,
    call: str = "",
    known: Mapping[str, str] | None = None,
    status: int = 200,
    error: str = "",
    entered: Any = None,
) -> Response:
    """The form of this call, or of none. ``typed`` None: with its draft, else with what is
    ``known``. Words that wait in another form are told of."""
    state, mine = state_of(request), drafts.slot(call)
    with state.database.read() as reading:
        kept = drafts.of(reading, session.actor.login, drafts.ENTRY)
    restored = kept.get(mine) if typed is None else None
    if typed is None:
        typed = restored.fields if restored else known or {}
    waiting = [
        {"call": calls.named(drafts.call_of(act)), "since": one.saved_at}
        for act, one in kept.items()
        if act != mine and one.fields.get("text")
    ]
    key = typed.get("key") or f"{state.mint()}"
    return staff_page(
        request,
        "enter.html",
        status=status,
        typed=Typed(typed),
        error=error,
        entered=entered,
        key=key,
        call=call,
        slot=mine,
        restored=restored,
        waiting=waiting,
        base=BASE,
    )


@router.get("/held/{entry_id}")
def held(request: Request, session: SignedIn, entry_id: Id) -> Response:
    """A call that nobody could read, as it came; looking is recorded."""
    return _held_page(request, session, entry_id, {})


@router.post("/held/{entry_id}")
def finish_held(request: Request, session: SignedIn, form: Fields, entry_id: Id) -> Response:
    """Type what it says."""
    fields = checked(session, form)
    access.allow(session.actor, "finish_held")
    state = state_of(request)
    try:
        read = _read(entering.Read, fields)
        outcome = entering.finish_held(state, session.actor, entry_id, read, now=state.now())
    except Refusal as error:
        if error.status == 404:
            raise
        return _held_page(
            request,
            session,
            entry_id,
            fields,
            status=error.status,
            error=worded(request, error),
            left=error.key == entering.READ_MEANWHILE,
        )
    return RedirectResponse(f"{BASE}/{outcome.number}", 303)


def _held_page(
    request: Request,
    session: SignedIn,
    entry_id: int,
    typed: Any,
    *,
    status: int = 200,
    error: str = "",
    left: bool = False,
) -> Response:
    state = state_of(request)
    with state.database.read() as reading:
        entry = tasks.one_held(reading, session.actor, entry_id, left=left)
    if request.method == "GET":
        with acting(state.database, state.mint) as tx:
            purpose = f"journal {entry_id}"
            access.look(tx, session.actor, act="see_held", now=state.now(), purpose=purpose)
    return staff_page(
        request, "held.html", status=status, entry=entry, typed=Typed(typed), error=error, base=BASE
    )


def _read(model: type[Body], fields: Any) -> Body:
    filled = {name: value for name, value in fields.items() if value.strip() or name == "text"}
    try:
        return model.model_validate(filled)
    except ValidationError as error:
        raise acts.unfilled(error, model) from None


@router.get("/{number}")
def case(request: Request, session: SignedIn, number: str) -> Response:
    """One request."""
    access.allow(session.actor, "see_desk")
    return casepage.show(request, session, number, base=BASE, template=TEMPLATE)


@router.post("/{number}/{act}")
def act(request: Request, session: SignedIn, form: Fields, number: str, act: str) -> Response:
    """An act on it."""
    return casepage.act(request, session, number, act, form, base=BASE, template=TEMPLATE)
