"""Die at each single call of the kernel, fail at many; was there a sync before each 2xx?

python -m tests.benchmarks.faults [--syncs 60] [--writes 200] [--answers 120] [--failed 2000]
    [--synced 500] [--minutes 60]

Needs ``strace`` and the right to watch processes. The calls are counted in each thread from the
moment at which a running gateway is watched; clients post signed text messages meanwhile, repeat
what was not answered and write down what was. Ends with status 1 when something is lost, doubled,
half done, answered 2xx without storage, or with anything but 200 and 503.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.crash import faults, processes, syscalls

FAILURES = (
    (syscalls.WRITES, "ENOSPC", "3+7"),
    (syscalls.WRITES, "EIO", "5+11"),
    (syscalls.SYNCS, "EIO", "2+3"),
    (syscalls.SYNCS, "ENOSPC", "2+3"),
)


def main() -> int:
    """Die, fail, watch, say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--syncs", type=int, default=60)
    parser.add_argument("--writes", type=int, default=200)
    parser.add_argument("--answers", type=int, default=120)
    parser.add_argument("--failed", type=int, default=2000)
    parser.add_argument("--synced", type=int, default=500)
    parser.add_argument("--minutes", type=float, default=60, help="for the failures, together")
    given = parser.parse_args()
    if why := syscalls.missing():
        print(why)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="huiyin-faults-"))
    try:
        _run(folder, given)
    except AssertionError as broken:
        print(f"NOT HELD: {broken} (everything is left in {folder})")
        return 1
    shutil.rmtree(folder)
    return 0


def _run(folder: Path, given: argparse.Namespace) -> None:
    seen = faults.answer_after_sync(*_new(folder, "synced"), given.synced)
    print(f"{sum(seen)} of {len(seen)} answers of 200 had a sync before them", flush=True)
    assert len(seen) == given.synced, "each answer must have been seen"
    assert all(seen), "an answer came before the sync"
    counts = (given.syncs, given.writes, given.answers)
    points = [
        (kind, nth)
        for kind, count in zip(syscalls.KINDS, counts, strict=True)
        for nth in range(1, count + 1)
    ]
    begun = time.monotonic()
    fired = faults.die_at_each(*_new(folder, "points"), points)
    print(
        f"{fired.total()} of {len(points)} points met in {time.monotonic() - begun:.0f} s, "
        f"0 lost, 0 doubled: {dict(fired)}",
        flush=True,
    )
    for at, (calls, error, every) in enumerate(FAILURES):
        failed, told = faults.fail_again_and_again(
            *_new(folder, f"failures-{at}"), calls=calls, error=error, every=every,
            times=given.failed // len(FAILURES), seconds=given.minutes * 60 / len(FAILURES),
        )  # fmt: skip
        print(f"{failed} calls failed with {error} ({calls}): {dict(told)}", flush=True)


def _new(folder: Path, name: str) -> tuple[str, Path]:
    place = folder / name
    place.mkdir()
    url = f"sqlite:///{place / 'huiyin.db'}"
    processes.prepare(url)
    return url, place


if __name__ == "__main__":
    sys.exit(main())
