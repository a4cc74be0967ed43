"""From SIGKILL to the first answer that a message could be kept, on a database that holds a lot.

python -m tests.benchmarks.restart [--requests 100000] [--kills 20]

The requests are real ones, opened by the path itself, until there are so many; then of `huiyin
serve` now the web process is killed, which its foreman begins anew, now all of it, which is started
again as whoever supervises it would. Printed are wall and CPU seconds until `/readyz` says 200:
what else the machine does counts in the first.
"""

import argparse
import os
import shutil
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from gateway.settings import Settings
from gateway.state import wire
from tests.crash import processes
from tests.crash.processes import KEY, SAID, SECRET, Server, sms
from tests.fakes import RecordingChannel, call

TICK = os.sysconf("SC_CLK_TCK")
CHUNK = 200
GOAL = "goals: p50 <= 2 s, p99 <= 5 s"


def main() -> int:
    """Fill, kill, say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=20)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="huiyin-restart-"))
    url = f"sqlite:///{folder / 'huiyin.db'}"
    processes.prepare(url)
    env = processes.environment(folder, url)
    env.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its code compiled
    env["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    fill(url, folder, given.requests)
    log = folder / "server.log"
    server = Server.serve(env, log)
    server.wait(path="/readyz")
    found: dict[str, list[tuple[float, float]]] = {"a web process": [], "all of them": []}
    for n in range(2 * given.kills):
        assert server.post(sms(f"+8619966{n:06d}", SAID[n % len(SAID)]))[0] == 200
        if n % 2:
            server.kill()
            server = Server.serve(env, log)
            wall = server.wait(path="/readyz")
            found["all of them"].append((wall, _cpu(server.pids())))
        else:
            (killed,) = server.takers()
            server.begun = time.monotonic()
            os.kill(killed, signal.SIGKILL)
            wall = server.wait(path="/readyz")
            found["a web process"].append((wall, _cpu(server.takers())))
    server.kill()
    shutil.rmtree(folder)
    for what, times in found.items():
        for name, some in (("wall", [t[0] for t in times]), ("CPU", [t[1] for t in times])):
            print(
                f"{what} killed: {name} p50 {statistics.median(some):.2f} s, best {min(some):.2f}, "
                f"worst of {len(some)} {max(some):.2f} s"
            )
    print(f"{given.requests} requests; {GOAL}")
    return 0


def settings_of(url: str, folder: Path, **more: Any) -> Settings:
    """Of a hotline on the database of a trial, which takes and sends nothing."""
    return Settings(
        data_dir=folder,
        database_url=url,
        database_key=KEY if url.startswith("sqlite") else "",
        secret_key=SECRET,
        channels="console",
        **more,
    )


def fill(url: str, folder: Path, requests: int, **more: Any) -> None:
    """Requests by the path itself, each of another person."""
    settings = settings_of(url, folder, **more)
    state = wire(settings, kind="bench", channels={"recording": RecordingChannel()})
    try:
        for start in range(0, requests, CHUNK):
            taken = [
                state.intake.receive(
                    state.channels["recording"],
                    call(f"b{n}", SAID[n % len(SAID)], f"+86199{n * 4999 % 10**8:08d}"),
                    state.now(),
                )
                for n in range(start, min(start + CHUNK, requests))
            ]
            for one in taken:
                one.result(60)
    finally:
        state.close()


def _cpu(pids: list[int]) -> float:
    stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return sum(int(fields[11]) + int(fields[12]) for fields in stats) / TICK


if __name__ == "__main__":
    sys.exit(main())
