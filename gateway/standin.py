"""Our own stand-in for the providers of telephone, text and chat, for the demonstration only.

It accepts what the channels' real clients send and gives it an id; nothing leaves the machine. The
numbers of the invented county may belong to somebody, so the demonstration knows no other way.
"""

import secrets
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from gateway.settings import Settings, derived

PATH = "/simulator/provider"
NUMBER = "+8657200012345"
OPERATOR = "+8657200012346"
CHANNELS = ("sms", "voice", "telegram")
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


@router.post(_ACCOUNT + "/Messages.json", status_code=201)
async def message(request: Request, account: str) -> Any:
    """A text message is accepted."""
    form = await request.form()
    return {
        "sid": f"SM{secrets.token_hex(16)}", "account_sid": account, "status": "queued",
        "to": form.get("To"), "from": form.get("From"), "body": form.get("Body"),
        "direction": "outbound-api", "num_media": "0",
    }  # fmt: skip


@router.post(_ACCOUNT + "/Calls.json", status_code=201)
async def call(request: Request, account: str) -> Any:
    """A call is placed."""
    form = await request.form()
    return {
        "sid": f"CA{secrets.token_hex(16)}", "account_sid": account, "status": "queued",
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
