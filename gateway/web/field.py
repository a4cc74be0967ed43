"""The page of a worker in the field: report, doors of the day, what became of the reports.

It works as plain forms. With script every entry is first kept on the telephone and sent when there
is a signal, each under its own key; the answers here are then JSON. The page's own service worker
is served from below its address, so that it opens without a signal too.
"""

import secrets
from asyncio import to_thread
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, JSONResponse, RedirectResponse
from fastapi.routing import APIRoute

from gateway import (
    access,
    differences,
    doorsteps,
    field,
    refusals,
    sentences,
    sessions,
    typed_fields,
)
from gateway.attachments import LARGEST_BYTES
from gateway.field import Kept
from gateway.web.rendering import STATIC, language_of, state_of
from gateway.web.staff import (
    SignedIn,
    StaffRoute,
    Typed,
    require_own_form,
    staff_page,
    worded,
)
from gateway.web.uploads import Upload, upload_of
from models.ids import Id
from models.transaction import acting
from models.vocabulary import Form
from referral import differing, wording
from referral.casework import Refusal

BASE = "/field"
router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


class EntryRoute(APIRoute):
    """A route that the page's script calls: every outcome is JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler with its outcome worded."""
        handler = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                return await handler(request)
            except sessions.NotSignedIn:
                return _refused(request, Refusal("refusal.not_signed_in", status=401))
            except Refusal as error:
                return _refused(request, error)

        return guarded


def _refused(request: Request, error: Refusal) -> JSONResponse:
    """The refusal as JSON, in the language of the page that shows it."""
    refusals.note(request, state_of(request), error)
    said = {"error": worded(request, error), "key": error.key}
    return JSONResponse(said, sentences.status_of(error))


entries = APIRouter(prefix=BASE, route_class=EntryRoute, include_in_schema=False)


@entries.get("/worker.js")
def worker() -> Response:
    """The service worker; from here it may look after the page at /field."""
    return FileResponse(
        STATIC / "field-worker.js",
        media_type="text/javascript",
        headers={"service-worker-allowed": BASE, "cache-control": "no-store"},
    )


@entries.get("/session")
def session(session: SignedIn) -> JSONResponse:
    """Who is signed in, and the token that an entry must bring."""
    access.allow(session.actor, "see_field")
    return JSONResponse({"login": session.actor.login, "csrf": session.csrf})


@entries.post("/entries")
async def entry(request: Request, session: SignedIn) -> JSONResponse:
    """One entry from a telephone's queue. 200 only when it is kept, with its key."""
    upload = await _checked(request, session, request.headers.get("x-csrf-token"))
    kept = await _take(request, session, upload)
    state = state_of(request)
    phrases, language = state.offices.current().phrases, language_of(request)
    return JSONResponse(
        {
            "kept": True,
            "key": kept.key,
            "number": kept.number,
            "repeated": kept.repeated,
            "differs": list(kept.differs),
            "problems": [phrases.say(key, _LIMITS, Form.FULL, language) for key in kept.problems],
        }
    )


_LIMITS = {"limit": str(LARGEST_BYTES // 1_048_576)}


@router.get("")
def page(request: Request, session: SignedIn) -> Response:
    """The worker's day."""
    return _page(request, session, {})


@router.post("")
async def post(request: Request, session: SignedIn) -> Response:
    """The same entries as plain forms."""
    upload = await _checked(request, session, None)
    try:
        kept = await _take(request, session, upload)
    except Refusal as error:
        if error.status not in (409, 413, 422):
            raise
        return await to_thread(
            _page,
            request,
            session,
            upload.fields,
            status=error.status,
            error=worded(request, error),
        )
    if kept.kind == "report" or kept.number:
        bad = f"?picture={kept.problems[0]}" if kept.problems else ""
        return RedirectResponse(f"{BASE}/receipts/{kept.receipt}{bad}", 303)
    return RedirectResponse(f"{BASE}?done={kept.kind}", 303)


@router.get("/receipts/{key}")
def receipt(request: Request, session: SignedIn, key: str) -> Response:
    """The receipt of a report (Social Assistance Law Art. 39), to keep or to print."""
    state = state_of(request)
    with state.database.read() as reading:
        found = doorsteps.receipt(reading, session.actor, key)
    problem = request.query_params.get("picture", "")
    known = problem if problem.startswith("refusal.picture") else ""
    return staff_page(
        request, "field_receipt.html", report=found, problem=known, limits=_LIMITS, base=BASE
    )


@router.post("/differences/{difference_id}")
async def decide(request: Request, session: SignedIn, difference_id: Id) -> Response:
    """Take one of two words."""
    upload = await _checked(request, session, None)
    await to_thread(_decide, request, session, difference_id, upload)
    back = "/discovery" if upload.fields.get("back") == "discovery" else BASE
    return RedirectResponse(back, 303)


def _decide(request: Request, session: SignedIn, difference_id: int, upload: Upload) -> None:
    access.allow(session.actor, "decide_difference")
    state = state_of(request)
    office = state.offices.current()
    with acting(state.database, state.mint) as tx:
        mine = differences.of(tx, session.actor, office)
        row = next((one for one in mine if one["id"] == difference_id), None)
        if row is None:
            raise Refusal("refusal.not_found", status=404)
        differing.decide(
            tx,
            office,
            session.actor,
            row,
            chosen=typed_fields.whole(upload.fields.get("chosen", "")),
            reason=upload.fields.get("reason", ""),
            now=state.now(),
        )


async def _checked(request: Request, session: SignedIn, token: str | None) -> Upload:
    """The form, of this site and this session. Raises ``Refusal`` (403)."""
    require_own_form(request)
    upload = await upload_of(request)
    sessions.require_token(session, token or upload.fields.pop("csrf", None))
    return upload


async def _take(request: Request, session: SignedIn, upload: Upload) -> Kept:
    state = state_of(request)
    pictures = upload.files.get("photo", [])
    return await to_thread(
        field.take, state, session.actor, upload.fields, pictures, now=state.now()
    )


def _page(
    request: Request,
    session: SignedIn,
    typed: dict[str, str],
    *,
    status: int = 200,
    error: str = "",
) -> Response:
    state = state_of(request)
    now, office = state.now(), state.offices.current()
    language = language_of(request)
    with state.database.read() as reading:
        day = doorsteps.day(reading, session.actor, office, now)
    rules = {rule.code: rule for rule in office.policy.outreach.visits} | {
        rule.id: rule for rule in office.policy.outreach.warnings
    }

    def named(row: Any) -> str:
        """A row of the rules by its name in the page's language."""
        return wording.named(row, language) if row else ""

    def fresh() -> str:
        """The key of a form that is sent without script."""
        return secrets.token_hex(16)

    doors = {(step.code): step for step in office.policy.outreach.doors}
    return staff_page(
        request,
        "field.html",
        status=status,
        error=error,
        day=day,
        typed=Typed(typed),
        done=request.query_params.get("done", ""),
        rules=rules,
        doors=doors,
        named=named,
        care=lambda rule: rule.care_en if language.startswith("en") else rule.care_zh,
        categories=office.policy.outreach.listed("report"),
        outcomes={act: office.policy.outreach.listed(act) for act in ("visit", "warning")},
        datums=field.DATUMS,
        fresh=fresh,
        base=BASE,
    )
