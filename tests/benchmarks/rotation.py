"""Change the keys of the fields under load, killing the rotation and the gateway meanwhile.

python -m tests.benchmarks.rotation [--persons 100000] [--kills 40] [--postgresql]

The persons' requests are opened by the path itself; then rotations are killed at random, the
outside key is replaced in the same way, and everything is started with the new one alone. Ends
with status 1 when anything is lost, doubled or opens no more.
"""

import argparse
import random
import sys
import time
from pathlib import Path

from tests.benchmarks.restart import fill
from tests.benchmarks.trial import held
from tests.crash.rotating import OLD, Trial


def main() -> int:
    """Fill, rotate, kill, say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--persons", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=40)
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()

    def run(url: str, folder: Path) -> None:
        fill(url, folder, given.persons, field_key=OLD, field_encryption="on")
        begun = time.monotonic()
        patience = 600 + given.persons / 10
        trial = Trial(url, folder, random.Random(1), only=False, patience=patience)
        taken = trial.run(given.kills)
        print(
            f"{given.persons} persons: {trial.rotations} rotations ended, "
            f"killed {dict(trial.kills)} in {time.monotonic() - begun:.0f} s; {taken} messages "
            f"acknowledged meanwhile, 0 lost, 0 unreadable; answers: {dict(trial.statuses)}"
        )

    return held("rotation", run, postgresql=given.postgresql)


if __name__ == "__main__":
    sys.exit(main())
