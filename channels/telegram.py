"""Telegram by its Bot API: webhook or long polling in, messages with buttons out.

aiogram's own webhook handler answers 200 before an update is handled and accepts every call when
no secret is set, so it is not used: the hook journals first. A 5xx would hold back all further
messages of the same citizen, since updates of one chat come in order.
"""

import asyncio
import hmac
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, ClassVar

import structlog

from channels import Channel, ChannelSettings, Dialogue, _telegram
from channels._chat import ChatFlow
from channels._telegram_api import BATCH, KINDS, BotApi
from models.messages import (
    Answer,
    Forged,
    Happening,
    Media,
    Outbound,
    Outcome,
    Raw,
    Unavailable,
    Undeliverable,
    Unreadable,
)
from models.vocabulary import Form

if TYPE_CHECKING:
    from aiogram.types import InlineKeyboardMarkup

API_BASE = "https://api.telegram.org"
LONGEST = 4096
"""UTF-16 units that Telegram takes in one message; longer texts go in parts."""
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105
_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
_log = structlog.get_logger(__name__)


class TelegramChannel(Channel):
    """Settings: HUIYIN_TELEGRAM_TOKEN, _SECRET (without it every call is refused), _API_BASE,
    _MODE (webhook, or polling for a machine without a public address) and _BOT_NAME (optional:
    which mentions in a group are ours)."""

    name: ClassVar[str] = "telegram"
    form: ClassVar[Form] = Form.FULL
    address_kind: ClassVar[str] = "telegram"
    source: ClassVar[str] = "chat"
    dialogue: Dialogue | None = ChatFlow()

    def __init__(self, settings: ChannelSettings) -> None:
        env = settings.env
        self._token = env.get("TELEGRAM_TOKEN", "")
        self._polls = env.get("TELEGRAM_MODE", "webhook").lower() == "polling"
        # Whoever only polls needs no secret from outside, but the polled calls are verified too.
        own_secret = token_urlsafe(32) if self._polls else ""
        self._secret = env.get("TELEGRAM_SECRET") or own_secret
        self._api = BotApi(self._token, env.get("TELEGRAM_API_BASE") or API_BASE)
        self._bot_name = env.get("TELEGRAM_BOT_NAME", "").lstrip("@")
        self._hook = f"{settings.public_url.rstrip('/')}/hook/{self.name}"

    def warm(self) -> None:
        """Import aiogram (two to three seconds); for a thread at the start of the process."""
        _telegram.warm()

    def verify(self, raw: Raw) -> None:
        """Telegram signs nothing; it hands back the secret that we gave with the webhook."""
        given = raw.headers.get(SECRET_HEADER, "")
        if not self._secret:
            raise Forged("HUIYIN_TELEGRAM_SECRET is not set")
        if not hmac.compare_digest(
            given.encode("utf-8", "surrogatepass"), self._secret.encode("utf-8", "surrogatepass")
        ):
            raise Forged("the secret token is missing or wrong")

    def key(self, raw: Raw) -> str | None:
        """The update_id; None for a body that has none."""
        try:
            return str(_update(raw)["update_id"])
        except Unreadable:
            return None

    def parse(self, raw: Raw) -> Sequence[Happening]:
        """A ``Turn`` for a message, an edited one or a button, a ``Preference`` for /stop and
        /resume, () for anything else."""
        return _telegram.read(
            _update(raw), bot_id=self._token.partition(":")[0], bot_name=self._bot_name
        )

    def answer(self, raw: Raw, outcome: Outcome) -> Answer:  # noqa: ARG002
        """Nothing, or, for a pressed button, the call that stops its spinning: Telegram takes a
        method in the body of our answer."""
        query = _pressed(raw)
        if query is None:
            return Answer()
        body = {"method": "answerCallbackQuery", "callback_query_id": query}
        return Answer(json.dumps(body).encode(), "application/json")

    async def send(self, message: Outbound) -> str:
        """Send the text, in parts if it is long, with the buttons below the last part.

        Returns "chat:message" of the last part. A text of which only the first parts went out is
        sent again as a whole: heard twice is better than half.
        """
        await _telegram.warmed()
        from aiogram.methods import SendMessage

        parts = _parts(message.text)
        sent = ""
        for at, text in enumerate(parts, start=1):
            keyboard = _keyboard(message.buttons) if at == len(parts) else None
            asked = SendMessage(
                chat_id=message.address,
                text=text,
                reply_markup=keyboard,
                # Telegram ignores both; they are for whoever reads the traffic with a trace.
                idempotency_key=f"{message.key}:{at}" if len(parts) > 1 else message.key,
                request_number=message.number,
            )
            found = await self._api.call(asked)
            sent = f"{found.chat.id}:{found.message_id}"
        return sent

    async def pending(self) -> int | None:
        """Updates that wait at Telegram; None while it cannot be asked."""
        await _telegram.warmed()
        from aiogram.methods import GetWebhookInfo

        try:
            return (await self._api.call(GetWebhookInfo())).pending_update_count
        except (Unavailable, Undeliverable):
            return None

    async def register(self) -> None:
        """Tell Telegram our address and secret; what waits there is kept, not dropped. Whoever
        polls has no address that Telegram would take, and needs none."""
        if self._polls:
            return
        await _telegram.warmed()
        from aiogram.methods import SetWebhook

        await self._api.call(
            SetWebhook(url=self._hook, secret_token=self._secret, allowed_updates=KINDS)
        )

    async def fetch(self, media: Media) -> bytes:
        """The content of an attachment of ours; raises as ``send`` does."""
        return await self._api.download(media.url.removeprefix(_telegram.PREFIX))

    async def listen(self, deliver: Callable[[Raw], object]) -> None:
        """With HUIYIN_TELEGRAM_MODE=polling: fetch updates until cancelled.

        An update is confirmed to Telegram only after ``deliver`` returned. One that ``deliver``
        cannot take is tried again with pauses while the later ones pass it by; it is given up
        only when it alone fills the way, and then it is logged by its id.
        """
        if not self._polls:
            return
        taken: set[int] = set()
        offset, failures = 0, 0
        while True:
            try:
                updates = await self._api.updates(offset)
            except (Unavailable, Undeliverable) as error:
                _log.warning("telegram_unreachable", error=str(error))
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1
                continue
            before = len(taken)
            for update in updates:
                if update["update_id"] not in taken and await self._hand_over(update, deliver):
                    taken.add(update["update_id"])
            ids = [update["update_id"] for update in updates]
            missing = [found for found in ids if found not in taken]
            if len(ids) == BATCH and missing and len(taken) == before and len(missing) < BATCH:
                _log.error("telegram_update_given_up", update_id=missing[0])
                taken.add(missing.pop(0))
            offset = missing[0] if missing else max(ids, default=offset - 1) + 1
            taken = {found for found in taken if found >= offset}
            failures = failures + 1 if missing else 0
            if missing:
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES)) - 1])

    async def close(self) -> None:
        """Close the connections of the running loop."""
        await self._api.close()

    async def _hand_over(self, update: Mapping[str, Any], deliver: Callable[[Raw], object]) -> bool:
        body = json.dumps(update, ensure_ascii=False).encode("utf-8", "surrogatepass")
        raw = Raw(
            url=self._hook,
            body=body,
            headers={"content-type": "application/json", SECRET_HEADER: self._secret},
        )
        try:
            done = deliver(raw)
            if inspect.isawaitable(done):
                await done
        except Exception as error:
            _log.error(
                "telegram_update_failed",
                update_id=update["update_id"],
                error=type(error).__name__,
            )
            return False
        if query := _pressed(raw):
            await self._stop_spinning(query)
        return True

    async def _stop_spinning(self, query: str) -> None:
        await _telegram.warmed()
        from aiogram.methods import AnswerCallbackQuery

        try:
            await self._api.call(AnswerCallbackQuery(callback_query_id=query))
        except (Unavailable, Undeliverable) as error:
            _log.info("telegram_button_unanswered", error=str(error))


