"""The public pages: ask for help, see that it is kept, see what becomes of it. Work without script.

The form posts to ``/help``, which gives a person the chance to correct a slip and then goes the
one path of ``/hook/web``. No page needs a token against forged posts: whoever may write may write
anonymously, the form's signed key only proves that we printed the form, and the pass of a case is a
cookie that other sites cannot use. No number, code or word of a citizen stands in an address.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from math import ceil
from urllib.parse import urlencode

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from channels import Channel
from channels.web import e164, form_token, new_nonce, proof
from gateway import guessing, progress, refusals
from gateway.hooks import kept
from gateway.spool import Spool
from gateway.web import kept_first, own_case, passes
from gateway.web.own_case import AWAY, CASE, MAY_COME_AGAIN, RECEIPT
from gateway.web.rendering import fields_of, language_of, page, state_of, translator
from models import numbers
from models.messages import Forged, Outcome, Raw
from models.transaction import acting

router = APIRouter(include_in_schema=False)

SAYS_SOMETHING = ("what", "where", "phone", "name", "latitude")


@router.get("/")
async def home() -> Response:
    """The one thing most people come for."""
    return RedirectResponse("/help", 303)


@router.get("/help")
def help_form(request: Request) -> Response:
    """The form. 404 where the channel ``web`` is switched off."""
    _channel(request)
    return _form(request, {})


@router.post("/help")
async def ask_for_help(request: Request) -> Response:
    """Keep what was written, or show the form again with every word still in it."""
    channel = _channel(request)
    state = state_of(request)
    form = await kept_first.written(request, state.settings.body_limit)
    fields = form.fields
    faults = _faults(fields)
    if form.files and "what" in faults:
        say = translator(state.offices.current().phrases, language_of(request))
        fields["what"] = say("files.only")
        faults.discard("what")
    again = bool(form.files)  # no browser keeps the files that were chosen
    if faults and not (faults == {"phone"} and fields.get("anyway")):
        return _form(request, fields, faults=faults, status=422, again=again)
    proven = passes.shown(request, CASE) or {}
    shown = ""
    if proven:
        shown = proof(state.settings.secret_key, fields.get("key", ""), **_case(proven))
    raw = _raw(request, channel, {**fields, "shown": shown})
    try:
        outcome = await _kept(request, channel, raw)
    except Forged:
        # Our secret has changed, or nobody printed this form: a new key, the words kept.
        return _form(request, {**fields, "key": ""}, notice="renewed", status=403, again=again)
    except AWAY:
        return await run_in_threadpool(_away, request, channel, raw, form)
    kept_files, refused = 0, form.refused
    if form.files:
        about = (state, form.files, channel.name, channel.key(raw) or "", state.now())
        kept_files, not_kept = await run_in_threadpool(kept_first.keep, *about)
        refused = [*refused, *not_kept]
    files = {"files": str(kept_files), "unkept": kept_first.listed(refused)}
    answer = RedirectResponse("/received", 303)
    # What begins a request tells its number and code here. A repeat, from who knows where, and
    # words that joined by a code which was changed meanwhile, tell them to nobody anew.
    told = {"number": outcome.number or "", "code": outcome.code or ""}
    if not (outcome.opened or outcome.held or (proven and _case(proven) == told)):
        passes.give(request, answer, RECEIPT, {"number": "", "code": "", "reachable": "1", **files})
        return answer
    reachable = "1" if e164(fields.get("phone", "")) else ""
    passes.give(request, answer, RECEIPT, {**told, "reachable": reachable, **files})
    passes.give(request, answer, CASE, told)
    return answer


@router.get("/received")
def received(request: Request) -> Response:
    """The number, large; the code; what happens next and by when."""
    told = passes.shown(request, RECEIPT)
    state = state_of(request)
    if told is None:
        return RedirectResponse("/status", 303)
    office = state.offices.current()
    with state.database.read() as session:
        found = progress.find(session.connection(), told["number"], told["code"])
        seen: progress.Progress | progress.Held | None = None
        if isinstance(found, dict):
            language = language_of(request)
            seen = progress.read(
                session.connection(), office, found, language=language, now=state.now()
            )
        elif found is not None:
            seen = found
    held = not isinstance(seen, progress.Progress)
    return page(
        request,
        "citizen_received.html",
        told=told,
        held=held,
        case=seen,
        files=int(told.get("files") or 0),
        unkept=kept_first.named(told.get("unkept", "")),
        limit=kept_first.LIMIT,
    )


@router.get("/status")
def status_form(request: Request) -> Response:
    """Where number and code are entered."""
    return page(request, "citizen_status.html", notice="", typed=defaultdict(str), kept="")


@router.post("/status")
async def look_up(request: Request) -> Response:
    """Open the case of a number and its code; the same words and time for unknown and wrong."""
    fields = await fields_of(request)
    said = _plain(fields.get("number", ""))
    number = numbers.normal(said) or said
    code = "".join(filter(str.isdecimal, _plain(fields.get("code", ""))))
    client = request.client.host if request.client else ""
    found, wait = await run_in_threadpool(_tried, request, number, code, client)
    words = fields.get("kept", "")  # written on a page of the case that was open too long
    typed = defaultdict(str, fields)
    again = partial(page, request, "citizen_status.html", typed=typed, kept=words)
    if wait:
        retry = {"retry-after": str(ceil(wait.total_seconds()))}
        return again(notice="pause", status=429, headers=retry)
    if not found:
        return again(notice="wrong", status=422)
    proven = {"number": number, "code": code}
    answer: Response = RedirectResponse("/status/case", 303)
    if words:
        answer = await run_in_threadpool(own_case.show, request, proven, {"what": words})
    passes.give(request, answer, CASE, proven)
    return answer


def _plain(said: str) -> str:
    """What was typed with full-width letters and digits made plain, and no longer than sense."""
    return unicodedata.normalize("NFKC", said)[:64]


def _channel(request: Request) -> Channel:
    channel = state_of(request).channels.get("web")
    if channel is None:
        raise HTTPException(404)
    return channel


def _form(
    request: Request,
    typed: Mapping[str, str],
    *,
    faults: frozenset[str] | set[str] = frozenset(),
    notice: str = "",
    status: int = 200,
    again: bool = False,
    files: int = 0,
    unkept: Sequence[str] = (),
) -> Response:
    """The form; shown again it keeps its key, so that a second try is no second request.
    ``again``: files were chosen and have to be chosen once more; ``files`` are kept already,
    ``unkept`` are the phrases of what was not."""
    secret = state_of(request).settings.secret_key
    return page(
        request,
        "citizen_help.html",
        status=status,
        headers=MAY_COME_AGAIN if status == 503 else None,
        key=typed.get("key") or form_token(secret, new_nonce(state_of(request).now())),
        typed=defaultdict(str, typed),
        faults=faults,
        notice=notice,
        limit=kept_first.LIMIT,
        again=again,
        files=files,
        unkept=unkept,
    )


def _away(request: Request, channel: Channel, raw: Raw, form: kept_first.Written) -> Response:
    """The database is away: the words go to the disk and then the files, and the page says so with
    every word still in it; pressed again later, the same form brings the number. Where not even the
    words can be kept it says that nothing is."""
    state, now = state_of(request), state_of(request).now()
    spool, key = Spool.of(state.settings), channel.key(raw) or ""
    if not spool.keep(channel.name, key, raw, now):
        return _form(request, form.fields, notice="busy", status=503, again=bool(form.files))
    files, refused = kept_first.spool(spool, form.files, channel.name, key, now)
    unkept = dict.fromkeys([*form.refused, *refused])
    return _form(
        request, form.fields, notice="spooled", status=202, files=files, unkept=list(unkept)
    )


def _case(proven: Mapping[str, str]) -> dict[str, str]:
    """What a pass of the case proves."""
    return {"number": proven["number"], "code": proven["code"]}


def _still_opens(request: Request, number: str) -> bool:
    """Whether this browser has shown the code that opens the case of this number now."""
    proven = passes.shown(request, CASE)
    if proven is None or proven["number"] != number:
        return False
    with state_of(request).database.read() as session:
        return progress.find(session.connection(), **_case(proven)) is not None


def _raw(request: Request, channel: Channel, fields: Mapping[str, str]) -> Raw:
    """The words as the channel takes them, whatever the form carried beside them."""
    base = state_of(request).settings.public_url.rstrip("/")
    names = ("user-agent", "x-request-id")
    headers = {name: request.headers[name] for name in names if name in request.headers}
    headers["content-type"] = "application/x-www-form-urlencoded; charset=UTF-8"
    return Raw(f"{base}/hook/{channel.name}", urlencode(fields).encode(), headers, "", "")


def _faults(fields: Mapping[str, str]) -> set[str]:
    """What a person should look at again. Danger alone is enough: it is kept as it is."""
    danger = fields.get("how_urgent") == "danger"
    if not danger and not any(fields.get(name) for name in SAYS_SOMETHING):
        return {"what"}
    phone = fields.get("phone", "")
    return {"phone"} if phone and not e164(phone) else set()


async def _kept(request: Request, channel: Channel, raw: Raw) -> Outcome:
    """The one path, as ``hooks.take`` goes it."""
    state = state_of(request)
    address = request.client.host if request.client else ""
    outcome = await kept(state.intake.receive(channel, raw, state.now(), address=address))
    state.counts.received(channel.name, outcome)
    return outcome


def _tried(request: Request, number: str, code: str, client: str) -> tuple[bool, timedelta]:
    """Whether number and code fit, and how long to wait where nothing was tried. Strangers who
    guess at a number make its own browser, which has shown the code that opens it, wait for
    nothing."""
    state = state_of(request)
    what = [("status_address", guessing.network(client))]
    if not _still_opens(request, number):
        what.append(("status_number", number))
    tried = guessing.attempt(state, what, state.now())
    if not tried:
        refusals.count(request, state, "pause", "status.pause")
        return False, tried.wait
    with state.database.read() as session:
        if not progress.find(session.connection(), number, code):
            refusals.count(request, state, "code", "status.wrong")
            return False, tried.wait
    with acting(state.database, state.mint) as tx:
        guessing.forgive(tx, tried)
    return True, tried.wait
