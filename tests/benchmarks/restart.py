"""From SIGKILL to the first answer that a message could be kept, on a database that holds a lot.

python -m tests.benchmarks.restart [--requests 100000] [--kills 20]

The requests are real ones, opened by the path itself, until there are so many; then `huiyin serve`
is killed and started again as whoever supervises it would, each time while a client posts. Printed
are wall and CPU seconds until `/readyz` says 200: what else the machine does counts in the first.
"""

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from gateway.settings import Settings
from gateway.state import wire
from tests.crash import processes
from tests.crash.processes import KEY, SAID, Server, sms
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
    walls, works = [], []
    server = Server.serve(env, folder / "server.log")
    server.wait(path="/readyz")
    for n in range(given.kills):
        assert server.post(sms(f"+8619966{n:06d}", SAID[n % len(SAID)]))[0] == 200
        server.kill()
        server = Server.serve(env, folder / "server.log")
        walls.append(server.wait(path="/readyz"))
        works.append(_cpu(server.process.pid))
    server.kill()
    shutil.rmtree(folder)
    for name, found in (("wall", sorted(walls)), ("CPU", sorted(works))):
        print(
            f"{name}: p50 {statistics.median(found):.2f} s, best {found[0]:.2f} s, "
            f"worst of {len(found)} {found[-1]:.2f} s"
        )
    print(f"{given.requests} requests, {given.kills} kills; {GOAL}")
    return 0


def fill(url: str, folder: Path, requests: int, **more: Any) -> None:
    """Requests by the path itself, each of another person."""
    settings = Settings(
        data_dir=folder,
        database_url=url,
        database_key=KEY if url.startswith("sqlite") else "",
        secret_key="s" * 32,
        channels="console",
        **more,
    )
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


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


if __name__ == "__main__":
    sys.exit(main())
