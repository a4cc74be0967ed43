"""``huiyin verify ledger``"""

import sys
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from gateway.settings import load
from gateway.state import open_current
from models.events import GENESIS, Event, Ledger, first_broken

BATCH = 5000


def run(*, checkpoint: Path | None) -> int:
    """Walk the chain; 1 naming the first bad entry. A checkpoint is a file "seq hash" of an
    earlier run; it is compared, and written anew when the chain holds."""
    database = open_current(load())
    seq, previous = 0, GENESIS
    expected = _read(checkpoint)
    with database.read() as session:
        while batch := list(
            session.scalars(
                select(Event).where(col(Event.seq) > seq).order_by(col(Event.seq)).limit(BATCH)
            )
        ):
            broken = first_broken(batch, previous) or _gap(batch, seq)
            if broken is not None:
                print(
                    f"huiyin: entry {broken.seq} does not follow from the one before",
                    file=sys.stderr,
                )
                return 1
            for entry in batch:
                if expected is not None and entry.seq == expected[0] and entry.hash != expected[1]:
                    print(f"huiyin: entry {entry.seq} differs from the checkpoint", file=sys.stderr)
                    return 1
            seq, previous = batch[-1].seq, batch[-1].hash
            session.expunge_all()
        head = session.scalars(select(Ledger)).one()
    database.close()
    if (head.seq, head.hash) != (seq, previous):
        print(f"huiyin: the ledger ends at entry {seq}, its head says {head.seq}", file=sys.stderr)
        return 1
    if expected is not None and expected[0] > seq:
        print(
            f"huiyin: the checkpoint knows entry {expected[0]}, the ledger ends at {seq}",
            file=sys.stderr,
        )
        return 1
    if checkpoint is not None:
        checkpoint.write_text(f"{seq} {previous}\n", "utf-8")
    print(f"{seq} entries, unbroken; head {previous[:16]}")
    return 0


def _gap(batch: list[Event], before: int) -> Event | None:
    for entry in batch:
        if entry.seq != before + 1:
            return entry
        before = entry.seq
    return None


def _read(checkpoint: Path | None) -> tuple[int, str] | None:
    if checkpoint is None or not checkpoint.exists():
        return None
    seq, _, digest = checkpoint.read_text("utf-8").strip().partition(" ")
    if not seq.isdecimal() or len(digest) != 64:
        raise ValueError(
            f"{checkpoint}:1:1: expected a number and a hash, as 'verify ledger' wrote"
        )
    return int(seq), digest
