"""What a citizen has written on our page while the database was away, kept on the disk of this
machine until it is back.

A provider that is told to come again does so; a person closes the page. So their words are sealed,
written and synced here before they are told that we have them, and go the one path of every call as
soon as the database takes them again: received when they were written, and by the same key, so that
a second press or a crash in between makes no second request. Photographs and recordings follow the
words, each a file of its own, looked into and made small as always. Calls of providers never come
here.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway import attachments
from gateway.attachments import Content
from gateway.hooks import kept
from gateway.settings import Settings, derived
from gateway.state import State
from models.db import Busy
from models.messages import Raw
from models.transaction import acting

log = logging.getLogger(__name__)

FOLDER = "spool"
LOOK_AGAIN_SECONDS = 5.0
MOST = 5_000
"""Files at most: whoever floods the page fills no disk. Beyond it the page asks to come again."""
MOST_BYTES = 2**31
"""Photographs and recordings at most; words are taken beyond it."""
_ENDS, _FILE, _BROKEN = ".kept", ".file", ".unreadable"
_NONCE = 12
_STAMP = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True, slots=True)
class Spooled:
    """One call that waits. ``at`` is when it was written."""

    channel: str
    raw: Raw
    at: datetime


@dataclass(frozen=True, slots=True)
class SpooledFile:
    """One photograph or recording that waits; ``about`` is the key of its contact."""

    about: str
    content: Content
    at: datetime


class Spool:
    """One folder; a key of its own seals what lies in it."""

    def __init__(
        self, folder: Path, secret_key: str, most: int = MOST, most_bytes: int = MOST_BYTES
    ) -> None:
        self._folder = folder
        self._most, self._most_bytes = most, most_bytes
        self._cipher = AESGCM(bytes.fromhex(derived(secret_key, "spool")))

    @classmethod
    def of(cls, settings: Settings) -> "Spool":
        """That of a data directory."""
        return cls(settings.data_dir / FOLDER, settings.secret_key)

    def keep(self, channel: str, key: str, raw: Raw, at: datetime) -> bool:
        """Whether the call is safe on the disk, now or from an earlier press (``key``)."""
        mark = sha256(f"{channel}\0{key}".encode()).hexdigest()[:24]
        waiting = self.waiting()
        if any(path.name.endswith(f"{mark}{_ENDS}") for path in waiting):
            return True
        if len(waiting) >= self._most:
            return False
        name = f"{at.astimezone(UTC):{_STAMP}}-{mark}{_ENDS}"
        return self._is_written(name, _words(Spooled(channel, raw, at)))

    def keep_files(self, about: str, contents: Sequence[Content], at: datetime) -> int:
        """Keep what came with words that are kept; how many of them are safe on the disk. The same
        file is kept once."""
        waits = self.files()
        known = {path.name.partition("-")[2] for path in waits}
        room = self._most_bytes - sum(path.stat().st_size for path in waits)
        done = 0
        for content in contents:
            mark = sha256(about.encode() + b"\0" + content.body).hexdigest()[:24] + _FILE
            room -= 0 if mark in known else len(content.body)
            if mark in known:
                done += 1
            elif room > 0:
                name = f"{at.astimezone(UTC):{_STAMP}}-{mark}"
                done += self._is_written(name, _file(SpooledFile(about, content, at)))
        return done

    def waiting(self) -> list[Path]:
        """The words that wait, the oldest first."""
        return sorted(self._folder.glob(f"*{_ENDS}"))

    def files(self) -> list[Path]:
        """The photographs and recordings that wait, the oldest first."""
        return sorted(self._folder.glob(f"*{_FILE}"))

    def oldest_seconds(self, now: datetime) -> float:
        """How long the oldest has waited; 0 when nothing waits. What was set aside waits too: for a
        person, and as long as it lies there."""
        aside = self._folder.glob(f"*{_BROKEN}")
        for path in sorted((*self.waiting(), *self.files(), *aside))[:1]:
            at = datetime.strptime(path.name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
            return max(0.0, (now - at).total_seconds())
        return 0.0

    def read(self) -> Iterator[tuple[Path, Spooled]]:
        """The words that wait; what cannot be opened is set aside, never thrown away."""
        for path, plain in self._opened(self.waiting()):
            yield path, _read_words(plain)

    def read_files(self) -> Iterator[tuple[Path, SpooledFile]]:
        """The photographs and recordings that wait, in the same way."""
        for path, plain in self._opened(self.files()):
            yield path, _read_file(plain)

    def _opened(self, paths: Sequence[Path]) -> Iterator[tuple[Path, bytes]]:
        for path in paths:
            try:
                sealed = path.read_bytes()
                nonce, rest = sealed[:_NONCE], sealed[_NONCE:]
                yield path, self._cipher.decrypt(nonce, rest, path.name.encode())
            except FileNotFoundError:
                continue  # another process was faster
            except (InvalidTag, ValueError):
                log.error("words on the disk cannot be opened; has HUIYIN_SECRET_KEY changed?")
                with suppress(OSError):
                    path.rename(path.with_suffix(_BROKEN))

    def _is_written(self, name: str, plain: bytes) -> bool:
        nonce = secrets.token_bytes(_NONCE)
        try:
            self._write(name, nonce + self._cipher.encrypt(nonce, plain, name.encode()))
        except OSError as error:
            log.error("what was written could not be kept on the disk: %s", error.strerror)
            return False
        return True

    def _write(self, name: str, content: bytes) -> None:
        """On the disk before it has its name, and its name on the disk before anybody is told."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._folder / f"{name}.{secrets.token_hex(4)}.part"
        try:
            with part.open("xb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.rename(self._folder / name)
        finally:
            part.unlink(missing_ok=True)
        for folder in (self._folder, self._folder.parent):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _words(one: Spooled) -> bytes:
    raw = one.raw
    return orjson.dumps({
        "channel": one.channel, "at": one.at.isoformat(), "url": raw.url, "query": raw.query,
        "headers": dict(raw.headers), "part": raw.part, "body": raw.body.hex(),
    })  # fmt: skip


def _read_words(plain: bytes) -> Spooled:
    found = orjson.loads(plain)
    raw = Raw(
        found["url"], bytes.fromhex(found["body"]), found["headers"], found["query"],
        found["part"],
    )  # fmt: skip
    return Spooled(found["channel"], raw, datetime.fromisoformat(found["at"]))


def _file(one: SpooledFile) -> bytes:
    content = one.content
    head = orjson.dumps({
        "about": one.about, "at": one.at.isoformat(), "content_type": content.content_type,
        "width": content.width, "height": content.height,
    })  # fmt: skip
    return head + b"\n" + content.body


def _read_file(plain: bytes) -> SpooledFile:
    head, _, body = plain.partition(b"\n")
    found = orjson.loads(head)
    content = Content(found["content_type"], body, found["width"], found["height"])
    return SpooledFile(found["about"], content, datetime.fromisoformat(found["at"]))


async def drain(state: State, spool: Spool) -> int:
    """Hand in what waits, words first and the oldest first; how many words. Raises ``Busy`` while
    the database is away."""
    done = 0
    for path, one in spool.read():
        channel = state.channels.get(one.channel)
        if channel is None:
            continue  # switched off meanwhile: it waits until it is on again
        await kept(state.intake.submit(state.intake.read(channel, one.raw, one.at)))
        path.unlink(missing_ok=True)
        done += 1
    for path, file in spool.read_files():
        await asyncio.to_thread(_hand_in, state, file)
        path.unlink(missing_ok=True)
    return done


def _hand_in(state: State, file: SpooledFile) -> None:
    with acting(state.database, state.mint) as tx:
        attachments.keep(
            tx, file.content, about="contact", about_key=file.about, by=None, now=file.at
        )


async def attend(state: State, spool: Spool) -> None:
    """Look every few seconds whether something waits and the database is back; for ever."""
    while True:
        try:
            if await drain(state, spool):
                log.info("words that waited on the disk are registered")
        except (Busy, TimeoutError):
            pass
        except Exception:
            log.exception("what waits on the disk could not be handed in")
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
