"""What a Telegram update says, read by the types of aiogram. Pure.

``aiogram`` takes two to three seconds to import; ``warm`` does so once, in a thread at the start or
at the first need. The names of Telegram's fields follow its Bot API 10.
"""

import asyncio
import importlib
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from models.messages import Happening, Inbound, Location, Media, Preference, Turn

if TYPE_CHECKING:
    from aiogram.types import CallbackQuery, Message

PREFIX = "telegram:"
"""How a Media address of ours begins; the rest is Telegram's file_id."""

_STOP = frozenset({"/stop", "退订"})
_GO_ON = frozenset({"/resume", "恢复"})
_SIMPLE = ("message_id", "date", "edit_date", "text", "caption")
_MEDIA_TYPES = {
    "photo": "image/jpeg",
    "voice": "audio/ogg",
    "audio": "audio/mpeg",
    "video": "video/mp4",
    "video_note": "video/mp4",
    "animation": "video/mp4",
    "document": "application/octet-stream",
}
# Things that a person sends and that have neither words nor a file we could fetch.
_WORDLESS = frozenset(
    {"story", "paid_media", "checklist", "poll", "dice", "game", "rich_message", "unknown"}
)
_CJK = range(0x3400, 0xA000)


_MODULES = ("aiogram", "aiogram.types", "aiogram.methods", "aiogram.enums", "aiogram.exceptions")
_IMPORTING = threading.Lock()
_imported = threading.Event()


def warm() -> None:
    """Import aiogram and build its types; whoever asks meanwhile waits. Two threads that import
    it at once each find it half there: whatever uses aiogram asks for it here first."""
    if _imported.is_set():
        return
    with _IMPORTING:
        if not _imported.is_set():
            for module in _MODULES:
                importlib.import_module(module)
            importlib.import_module("aiogram.types").Update.model_rebuild()
            _imported.set()


async def warmed() -> None:
    """As ``warm``, without holding up the running loop."""
    if not _imported.is_set():
        await asyncio.to_thread(warm)


def read(update: Mapping[str, Any], *, bot_id: str, bot_name: str) -> Sequence[Happening]:
    """The happenings of one update; () for kinds that say nothing to us.

    Raises pydantic's ValidationError for an update in which not even somebody's chat and words
    can be read.
    """
    warm()
    from aiogram.types import Update
    from pydantic import ValidationError

    try:
        found = Update.model_validate(update)
    except ValidationError:
        try:
            found = Update.model_validate(_simple(update))
        except ValidationError:
            if (bare := _bare(update)) is None:
                raise
            return (bare,)
    if found.callback_query:
        return (_press(found.callback_query),)
    message = found.message or found.edited_message
    if message is None or not _addressed(message, bot_id, bot_name):
        return ()
    said = _said(message, edited=found.message is None)
    if said is None:
        return ()
    if found.message is None:
        return () if _is_command(message) or _moves(message) else (_turn(message, said),)
    if message.chat.type == "private" and said.text.strip() in _STOP | _GO_ON:
        return (Preference(said.external_id, said.sender, said.text.strip() in _STOP),)
    return (_turn(message, said),)


def _simple(update: Mapping[str, Any]) -> dict[str, Any]:
    """The update without everything that is not needed to keep somebody's words.

    Telegram adds to its messages several times a year; words must not be lost over a new field.
    """
    slim: dict[str, Any] = {"update_id": update["update_id"]}
    for kind in ("message", "edited_message"):
        message = update.get(kind)
        if not isinstance(message, Mapping):
            continue
        slim[kind] = {name: message[name] for name in _SIMPLE if name in message}
        chat = message.get("chat")
        if isinstance(chat, Mapping):
            slim[kind]["chat"] = {"id": chat.get("id"), "type": chat.get("type")}
    return slim


def _bare(update: Mapping[str, Any]) -> Turn | Preference | None:
    """What somebody wrote to us alone, where chat and words are all that can be read."""
    message = update.get("message")
    chat = message.get("chat") if isinstance(message, Mapping) else None
    if not isinstance(message, Mapping) or not isinstance(chat, Mapping):
        return None
    who, text = chat.get("id"), message.get("text") or message.get("caption")
    if not isinstance(who, int) or not isinstance(text, str) or chat.get("type") != "private":
        return None
    number = message.get("message_id")
    mark = number if isinstance(number, int) else f"u{update['update_id']}"
    said = Inbound(f"{who}:{mark}", str(who), text)
    if text.strip() in _STOP | _GO_ON:
        return Preference(said.external_id, said.sender, text.strip() in _STOP)
    return Turn(
        external_id=said.external_id,
        conversation=f"{PREFIX}{who}",
        sender=said.sender,
        act="command" if text.startswith("/") else "words",
        value=text,
        message=said,
    )


def _press(query: "CallbackQuery") -> Turn:
    chat = query.message.chat if query.message else None
    user = str(query.from_user.id)
    private = chat is None or chat.type == "private"
    return Turn(
        external_id=query.id,
        conversation=f"{PREFIX}{user}" if private or chat is None else f"{PREFIX}{chat.id}:{user}",
        sender=user,
        act="button",
        value=query.data or "",
    )


