"""``/simulator``, only in the demonstration: a telephone, a text message and a chat that post
signed provider calls into the real hooks, so that a newcomer sees the whole loop."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

import orjson
from defusedxml import ElementTree  # type: ignore[import-untyped]
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy import select
from sqlmodel import col

from channels.web import e164
from gateway import standin
from gateway.state import State
from gateway.web import rendering
from gateway.web.rendering import state_of
from gateway.web.staff import StaffRoute, form_of
from models.outbox import Outgoing
from referral.casework import Refusal

BASE = "/simulator"
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 its name
SHOWN = 12
LOOKED_AT = 400
CITIZEN, CHAT = "19900001234", "4242"

router = APIRouter(prefix=BASE, route_class=StaffRoute, include_in_schema=False)


def demonstration(request: Request) -> State:
    """The process, when it is the demonstration. Raises ``Refusal`` (404)."""
    state = state_of(request)
    if not state.settings.demo:
        raise Refusal("refusal.not_found", status=404)
    return state


Demo = Annotated[State, Depends(demonstration)]
Typed = Annotated[Mapping[str, str], Depends(form_of)]


@dataclass(frozen=True, slots=True)
class Telephone:
    """Where a simulated call stands. ``line``: keys (it listens), ringing, over, or idle."""

    line: str = "idle"
    sid: str = ""
    action: str = ""
    heard: tuple[str, ...] = ()
    number: str = CITIZEN


@router.get("")
def show(request: Request, state: Demo) -> Response:
    """The three windows, with what came back to the number and the chat."""
    return _page(request, state, Telephone(number=request.query_params.get("number", CITIZEN)))


def _page(
    request: Request, state: State, telephone: Telephone, *, refused: str = "", chat: str = CHAT
) -> Response:
    chat = request.query_params.get("chat", chat)
    return rendering.page(
        request,
        "simulator.html",
        telephone=telephone,
        refused=refused or request.query_params.get("refused", ""),
        chat=chat,
        texts=_said(state, e164(telephone.number) or telephone.number, "sms", "console", "voice"),
        chats=_said(state, chat, "telegram"),
        on=[name for name in standin.CHANNELS if name in state.channels],
    )


def _said(state: State, address: str, *channels: str) -> list[Any]:
    """What was said to this address, the newest first."""
    with state.database.read() as session:
        rows = session.connection().execute(
            select(
                col(Outgoing.address),
                col(Outgoing.text),
                col(Outgoing.posted_at),
                col(Outgoing.state),
            )
            .where(col(Outgoing.channel).in_(channels), col(Outgoing.staff).is_(None))
            .order_by(col(Outgoing.posted_at).desc(), col(Outgoing.id).desc())
            .limit(LOOKED_AT)
        )
        # addresses are sealed: the database cannot compare them
        return [row for row in rows if row.address == address][:SHOWN]


@router.post("/sms")
async def text(request: Request, state: Demo, form: Typed) -> Response:
    """A text message, as Twilio posts it."""
    number = e164(form.get("number", "")) or CITIZEN
    sid = f"SM{secrets.token_hex(16)}"
    fields = {
        "MessageSid": sid, "SmsSid": sid, "AccountSid": state.settings.env["TWILIO_ACCOUNT_SID"],
        "From": number, "To": standin.NUMBER, "Body": form.get("text", ""), "NumMedia": "0",
        "NumSegments": "1", "ApiVersion": "2010-04-01",
    }  # fmt: skip
    answer = await standin.signed(request.app, state.settings, "/hook/sms", fields)
    return _back(number=form.get("number", ""), answer=answer)


@router.post("/chat")
async def chat(request: Request, state: Demo, form: Typed) -> Response:
    """A chat message, as Telegram posts it."""
    who = form.get("chat", "") if form.get("chat", "").isdecimal() else CHAT
    person = {"id": int(who), "is_bot": False, "first_name": "A", "language_code": "zh-hans"}
    update = {
        "update_id": secrets.randbelow(10**9),
        "message": {
            "message_id": secrets.randbelow(10**9), "date": int(state.now().timestamp()),
            "chat": {"id": int(who), "type": "private", "first_name": "A"}, "from": person,
            "text": form.get("text", ""),
        },
    }  # fmt: skip
    headers = {
        "content-type": "application/json",
        SECRET_HEADER: state.settings.env["TELEGRAM_SECRET"],
    }
    answer = await standin.posted(
        request.app, state.settings, "/hook/telegram", orjson.dumps(update), headers
    )
    return _back(chat=who, answer=answer)


def _back(*, answer: Any, **where: str) -> Response:
    asked = {**where, **({"refused": str(answer.status_code)} if answer.status_code > 299 else {})}
    return RedirectResponse(f"{BASE}?{urlencode(asked)}", 303)


@router.post("/call")
async def call(request: Request, state: Demo, form: Typed) -> Response:
    """One turn of a telephone call, as Twilio posts it; its TwiML is shown as words."""
    number = form.get("number", "") or CITIZEN
    act, value = form.get("act", "dial"), form.get("value", "").strip()
    sid = form.get("sid") or f"CA{secrets.token_hex(16)}"
    heard = tuple(filter(None, form.get("heard", "").split("\n")))
    action = form.get("action", "")
    path = action if action.startswith("/hook/voice") else "/hook/voice"
    fields = {
        "CallSid": sid, "AccountSid": state.settings.env["TWILIO_ACCOUNT_SID"],
        "ApiVersion": "2010-04-01", "Direction": "inbound", "From": e164(number) or number,
        "To": standin.NUMBER, "CallStatus": "in-progress" if act != "dial" else "ringing",
    }  # fmt: skip
    if act == "key":
        fields["Digits"] = value
    elif act == "say":
        fields["SpeechResult"] = value
    elif act == "hang_up":
        path, fields["CallStatus"] = "/hook/voice/status", "completed"
    answer = await standin.signed(request.app, state.settings, path, fields)
    if answer.status_code > 299:
        return _page(request, state, Telephone(number=number), refused=str(answer.status_code))
    if act == "hang_up":
        return _page(request, state, Telephone("over", heard=heard, number=number))
    said = {"key": f"[{value}]", "say": f"“{value}”"}.get(act, "")
    words, line, following = spoken(answer.text)
    return _page(
        request,
        state,
        Telephone(line, sid, following, (*heard, *filter(None, [said]), *words), number),
    )


def spoken(twiml: str) -> tuple[tuple[str, ...], str, str]:
    """What a caller hears of TwiML, how the line stands then, and where the next turn goes."""
    root = ElementTree.fromstring(twiml)
    words = tuple(" ".join((one.text or "").split()) for one in root.iter("Say"))
    for tag, line in (("Gather", "keys"), ("Record", "keys"), ("Dial", "ringing")):
        found = root.find(tag)
        if found is not None:
            action = found.get("action", "")
            return words, line, action[action.find("/hook/") :] if "/hook/" in action else ""
    return words, "over", ""
