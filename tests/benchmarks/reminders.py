"""Every reminder once: two tickers on one database are killed while the time of day jumps.

python -m tests.benchmarks.reminders [--requests 100] [--kills 200] [--postgresql]

Six kinds of jump (on an hour, a day, ten days; back an hour, a day; slewed by 40 s) at every kill.
Ends with status 1 when a step of a clock was missed or taken twice.
"""

import argparse
import random
import sys
import time
from pathlib import Path

from tests.benchmarks.trial import held
from tests.crash.ticking import Trial


def main() -> int:
    """Fill, kill, count."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--postgresql", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()

    def run(url: str, folder: Path) -> None:
        trial = Trial(url, folder, random.Random(given.seed))
        trial.fill(given.requests)
        begun = time.monotonic()
        taken = trial.run(given.kills)
        print(
            f"{given.requests} requests, {trial.kills} kills in {time.monotonic() - begun:.0f} s: "
            f"{len(taken)} steps taken, each once, none missed; jumps: {dict(trial.jumps)}"
        )

    return held("reminders", run, postgresql=given.postgresql)


if __name__ == "__main__":
    sys.exit(main())
