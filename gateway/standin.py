"""Our own stand-in for the providers of telephone, text and chat, for the demonstration only.

It accepts what the channels' real clients send, gives it an id and reports that it arrived, by a
signed call as the provider makes it; nothing leaves the machine. The numbers of the invented county
may belong to somebody, so the demonstration knows no other way.
"""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from gateway.settings import Settings, derived

PATH = "/simulator/provider"
NUMBER = "+8657200012345"
OPERATOR = "+8657200012346"
CHANNELS = ("sms", "voice", "telegram")
ARRIVES_AFTER = 1.0
"""Seconds until a message is reported to have arrived."""
FORM = "application/x-www-form-urlencoded; charset=UTF-8"
_ACCOUNT = "/2010-04-01/Accounts/{account}"
_BOT = {"id": 70_001, "is_bot": True, "first_name": "Huiyin", "username": "huiyin_demo_bot"}

router = APIRouter(prefix=PATH, include_in_schema=False)


def environment(settings: Settings, address: str) -> Mapping[str, str]:
    """The channels' settings that lead to the stand-in of the process at ``address``."""
    secret = derived(settings.secret_key, "simulator")
    return {
        "TWILIO_ACCOUNT_SID": f"AC{secret[:32]}",
        "TWILIO_AUTH_TOKEN": secret[32:],
        "TWILIO_FROM": NUMBER,
        "TWILIO_API_BASE": address + PATH,
        "TELEGRAM_TOKEN": f"70001:{secret[:35]}",
        "TELEGRAM_SECRET": secret[:40],
        "TELEGRAM_API_BASE": address + PATH,
        "TELEGRAM_BOT_NAME": str(_BOT["username"]),
    }


async def signed(app: Any, settings: Settings, path: str, fields: Mapping[str, str]) -> Any:
    """A call of the provider of telephone and text, with its signature."""
    from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

    validator = RequestValidator(settings.env["TWILIO_AUTH_TOKEN"])
    address = settings.public_url.rstrip("/") + quote(path, safe="/?=&")
    signature = validator.compute_signature(address, dict(fields))
    headers = {"content-type": FORM, "x-twilio-signature": signature}
    return await posted(app, settings, path, urlencode(fields).encode(), headers)


async def posted(
    app: Any, settings: Settings, path: str, body: bytes, headers: Mapping[str, str]
) -> Any:
    """A call through the whole application, as if it came from outside."""
    import httpx2  # production calls nothing here

    transport = httpx2.ASGITransport(app=app)
    base = settings.public_url.rstrip("/")
    async with httpx2.AsyncClient(transport=transport, base_url=base) as client:
        return await client.post(path, content=body, headers=dict(headers))


_on_the_way: set[asyncio.Task[None]] = set()


def _will_arrive(request: Request, form: Mapping[str, Any], fields: Mapping[str, str]) -> None:
    """Report a little later, where a report is asked for; the answer does not wait for it."""
    callback = str(form.get("StatusCallback") or "")
    if "/hook/" not in callback:
        return
    settings: Settings = request.app.state.huiyin.settings
    path = callback[callback.find("/hook/") :]

    async def report() -> None:
        await asyncio.sleep(ARRIVES_AFTER)
        await signed(request.app, settings, path, fields)

    task = asyncio.get_running_loop().create_task(report())
    _on_the_way.add(task)
    task.add_done_callback(_on_the_way.discard)


@router.post(_ACCOUNT + "/Messages.json", status_code=201)
async def message(request: Request, account: str) -> Any:
    """A text message is accepted, and arrives."""
    form, sid = await request.form(), f"SM{secrets.token_hex(16)}"
    ids = {"MessageSid": sid, "SmsSid": sid, "AccountSid": account}
    _will_arrive(request, form, {**ids, "MessageStatus": "delivered"})
    return {
        "sid": sid, "account_sid": account, "status": "queued",
        "to": form.get("To"), "from": form.get("From"), "body": form.get("Body"),
        "direction": "outbound-api", "num_media": "0",
    }  # fmt: skip


@router.post(_ACCOUNT + "/Calls.json", status_code=201)
async def call(request: Request, account: str) -> Any:
    """A call is placed, taken and ended."""
    form, sid = await request.form(), f"CA{secrets.token_hex(16)}"
    ids = {"CallSid": sid, "AccountSid": account, "Direction": "outbound-api"}
    ends = {"From": str(form.get("From", "")), "To": str(form.get("To", ""))}
    _will_arrive(request, form, {**ids, **ends, "CallStatus": "completed"})
    return {
        "sid": sid, "account_sid": account, "status": "queued",
        "to": form.get("To"), "from": form.get("From"), "direction": "outbound-api",
    }  # fmt: skip


@router.get(_ACCOUNT + "/{kind}.json")
def kept(account: str, kind: str) -> Any:  # noqa: ARG001 the account is ours
    """Nothing was missed: the stand-in is away only while we are."""
    return {kind.lower(): [], "next_page_uri": None, "page": 0}


@router.api_route("/bot{token}/{method}", methods=["GET", "POST"])
async def bot(request: Request, token: str, method: str) -> JSONResponse:  # noqa: ARG001
    """The few methods of the chat's interface that the channel uses."""
    fields = {**request.query_params, **(await request.form())}
    results: Mapping[str, Any] = {
        "getMe": _BOT,
        "getUpdates": [],
        "getWebhookInfo": {"url": "", "has_custom_certificate": False, "pending_update_count": 0},
        "sendMessage": {
            "message_id": secrets.randbelow(10**9), "date": 1_790_000_000, "from": _BOT,
            "chat": {"id": fields.get("chat_id", 0), "type": "private", "first_name": "A"},
            "text": fields.get("text", ""),
        },
    }  # fmt: skip
    return JSONResponse({"ok": True, "result": results.get(method, True)})
