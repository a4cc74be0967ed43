"""Where the ledger ended, night after night, in a file that may lie on another disk or mount.

Whoever can write the database can write a whole new chain; not what was noted outside it. Each line
is "seq hash time". Nothing is noted while the ledger does not hold.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_LONGEST_LINE = 200
_HASH = 64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """An entry of the ledger and its hash, as they were noted."""

    seq: int
    hash: str


def last(path: Path) -> Checkpoint | None:
    """The newest line, None without any. Raises ValueError for what is no such line, OSError for a
    file that cannot be read; one that is not there yet is empty."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(0, end - 2 * _LONGEST_LINE))
            lines = file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return None
    whole = [line for line in lines if line.strip()]
    if not whole:
        return None
    seq, digest, *_ = [*whole[-1].split(" "), ""]
    if not (seq.isascii() and seq.isdecimal() and len(digest) == _HASH):
        raise ValueError("its last line is no number and hash")
    return Checkpoint(int(seq), digest)


def against(noted: Checkpoint | None, *, ends: int, found: str) -> str:
    """What differs, in one sentence: the ledger ends at ``ends``, and the noted entry has the hash
    ``found`` there. "" when all holds."""
    if noted is None:
        return ""
    if noted.seq > ends:
        return f"the checkpoint knows entry {noted.seq}, the ledger ends at {ends}"
    if noted.seq and found != noted.hash:
        return f"entry {noted.seq} differs from the checkpoint"
    return ""


def note(path: Path, seq: int, digest: str, now: datetime) -> None:
    """Append where the ledger ends now, safe on the disk. Raises OSError."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{seq} {digest} {now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}\n")
        file.flush()
        os.fsync(file.fileno())
