"""Wishes to be erased: the list, what would go and what stays, and the two who decide."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from gateway import erasure_wishes, sessions, subjects, wish_list
from gateway.web import own_case, passes
from gateway.web.own_case import AWAY, CASE
from gateway.web.rendering import fields_of, language_of, state_of, translator
from gateway.web.staff import Fields, SignedIn, StaffRoute, Typed, checked, staff_page, worded
from models.ids import Id
from models.transaction import acting
from referral.casework import Refusal

router = APIRouter(prefix="/erasures", route_class=StaffRoute, include_in_schema=False)
public = APIRouter(prefix="/status/case", include_in_schema=False)


@public.post("/erase")
async def ask(request: Request) -> Response:
    """The requester asks on the page of their request; nothing goes before two have looked."""
    fields = await fields_of(request)
    proven = passes.shown(request, CASE)
    if proven is None:
        return own_case.expired(request, fields)
    if fields.get("sure") != "yes":
        again = (request, proven, fields, "unsure", 422, {"sure": "case.erase.error"})
        return await run_in_threadpool(own_case.show, *again)
    carry_out = erasure_wishes.by_requester
    try:
        asked = await run_in_threadpool(own_case.carry_out, state_of(request), proven, carry_out)
    except AWAY:
        return await run_in_threadpool(own_case.show, request, proven, fields, "busy", 503)
    except Refusal:
        return await run_in_threadpool(own_case.show, request, proven, fields, "stands", 409)
    return RedirectResponse("/status/case?done=erasing#erase" if asked else "/status", 303)


@router.get("")
def every(request: Request, session: SignedIn) -> Response:
    """Those that wait, and what was decided lately."""
    return _list(request, session, {"number": request.query_params.get("number", "")[:40]})


@router.post("")
def ask_for(request: Request, session: SignedIn, form: Fields) -> Response:
    """Write down what somebody asks by telephone or at the counter."""
    fields = checked(session, form)
    state = state_of(request)
    number, words = fields.get("number", "").strip(), fields.get("words", "")
    office, now = state.offices.current(), state.now()
    try:
        with acting(state.database, state.mint) as tx:
            wish = erasure_wishes.ask_for(tx, office, session.actor, number, words, now)
    except Refusal as error:
        if error.status == 403:
            raise
        return _list(request, session, fields, status=error.status, error=worded(request, error))
    return RedirectResponse(f"/erasures/{wish}", 303)


@router.get("/{wish_id}")
def one(request: Request, session: SignedIn, wish_id: Id) -> Response:
    """What would go and what stays; once it is done, what went."""
    return _one(request, session, wish_id, {})


@router.post("/{wish_id}/{act}")
def decide(request: Request, session: SignedIn, form: Fields, wish_id: Id, act: str) -> Response:
    """Propose it, agree, or decline."""
    fields = checked(session, form)
    state, actor, given = state_of(request), session.actor, fields.get("words", "")
    office, now = state.offices.current(), state.now()
    if act in ("propose", "agree"):
        sessions.require_recent(session, now)
    try:
        with acting(state.database, state.mint) as tx:
            if act == "propose":
                erasure_wishes.propose(tx, office, actor, wish_id, note=given, now=now)
            elif act == "agree":
                erasure_wishes.agree(tx, office, actor, wish_id, now=now)
            elif act == "decline":
                erasure_wishes.decline(tx, office, actor, wish_id, reason=given, now=now)
            else:
                raise Refusal("refusal.not_found", status=404)
    except Refusal as error:
        if error.status in (403, 404):
            raise
        return _one(
            request, session, wish_id, fields, status=error.status, error=worded(request, error),
            tried=act,
        )  # fmt: skip
    return RedirectResponse(f"/erasures/{wish_id}", 303)


def _list(
    request: Request,
    session: sessions.SignedIn,
    typed: dict[str, str],
    *,
    status: int = 200,
    error: str = "",
) -> Response:
    state = state_of(request)
    now, office = state.now(), state.offices.current()
    with state.database.read() as reading:
        found = erasure_wishes.every(reading.connection(), session.actor, office, now)
    return staff_page(
        request,
        "erasures.html",
        status=status,
        waits=[wish for wish in found if wish.row["decided_at"] is None],
        over=[wish for wish in found if wish.row["decided_at"] is not None],
        typed=Typed(typed),
        error=error,
    )


def _one(
    request: Request,
    session: sessions.SignedIn,
    wish_id: int,
    typed: dict[str, str],
    *,
    status: int = 200,
    error: str = "",
    tried: str = "",
) -> Response:
    state, actor = state_of(request), session.actor
    now, office = state.now(), state.offices.current()
    with state.database.read() as reading:
        reader = reading.connection()
        wish = erasure_wishes.one(reader, actor, office, wish_id, now)
        subject = erasure_wishes.behind(reader, wish.request)
        waits = wish.row["decided_at"] is None
        hindered = erasure_wishes.hindrances(reader, subject) if waits else {}
    fates = wish.fates
    if waits and not hindered:
        fates = subjects.foreseen(state.database, state.mint, subject, now=now)
    say = translator(office.phrases, language_of(request))
    told = wish_list.lines(
        say, fates, by=wish.row["decided_by"] or "", hotline=state.settings.hotline
    )
    return staff_page(
        request,
        "erasure.html",
        status=status,
        wish=wish,
        numbers=[row.number for row in subject.requests],
        hindered=hindered,
        gone=[fate for fate in fates if fate.gone],
        kept=list(wish_list.kept(say, fates)),
        told=list(told) if wish.row["agreed"] else [],
        second=wish.may_agree(actor.login),
        typed=Typed(typed),
        error=error,
        tried=tried,
    )
