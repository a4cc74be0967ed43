"""``huiyin verify ledger``"""

import sys
from itertools import islice
from multiprocessing import Pool
from pathlib import Path

from gateway.ledger_audit import Chain, altered, walk
from gateway.settings import load
from gateway.state import open_current

SHOWN = 50


def run(*, checkpoint: Path | None) -> int:
    """Walk the chain; 1 naming the first bad entry, or the requests and closed quarters whose rows
    say something else than it: those are compared in a process beside, as far as another core is
    there. A checkpoint is a file "seq hash" of an earlier run; it is compared, and written anew
    when all holds."""
    expected = _read(checkpoint)
    with Pool(1) as beside:  # before a key is opened here, which no fork may share
        rows = beside.apply_async(_altered)
        database = open_current(load())
        with database.read() as session:
            chain = walk(session, note=expected[0] if expected else 0)
        database.close()
        fault = chain.fault or _against(expected, chain)
        faults = [fault] if fault else rows.get()
    for sentence in faults:
        print(f"huiyin: {sentence}", file=sys.stderr)
    if faults:
        return 1
    if checkpoint is not None:
        if expected is None:
            print(f"{checkpoint} was not there: nothing to compare with; it is written now")
        checkpoint.write_text(f"{chain.seq} {chain.tip}\n", "utf-8")
    print(f"{chain.seq} entries, unbroken; head {chain.tip[:16]}; root {chain.tree.root().hex()}")
    return 0


def _altered() -> list[str]:
    database = open_current(load())
    with database.read() as session:
        found = list(islice(altered(session), SHOWN))
    database.close()
    return found


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