def channel(settings: ChannelSettings) -> TelegramChannel:
    """The Telegram channel. Raises ValueError naming the setting without which it could neither
    send nor hear anybody."""
    env = settings.env
    polls = env.get("TELEGRAM_MODE", "webhook").lower() == "polling"
    for name in ("TELEGRAM_TOKEN",) if polls else ("TELEGRAM_TOKEN", "TELEGRAM_SECRET"):
        if not env.get(name):
            raise ValueError(f"HUIYIN_{name} is not set, and the channel telegram needs it")
    return TelegramChannel(settings)


def warm() -> None:
    """As ``TelegramChannel.warm``."""
    _telegram.warm()


def _update(raw: Raw) -> dict[str, Any]:
    try:
        update = json.loads(raw.body)
    except (ValueError, RecursionError):
        raise Unreadable("the body is no JSON") from None
    if not isinstance(update, dict) or not isinstance(update.get("update_id"), int):
        raise Unreadable("the body is no update of Telegram")
    return update


def _pressed(raw: Raw) -> str | None:
    try:
        query = _update(raw).get("callback_query")
    except Unreadable:
        return None
    found = query.get("id") if isinstance(query, dict) else None
    return found if isinstance(found, str) else None


def _keyboard(buttons: Sequence[tuple[str, str]]) -> "InlineKeyboardMarkup | None":
    from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup

    if not buttons:
        return None
    rows = [[InlineKeyboardButton(text=label, callback_data=value)] for value, label in buttons]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def _parts(text: str) -> list[str]:
    """The text in parts that Telegram takes, cut at a line's end where there is one near."""
    parts = []
    while len(text.encode("utf-16-le")) > 2 * LONGEST:
        head = text.encode("utf-16-le")[: 2 * LONGEST].decode("utf-16-le", "ignore")
        cut = head.rfind("\n", len(head) // 2) + 1 or len(head)
        parts.append(text[:cut])
        text = text[cut:]
    return [*parts, text] if text.strip() or not parts else parts
