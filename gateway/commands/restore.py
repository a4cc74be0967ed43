"""``huiyin restore FILE``"""

import sys
from pathlib import Path

from gateway import backups, erased_again
from gateway.settings import load, utc_now


def run(*, file: Path, key_file: Path | None, check: bool) -> int:
    """Restore, or only check the file; 1 when what was restored does not hold."""
    key = backups.key_of(load(), key_file)
    if check:
        contents = backups.check(file, key)
        print(f"{file}: whole; {sum(contents.counts.values())} rows, {contents.seq} entries")
        return 0
    done = backups.restore(file, key, utc_now)
    for sentence in done.faults:
        print(f"huiyin: {sentence}", file=sys.stderr)
    print(
        f"{done.rows} rows restored and verified in {done.seconds:.1f} s; "
        f"ledger up to entry {done.seq}"
    )
    if done.erased:
        print(
            f"{done.erased} requests or people that were erased after the backup were erased "
            f"again, by the file {erased_again.NAME!r} beside it"
        )
    return 1 if done.faults else 0
