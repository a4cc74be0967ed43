"""``huiyin prove``"""

import sys
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import Session, col

from gateway.ledger_audit import Chain, walk
from gateway.settings import load
from gateway.state import open_current
from models import numbers, proofs
from models.events import Event

HOW = (
    "Every entry: hash = SHA-256 of the JSON array [previous, seq, at, number, kind, by, detail] "
    "without blanks, UTF-8, at in UTC as YYYY-MM-DDTHH:MM:SS[.ffffff]Z. The hashes of all entries "
    "of the ledger are the leaves of a Merkle tree (RFC 6962): leaf = SHA-256(00 hash), "
    "node = SHA-256(01 left right). path holds the nodes beside the way from leaf seq - 1 to the "
    "root, the lowest first. Compare root with the one kept outside: 'huiyin verify ledger' says "
    "it. Whether further entries of this number exist only the whole ledger can say."
)


def run(*, number: str, output: Path, size: int) -> int:
    """Write the proof of every entry of one request; 1 when the ledger is broken."""
    wanted = numbers.normal(number)
    if wanted is None:
        raise ValueError(f"{number!r} is no request number such as HY20261122-00431-8")
    database = open_current(load())
    with database.read() as session:
        chain = walk(session, keep=True)
        if chain.fault:
            print(f"huiyin: {chain.fault}", file=sys.stderr)
            return 1
        made = proof(session, chain, wanted, size)
    database.close()
    written = orjson.dumps(made, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    if str(output) == "-":
        sys.stdout.buffer.write(written)
    else:
        output.write_bytes(written)
        count = len(made["entries"])
        print(f"{count} entries of {wanted}; size {made['size']}, root {made['root']}")
    return 0


def proof(session: Session, chain: Chain, number: str, size: int) -> dict[str, Any]:
    """The proof for the ledger's first ``size`` entries (0: all). Raises ValueError."""
    if size > chain.seq:
        raise ValueError(f"--size {size}: the ledger has {chain.seq} entries")
    leaves = chain.leaves[: size or chain.seq]
    entries = _entries(session, number, len(leaves))
    if not entries:
        raise ValueError(f"no entry of the ledger is about {number}")
    ways = proofs.paths(leaves, [entry.seq - 1 for entry in entries])
    return {
        "form": proofs.FORM,
        "number": number,
        "size": len(leaves),
        "root": proofs.root(leaves).hex(),
        "how": HOW,
        "entries": [
            {
                **entry.model_dump(exclude={"request_id", "at"}),
                "at": entry.at.isoformat(),
                "path": [one.hex() for one in way],
            }
            for entry, way in zip(entries, ways, strict=True)
        ],
    }


def _entries(session: Session, number: str, size: int) -> list[Event]:
    return list(
        session.scalars(
            select(Event)
            .where(col(Event.number) == number, col(Event.seq) <= size)
            .order_by(col(Event.seq))
        )
    )
