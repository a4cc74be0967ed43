"""Our side of Telegram's Bot API: aiogram's Bot, and its errors turned into ours."""

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar, cast
from weakref import WeakKeyDictionary

from channels import _telegram
from models.messages import Unavailable, Undeliverable

if TYPE_CHECKING:
    from aiogram import Bot
    from aiogram.methods import TelegramMethod

_Found = TypeVar("_Found")

KINDS = ["message", "edited_message", "callback_query"]
"""The kinds of update that we ask Telegram for."""
BATCH = 100
"""Telegram's own limit of one getUpdates."""
WAIT = 25
"""Seconds that a long poll waits for news."""
TIMEOUT = 15
"""Seconds that any other call may take."""


class BotApi:
    """The calls that the channel makes. Its ``repr`` shows no token."""

    def __init__(self, token: str, base: str) -> None:
        self._token = token
        self._base = base
        self._bots: WeakKeyDictionary[asyncio.AbstractEventLoop, Bot] = WeakKeyDictionary()

    async def call(self, method: "TelegramMethod[_Found]", *, timeout: int = TIMEOUT) -> _Found:
        """The answer to one call.

        Raises ``Undeliverable`` where Telegram refuses for good (blocked by the person, no such
        chat, a text it does not take) and ``Unavailable`` for everything that may pass or that is
        our own fault (network, limits, 5xx, a wrong token). Neither holds the token.
        """
        await _telegram.warmed()
        from aiogram import exceptions

        try:
            return await self._bot()(method, request_timeout=timeout)
        except exceptions.TelegramMigrateToChat as error:
            moved = method.model_copy(update={"chat_id": error.migrate_to_chat_id})
            return await self.call(moved, timeout=timeout)
        except (exceptions.TelegramForbiddenError, exceptions.TelegramBadRequest) as error:
            raise Undeliverable(f"Telegram: {error.message}") from None
        except exceptions.TelegramRetryAfter as error:
            raise Unavailable(f"Telegram: busy, again after {error.retry_after} s") from None
        except exceptions.TelegramConflictError as error:
            raise PollingRefused(f"Telegram: {error.message}") from None
        except (exceptions.AiogramError, OSError) as error:
            # Not the error's own words: they may hold the address, and with it the token.
            raise Unavailable(f"Telegram: {type(error).__name__}") from None

    async def updates(self, offset: int) -> list[dict[str, Any]]:
        """What waits from ``offset`` on, as it came: read by aiogram's types in one piece, a
        single update of an unknown shape would hide all others. Confirms all before ``offset``. A
        webhook that is in the way is taken down; where somebody else polls, ``PollingRefused``."""
        await _telegram.warmed()
        from aiogram.methods import DeleteWebhook, GetUpdates

        class RawUpdates(GetUpdates):
            __returning__ = list[dict[str, Any]]

        asked = RawUpdates(offset=offset, limit=BATCH, timeout=WAIT, allowed_updates=KINDS)
        try:
            answer = await self.call(asked, timeout=WAIT + TIMEOUT)
        except PollingRefused:
            await self.call(DeleteWebhook(drop_pending_updates=False))
            answer = await self.call(asked, timeout=WAIT + TIMEOUT)
        found = cast("list[dict[str, Any]]", answer)
        return [update for update in found if isinstance(update.get("update_id"), int)]

    async def download(self, file_id: str) -> bytes:
        """The content of a file; raises as ``call`` does."""
        await _telegram.warmed()
        from aiogram.exceptions import AiogramError
        from aiogram.methods import GetFile
        from aiohttp import ClientError

        found = await self.call(GetFile(file_id=file_id))
        try:
            content = await self._bot().download_file(found.file_path or "", timeout=TIMEOUT)
        except (AiogramError, ClientError, OSError) as error:
            raise Unavailable(f"Telegram: {type(error).__name__}") from None
        return content.read() if content else b""

    async def close(self) -> None:
        """Close the connections of the running loop."""
        bot = self._bots.pop(asyncio.get_running_loop(), None)
        if bot:
            await bot.session.close()

    def _bot(self) -> "Bot":
        """The bot of the running loop, since a connection belongs to the loop it was opened in."""
        from aiogram import Bot
        from aiogram.client.session.aiohttp import AiohttpSession
        from aiogram.client.telegram import TelegramAPIServer
        from aiogram.utils.token import TokenValidationError

        loop = asyncio.get_running_loop()
        if loop not in self._bots:
            session = AiohttpSession(api=TelegramAPIServer.from_base(self._base))
            try:
                self._bots[loop] = Bot(self._token, session=session)
            except TokenValidationError:
                raise Unavailable("HUIYIN_TELEGRAM_TOKEN is not a token of a bot") from None
        return self._bots[loop]


class PollingRefused(Unavailable):
    """A webhook is set, or somebody else polls with our token."""
