"""What a citizen has written on our page while the database was away, kept on the disk of this
machine until it is back.

A provider that is told to come again does so; a person closes the page. So their words are sealed,
written and synced here before they are told that we have them, and go the one path of every call as
soon as the database takes them again: received when they were written, and by the same key, so that
a second press or a crash in between makes no second request. Calls of providers never come here.
"""

import asyncio
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.hooks import kept
from gateway.settings import Settings, derived
from gateway.state import State
from models.db import Busy
from models.messages import Raw

log = logging.getLogger(__name__)

FOLDER = "spool"
LOOK_AGAIN_SECONDS = 5.0
MOST = 5_000
"""Files at most: whoever floods the page fills no disk. Beyond it the page asks to come again."""
_ENDS, _BROKEN = ".kept", ".unreadable"
_NONCE = 12
_STAMP = "%Y%m%dT%H%M%S%f"


@dataclass(frozen=True, slots=True)
class Spooled:
    """One call that waits. ``at`` is when it was written."""

    channel: str
    raw: Raw
    at: datetime


class Spool:
    """One folder; a key of its own seals what lies in it."""

    def __init__(self, folder: Path, secret_key: str, most: int = MOST) -> None:
        self._folder = folder
        self._most = most
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
        try:
            self._write(name, self._sealed(name, Spooled(channel, raw, at)))
        except OSError as error:
            log.error("words could not be kept on the disk: %s", error.strerror)
            return False
        return True

    def waiting(self) -> list[Path]:
        """The files that wait, the oldest first."""
        return sorted(self._folder.glob(f"*{_ENDS}"))

    def oldest_seconds(self, now: datetime) -> float:
        """How long the oldest has waited; 0 when nothing waits."""
        for path in self.waiting():
            at = datetime.strptime(path.name.partition("-")[0], _STAMP).replace(tzinfo=UTC)
            return max(0.0, (now - at).total_seconds())
        return 0.0

    def read(self) -> Iterator[tuple[Path, Spooled]]:
        """What waits; what cannot be opened is set aside, never thrown away."""
        for path in self.waiting():
            try:
                yield path, self._opened(path)
            except FileNotFoundError:
                continue  # another process was faster
            except (InvalidTag, ValueError, KeyError):
                log.error("words on the disk cannot be opened; has HUIYIN_SECRET_KEY changed?")
                with suppress(OSError):
                    path.rename(path.with_suffix(_BROKEN))

    def _sealed(self, name: str, one: Spooled) -> bytes:
        raw = one.raw
        plain = {
            "channel": one.channel, "at": one.at.isoformat(), "url": raw.url, "query": raw.query,
            "headers": dict(raw.headers), "part": raw.part, "body": raw.body.hex(),
        }  # fmt: skip
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, orjson.dumps(plain), name.encode())

    def _opened(self, path: Path) -> Spooled:
        sealed = path.read_bytes()
        plain = self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], path.name.encode())
        found = orjson.loads(plain)
        raw = Raw(
            found["url"], bytes.fromhex(found["body"]), found["headers"], found["query"],
            found["part"],
        )  # fmt: skip
        return Spooled(found["channel"], raw, datetime.fromisoformat(found["at"]))

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


async def drain(state: State, spool: Spool) -> int:
    """Hand in what waits, the oldest first; how many. Raises ``Busy`` while the database is
    away."""
    done = 0
    for path, one in spool.read():
        channel = state.channels.get(one.channel)
        if channel is None:
            continue  # switched off meanwhile: it waits until it is on again
        await kept(state.intake.submit(state.intake.read(channel, one.raw, one.at)))
        path.unlink(missing_ok=True)
        done += 1
    return done


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
