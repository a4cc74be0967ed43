"""One encrypted file: a heading that anybody may read and nobody can change, then sealed pieces.

AES-256-GCM piece by piece (the STREAM construction): each nonce holds the number of its piece and
whether it is the last, and the heading is bound to every piece, so that pieces that were changed,
moved, left out or cut off at the end are noticed. Inside is a deflate stream of frames, each with
its length before it.

A file appears under its name when it is complete and on the disk, and not before.
"""

import os
import secrets
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway import naming

MAGIC = b"HUIYIN-BACKUP 1\n"
PIECE = 1 << 20
_TAG = 16
_LONGEST_HEADING = 1 << 20


class BadBackup(ValueError):
    """A file that cannot be restored; the message says what is wrong with it."""


def key_mark(key: bytes) -> str:
    """What tells one key from another without saying anything about it."""
    return sha256(b"huiyin backup key\0" + key).hexdigest()[:16]


def write(path: Path, key: bytes, heading: dict[str, Any], frames: Iterable[bytes]) -> int:
    """Write the file and return its size. Raises ``FileExistsError``: nothing is overwritten.

    Whatever stops it, no half file stays under the name; where the file system knows files
    without a name, nothing stays at all."""
    if path.exists():
        raise FileExistsError(f"{path} exists already; a backup never overwrites another file")
    descriptor, spare = _nameless(path)
    try:
        with os.fdopen(descriptor, "wb") as out:
            _seal(out, key, heading, frames)
            out.flush()
            os.fsync(out.fileno())
            if spare is not None:
                naming.once(spare, path)
            else:
                _name(f"/proc/self/fd/{out.fileno()}", path)
            size = out.tell()
    finally:
        if spare is not None:
            spare.unlink(missing_ok=True)
    return size


def _nameless(path: Path) -> tuple[int, Path | None]:
    """A new file that has no name yet, or where that cannot be, one with a name that says so."""
    with suppress(OSError, AttributeError):
        return os.open(path.parent, os.O_TMPFILE | os.O_WRONLY, 0o600), None
    spare = path.with_name(f".{path.name}.unfinished")
    spare.unlink(missing_ok=True)  # of one that was killed
    return os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), spare


def _name(source: str, path: Path) -> None:
    """Give the complete file that has none its name, on the disk too."""
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # With a folder's descriptor Python follows the link of /proc to the file itself.
        os.link(source, path.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=True)
        os.fsync(folder)
    finally:
        os.close(folder)


def _seal(out: BinaryIO, key: bytes, heading: dict[str, Any], frames: Iterable[bytes]) -> None:
    prefix = secrets.token_bytes(7)
    head = orjson.dumps({**heading, "key": key_mark(key), "nonce": prefix.hex()})
    out.write(MAGIC + len(head).to_bytes(4) + head)
    cipher, bound = AESGCM(key), sha256(head).digest()
    pieces = _pieces(frames)
    number, piece = 0, next(pieces, b"")
    while True:
        following = next(pieces, None)
        nonce = _nonce(prefix, number, last=following is None)
        sealed = cipher.encrypt(nonce, piece, bound)
        out.write(len(sealed).to_bytes(4) + sealed)
        if following is None:
            return
        number, piece = number + 1, following


def _pieces(frames: Iterable[bytes]) -> Iterator[bytes]:
    squeeze, waiting = zlib.compressobj(level=1), bytearray()
    for frame in frames:
        waiting += squeeze.compress(len(frame).to_bytes(4) + frame)
        while len(waiting) >= PIECE:
            yield bytes(waiting[:PIECE])
            del waiting[:PIECE]
    waiting += squeeze.flush()
    while waiting:
        yield bytes(waiting[:PIECE])
        del waiting[:PIECE]


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4) + bytes([last])


def heading_of(path: Path) -> dict[str, Any]:
    """What the heading says; it is believed only as far as ``frames_of`` gets."""
    with path.open("rb") as file:
        return _heading(path, file)[0]


def _heading(path: Path, file: BinaryIO) -> tuple[dict[str, Any], bytes]:
    if file.read(len(MAGIC)) != MAGIC:
        raise BadBackup(f"{path} is no backup of huiyin, or of a newer one")
    size = int.from_bytes(file.read(4))
    head = file.read(size) if size <= _LONGEST_HEADING else b""
    try:
        found = orjson.loads(head)
        bytes.fromhex(found["nonce"])
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
        raise BadBackup(f"{path} is damaged in its heading") from None
    return found, head


def frames_of(path: Path, key: bytes) -> Iterator[bytes]:
    """The frames, each checked before it is given. Raises ``BadBackup`` at the first piece that is
    not as it was written, and at the end of a file that lacks its last piece."""
    waiting = bytearray()
    for opened in _opened(path, key):
        waiting += opened
        at = 0
        while len(waiting) - at >= 4:
            size = int.from_bytes(waiting[at : at + 4])
            if len(waiting) - at - 4 < size:
                break
            yield bytes(waiting[at + 4 : at + 4 + size])
            at += 4 + size
        del waiting[:at]
    if waiting:
        raise BadBackup(f"{path} ends in the middle of its contents")


def _opened(path: Path, key: bytes) -> Iterator[bytes]:
    with path.open("rb") as file:
        heading, head = _heading(path, file)
        if heading.get("key") != key_mark(key):
            raise BadBackup(
                f"{path} was written with another key ({heading.get('key')}, "
                f"this one is {key_mark(key)}); name its own with --key-file"
            )
        cipher, bound = AESGCM(key), sha256(head).digest()
        prefix, loosen = bytes.fromhex(heading["nonce"]), zlib.decompressobj()
        number, last = 0, False
        while not last:
            size = int.from_bytes(file.read(4))
            sealed = file.read(min(size, PIECE + _TAG))
            if len(sealed) < max(size, _TAG):
                raise BadBackup(f"{path} ends too early: it is half a backup")
            last = not file.peek(1)
            try:
                piece = cipher.decrypt(_nonce(prefix, number, last=last), sealed, bound)
            except InvalidTag:
                raise BadBackup(
                    f"{path} is damaged at piece {number + 1}, or it is half a backup"
                ) from None
            yield loosen.decompress(piece)
            number += 1
        yield loosen.flush()
