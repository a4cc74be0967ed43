"""``huiyin verify ledger``"""

import sys
from itertools import islice
from multiprocessing import Pool
from pathlib import Path

from gateway import checkpoints
from gateway.checkpoints import Checkpoint
from gateway.ledger_audit import altered, prove
from gateway.ledger_keys import Standing, keys_of, standing
from gateway.settings import load
from gateway.state import open_current, settle

SHOWN = 50


def run(*, checkpoint: Path | None) -> int:
    """Walk the chain; 1 naming the first bad entry, or the requests and closed quarters whose rows
    say something else than it: those are compared in a process beside, as far as another core is
    there. A checkpoint is a file "seq hash" of an earlier run; it is compared, and written anew
    when all holds."""
    expected = _read(checkpoint)
    settle()  # rows are no circles: the collector would look for them through all that stays
    with Pool(1) as beside:  # before a key is opened here, which no fork may share
        rows = beside.apply_async(_altered)
        settings = load()
        keys = keys_of(settings)
        database = open_current(settings)
        with database.read() as session:
            found = standing(session.connection(), keys)
            chain, faults = prove(session, most=SHOWN, noted=expected, keys=keys, rows=rows.get)
        database.close()
    for sentence in faults:
        print(f"huiyin: {sentence}", file=sys.stderr)
    if faults:
        return 1
    if checkpoint is not None:
        if expected is None:
            print(f"{checkpoint} was not there: nothing to compare with; it is written now")
        checkpoint.write_text(f"{chain.seq} {chain.tip}\n", "utf-8")
    print(_said(found))
    print(f"{chain.seq} entries, unbroken; head {chain.tip[:16]}; root {chain.tree.root().hex()}")
    return 0


def _said(found: Standing) -> str:
    if found.end is not None:
        return f"up to entry {found.end.seq} under the key of this machine"
    if found.row is not None:
        return f"entry {found.row.seq} stands under a key that is not here; a worker begins anew"
    return "no entry stands under a key yet; a worker sees to it within a minute"


def _altered() -> list[str]:
    database = open_current(load())
    with database.read() as session:
        found = list(islice(altered(session), SHOWN))
    database.close()
    return found


def _read(checkpoint: Path | None) -> Checkpoint | None:
    try:
        return checkpoints.last(checkpoint) if checkpoint else None
    except ValueError:
        raise ValueError(
            f"{checkpoint}:1:1: expected a number and a hash, as 'verify ledger' wrote"
        ) from None
