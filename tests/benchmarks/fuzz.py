"""Fuzz every route and every hook in one process; no answer of 5xx, no exception in the log.

python -m tests.benchmarks.fuzz [--inputs 200000] [--seed 1] [--round 4000] [--minutes 90]

Signed in as each role, half way in, as each kind of partner and as nobody; forms of the real pages,
JSON by its own description, files, signed and unsigned calls of providers. Every round begins with
a fresh county and is told by its seed: ``--seed 1 --only 17`` does round 17 again. Faults go to
stdout as they are met; ends with status 1 when there were any.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.fuzzing.house import prepared
from tests.fuzzing.running import Found, Run

SHOWN = 3
"""Faults that are shown in full for each kind; the rest are counted."""


def main() -> int:
    """Fuzz, count, say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--round", type=int, default=4000)
    parser.add_argument("--only", type=int)
    parser.add_argument("--minutes", type=float, default=90, help="end earlier, and say so")
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="huiyin-fuzz-"))
    found, begun, kinds = Found(), time.monotonic(), dict[str, int]()
    try:
        run = Run(prepared(folder))
        number = given.only or 0
        while found.inputs < given.inputs and time.monotonic() < begun + given.minutes * 60:
            many = min(given.round, given.inputs - found.inputs)
            one = run.round(folder / f"r{number}", f"{given.seed}:{number}", many)
            found.add(one)
            shutil.rmtree(folder / f"r{number}")
            for told in one.broken:
                _show(told, kinds)
            print(f"round {number}: {found.inputs} inputs, {len(found.broken)} faults", flush=True)
            number += 1
            if given.only is not None:
                break
    finally:
        shutil.rmtree(folder)
    print(f"{found.inputs} inputs to {len(found.operations)} operations in "
          f"{time.monotonic() - begun:.0f} s, {len(found.broken)} faults")  # fmt: skip
    print("answers:", ", ".join(f"{k} {n}" for k, n in sorted(found.statuses.items())))
    for told, count in found.held.most_common():
        print(f"kept in the holding pen {count} times: {told}")
    return 1 if found.broken else 0


def _show(told: str, kinds: dict[str, int]) -> None:
    kind = told.strip().rpartition("\n")[2][:120]
    kinds[kind] = kinds.get(kind, 0) + 1
    if kinds[kind] <= SHOWN:
        print(told, "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
