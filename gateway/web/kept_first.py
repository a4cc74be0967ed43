"""A citizen's form with files: the words are kept first, whatever becomes of the files.

A form that is too large is read to its end and its words are taken from the beginning, where they
stand; a file that cannot be kept is named in one sentence and costs nothing else.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from gateway import attachments
from gateway.attachments import LARGEST_BYTES
from gateway.hooks import TooLarge
from gateway.spool import Spool
from gateway.state import State
from gateway.web.rendering import MOST_FIELDS, fields_in
from models.db import Busy
from models.messages import Unreadable
from models.transaction import acting
from referral.casework import Refusal

MOST_FILES = 4
MOST_PARTS = 40
READ_AT_MOST = MOST_FILES * LARGEST_BYTES + 1_048_576
SWALLOWED_AT_MOST = 4 * READ_AT_MOST
"""What is read and forgotten so that an answer reaches the browser."""
TOO_MANY, TOO_LARGE, NOT_NOW = "files.too_many", "refusal.picture_large", "files.not_now"
LIMIT = str(LARGEST_BYTES // 1_048_576)
_PICTURES, _RECORDINGS = "photo", "voice"


@dataclass(slots=True)
class Written:
    """What a form brought: the first filled value of each field, trimmed; the files, as they came;
    the phrases of what could not even be read."""

    fields: dict[str, str]
    files: list[tuple[str, bytes]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


async def written(request: Request, words_limit: int) -> Written:
    """The form of a citizen, with files or without. Raises ``TooLarge`` only for words beyond the
    limit and for what nobody can have meant, and ``Unreadable``."""
    body, whole = await _body(request)
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/form-data":
        if len(body) > words_limit or not whole:
            raise TooLarge(words_limit)
        return Written(fields_in(body))
    if not whole:  # what was cut off is the end of a file: close the form behind it
        body += b"\r\n--" + options.get(b"boundary", b"") + b"--\r\n"
    found = await _parsed(request, body)
    if sum(len(value.encode()) for value in found.fields.values()) > words_limit:
        raise TooLarge(words_limit)
    if not whole:
        found.files, found.refused = found.files[:-1], [TOO_LARGE]
    if len(found.files) > MOST_FILES:
        found.files, found.refused = found.files[:MOST_FILES], [*found.refused, TOO_MANY]
    return found


def looked_at(
    files: Sequence[tuple[str, bytes]], *, recordings: bool
) -> tuple[list[attachments.Content], list[str]]:
    """What the files hold, and the phrases of what was refused; all are photographs, or what the
    field for ``recordings`` brought is one."""
    contents, refused = [], []
    for name, given in files:
        sound = recordings and name == _RECORDINGS
        try:
            contents.append((attachments.recording if sound else attachments.picture)(given))
        except Refusal as refusal:
            refused.append(refusal.key)
    return contents, refused


def keep(
    state: State, files: Sequence[tuple[str, bytes]], channel: str, external_id: str, now: datetime
) -> tuple[int, list[str]]:
    """Keep the files of a contact that is kept already; how many were kept, and the phrases of
    what was not. Never raises for a file."""
    about = attachments.about_contact(channel, external_id)
    contents, refused = looked_at(files, recordings=True)
    try:
        with acting(state.database, state.mint) as tx:
            for content in {content.body: content for content in contents}.values():
                attachments.keep(tx, content, about="contact", about_key=about, by=None, now=now)
    except Busy:
        return 0, [*refused, NOT_NOW]
    return len(contents), refused


def spool(
    disk: Spool, files: Sequence[tuple[str, bytes]], channel: str, external_id: str, now: datetime
) -> tuple[int, list[str]]:
    """Keep the files of words that wait on the disk; otherwise as ``keep``."""
    contents, refused = looked_at(files, recordings=True)
    different = list({content.body: content for content in contents}.values())
    done = disk.keep_files(attachments.about_contact(channel, external_id), different, now)
    if done < len(different):
        refused.append(NOT_NOW)
    return done, refused


KNOWN = (
    TOO_MANY, TOO_LARGE, NOT_NOW, "refusal.picture", "refusal.picture_pixels", "refusal.recording",
)  # fmt: skip


def listed(refused: Sequence[str]) -> str:
    """The phrases of what was not kept, as an address or a pass carries them."""
    return ",".join(str(KNOWN.index(key)) for key in dict.fromkeys(refused) if key in KNOWN)


def named(said: str) -> list[str]:
    """The phrases of such a list; whatever else stands in it is left out."""
    return [KNOWN[int(one)] for one in said.split(",") if one.isdecimal() and int(one) < len(KNOWN)]


async def _body(request: Request) -> tuple[bytes, bool]:
    """The body, and whether it is whole. Raises ``TooLarge``."""
    pieces: list[bytes] = []
    size = 0
    async for piece in request.stream():
        if size < READ_AT_MOST:
            pieces.append(piece[: READ_AT_MOST - size])
        size += len(piece)
        if size > SWALLOWED_AT_MOST:
            raise TooLarge(SWALLOWED_AT_MOST)
    return b"".join(pieces), size <= READ_AT_MOST


async def _parsed(request: Request, body: bytes) -> Written:
    async def once() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(
        request.headers, once(), max_files=MOST_PARTS, max_fields=MOST_FIELDS,
        max_part_size=READ_AT_MOST,
    )  # fmt: skip
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError):
        raise Unreadable("the form is not as a browser sends it") from None
    found = Written({})
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            content = await value.read()
            if content and name in (_PICTURES, _RECORDINGS):  # an empty one was left alone
                found.files.append((name, content))
        else:
            text = value.replace("\r\n", "\n").replace("\0", "").strip()
            found.fields[name] = found.fields.get(name) or text
    await form.close()
    return found