def _turn(message: "Message", said: Inbound) -> Turn:
    act = "words"
    own = f"{message.chat.id}:{message.message_id}"
    if said.external_id != own:
        act = "edited"
    elif _is_command(message):
        act = "command"
    elif said.location:
        act = "place"
    elif said.media:
        act = "picture"
    with_whom = said.sender
    if message.chat.type != "private":  # of those who do not say who they are each is another one
        with_whom = f"{message.chat.id}:{said.sender}" if said.sender else own
    return Turn(
        external_id=said.external_id,
        conversation=PREFIX + with_whom,
        sender=said.sender,
        act=act,
        value=said.text,
        location=said.location,
        media=said.media,
        message=said,
        edits=own if act == "edited" else None,
        written_at=message.date.astimezone(UTC) if act == "edited" else None,
        group=message.media_group_id,
    )


def _said(message: "Message", *, edited: bool) -> Inbound | None:
    """The contact of a message; None for a service message, in which nobody says anything."""
    user, answered = message.from_user, str(message.chat.id)
    if message.chat.type != "private":
        # In a group the answer goes to the person, never to everybody who reads along. Who writes
        # as the group or as a channel is nobody's: their account is one and the same everywhere.
        user = user if message.sender_chat is None else None
        answered = str(user.id) if user else ""
    external_id = f"{message.chat.id}:{message.message_id}"
    at = message.date.astimezone(UTC)
    if edited and message.edit_date:
        external_id += f":e{message.edit_date}"
        with suppress(ValueError, OverflowError, OSError):  # no time of our age
            at = datetime.fromtimestamp(message.edit_date, UTC)
    text, reply_to = _words(message)
    venue, point = message.venue, message.location
    if venue:
        point = point or venue.location
    media = _media(message)
    if not (text or point or media):
        return None
    return Inbound(
        external_id=external_id,
        sender=answered,
        text=text,
        at=at,
        place=" ".join((venue.title, venue.address)).strip() if venue else None,
        location=Location(point.latitude, point.longitude) if point else None,
        media=media,
        name=user.full_name if user else None,
        language=_language(user.language_code if user else None, text),
        reply_to=None if message.chat.type == "private" else reply_to,  # here they are answered
    )


def _words(message: "Message") -> tuple[str, str | None]:
    """The words, and the person's own telephone number where they shared it."""
    from aiogram.enums import ContentType

    text = message.text or message.caption or ""
    if _is_command(message):
        command, space, rest = text.partition(" ")
        text = command.partition("@")[0] + space + rest
    if message.sticker and message.sticker.emoji:
        text = message.sticker.emoji
    if message.contact:
        card = message.contact
        names = (card.first_name, card.last_name, card.phone_number)
        own = message.from_user is not None and card.user_id == message.from_user.id
        phone = "+" + card.phone_number.lstrip("+")
        return " ".join(name for name in names if name), phone if own else None
    if message.poll:
        return message.poll.question, None
    if not text and message.content_type in _WORDLESS:
        return f"（{ContentType(message.content_type).value}）", None
    return text, None


def _media(message: "Message") -> tuple[Media, ...]:
    found = []
    for kind, content_type in _MEDIA_TYPES.items():
        item = getattr(message, kind)
        if kind == "document" and message.animation:
            continue  # Telegram repeats an animation as a document for old clients
        if isinstance(item, list):
            item = item[-1] if item else None  # the sizes of a photo, the largest last
        if item is not None:
            media_type = getattr(item, "mime_type", None) or content_type
            found.append(Media(PREFIX + item.file_id, media_type))
    return tuple(found)


def _language(code: str | None, text: str) -> str | None:
    """The language of the person's program, unless their words are plainly Chinese."""
    if not code or any(ord(character) in _CJK for character in text):
        return None
    return "zh-CN" if code.lower().startswith("zh") else code.partition("-")[0].lower()


def _is_command(message: "Message") -> bool:
    return any(
        entity.type == "bot_command" and entity.offset == 0 for entity in message.entities or ()
    )


def _moves(message: "Message") -> bool:
    """An update of a live location comes every few seconds and is no new contact."""
    return message.location is not None and message.location.live_period is not None


def _addressed(message: "Message", bot_id: str, bot_name: str) -> bool:
    """Whether a message speaks to us: all in private; in a group a command, an answer to us or
    a mention. Without our name every name of a bot counts: rather one too many than one lost."""
    if message.chat.type == "private":
        return True
    if message.chat.type == "channel":
        return False
    answered = message.reply_to_message
    if answered and answered.from_user and str(answered.from_user.id) == bot_id:
        return True
    text = message.text or message.caption or ""
    for entity in message.entities or message.caption_entities or ():
        part = entity.extract_from(text).lower()
        if entity.type == "text_mention" and entity.user and str(entity.user.id) == bot_id:
            return True
        name = part.partition("@")[2]
        if entity.type == "bot_command" and not name:
            return True
        ours = name == bot_name.lower() if bot_name else name.endswith("bot")
        if ours and entity.type in ("mention", "bot_command"):
            return True
    return False
