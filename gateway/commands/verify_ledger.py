"""``huiyin verify ledger``"""

import sys
from itertools import islice
from pathlib import Path

from gateway.ledger_audit import Chain, altered, walk
from gateway.settings import load
from gateway.state import open_current

SHOWN = 50


def run(*, checkpoint: Path | None) -> int:
    """Walk the chain; 1 naming the first bad entry, or the requests and closed quarters whose rows
    say something else than it. A checkpoint is a file "seq hash" of an earlier run; it is compared,
    and written anew when all holds."""
    database = open_current(load())
    expected = _read(checkpoint)
    with database.read() as session:
        chain = walk(session, note=expected[0] if expected else 0)
        fault = chain.fault or _against(expected, chain)
        faults = [fault] if fault else list(islice(altered(session), SHOWN))
    database.close()
    for sentence in faults:
        print(f"huiyin: {sentence}", file=sys.stderr)
    if faults:
        return 1
    if checkpoint is not None:
        checkpoint.write_text(f"{chain.seq} {chain.tip}\n", "utf-8")
    print(f"{chain.seq} entries, unbroken; head {chain.tip[:16]}; root {chain.tree.root().hex()}")
    return 0


def _against(expected: tuple[int, str] | None, chain: Chain) -> str:
    if expected is None:
        return ""
    seq, digest = expected
    if seq > chain.seq:
        return f"the checkpoint knows entry {seq}, the ledger ends at {chain.seq}"
    if seq and chain.noted != digest:
        return f"entry {seq} differs from the checkpoint"
    return ""


def _read(checkpoint: Path | None) -> tuple[int, str] | None:
    if checkpoint is None or not checkpoint.exists():
        return None
    seq, _, digest = checkpoint.read_text("utf-8").strip().partition(" ")
    if not seq.isdecimal() or len(digest) != 64:
        raise ValueError(
            f"{checkpoint}:1:1: expected a number and a hash, as 'verify ledger' wrote"
        )
    return int(seq), digest
