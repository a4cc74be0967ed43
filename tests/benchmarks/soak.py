"""A steady stream for a long time, everything else running: how late, how large, is anything stuck?

python -m tests.benchmarks.soak [--rate 50] [--minutes 10] [--postgresql]

Signed text messages are due at even times and their lateness counts from then, answered or not;
beside the web process and the worker an export, both proofs and a backup begin anew whenever they
have ended. Memory and open files of the two are taken each second: growth is the last fifth against
the second. At the end nothing may be lost, doubled, or wait; status 1 otherwise.
"""

import argparse
import http.client
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy import func, select
from sqlmodel import col

from gateway.settings import utc_now
from models.outbox import Outgoing
from tests.benchmarks.trial import held
from tests.crash import processes
from tests.crash.killing import read, require_whole
from tests.crash.processes import PROJECT, SAID, Forked, Server, Worker, sms
from tests.standins.twilio import TwilioStandIn

APART = 4999
GOALS = "goals: p99 <= 250 ms at 50/s, memory < 5 %, open files flat, 0 lost, 0 stuck"
BESIDE = (("export", "contacts"), ("verify", "intake"), ("verify", "ledger"), ("backup", "{}"))


def main() -> int:
    """Send, watch, say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()

    def run(url: str, folder: Path) -> None:
        with TwilioStandIn(now=utc_now).serve() as provider:
            env = {
                **processes.environment(folder, url),
                "HUIYIN_TWILIO_API_BASE": provider.base,
                "HUIYIN_BACKUP_KEY": "5c" * 32,
            }
            _run(env, url, folder, given.rate, given.minutes * 60)

    return held("soak", run, postgresql=given.postgresql)


def _run(env: dict[str, str], url: str, folder: Path, rate: float, seconds: float) -> None:
    log = folder / "server.log"
    server, worker = Forked.serve(env, log), Worker([], env, 0, log)
    late: list[float] = []
    told: Counter[int] = Counter()
    over = threading.Event()
    sizes: dict[str, list[tuple[float, int]]] = {"web": [], "worker": []}
    try:
        server.wait()
        beside = threading.Thread(target=_beside, args=(env, folder, over))
        watch = threading.Thread(target=_watch, args=(server, worker, sizes, over))
        beside.start()
        watch.start()
        chance = random.Random(4)
        messages = [
            sms(f"+86199{chance.randrange(20_000) * APART % 10**8:08d}", chance.choice(SAID))
            for _ in range(int(rate * seconds))
        ]
        begun = time.monotonic() + 0.5
        with ThreadPoolExecutor(48) as pool:
            for n, message in enumerate(messages):
                due = begun + n / rate
                time.sleep(max(0.0, due - time.monotonic()))
                pool.submit(_post, server, message, due, late, told)
        over.set()
        watch.join()
        beside.join()
        _until_sent(url)
    finally:
        over.set()
        server.kill()
        worker.kill()
    cuts = quantiles(late, n=1000)
    print(
        f"{len(late)} messages at {rate:.0f}/s: p50 {cuts[499] * 1e3:.0f} ms, p99 "
        f"{cuts[989] * 1e3:.0f} ms, longest {max(late) * 1e3:.0f} ms; answers: {dict(told)}"
    )
    for name, found in sizes.items():
        fifth = len(found) // 5
        first, last = found[fifth : 2 * fifth], found[-fifth:]
        memory = median(m for m, _ in last) / median(m for m, _ in first) - 1
        print(
            f"{name}: memory {median(m for m, _ in last):.0f} MB ({memory:+.1%}), open files "
            f"{median(f for _, f in first):.0f} -> {median(f for _, f in last):.0f}"
        )
    require_whole(url, env, {message.sid for message in messages})
    print(f"0 lost, 0 doubled, 0 stuck; {GOALS}")


def _post(server: Server, message: processes.Sms, due: float, late: list[float],
          told: Counter[int]) -> None:  # fmt: skip
    while True:
        try:
            status, _ = server.post(message)
        except (OSError, http.client.HTTPException):
            status = 0
        told[status] += 1
        if status == 200:
            late.append(time.monotonic() - due)
            return


def _beside(env: dict[str, str], folder: Path, over: threading.Event) -> None:
    for n, command in enumerate(cycle(BESIDE)):
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", *(part.format(folder / f"b{n}") for part in command)],
            cwd=PROJECT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        process.wait()
        if over.is_set():
            return


def _watch(
    server: Server,
    worker: Server,
    sizes: dict[str, list[tuple[float, int]]],
    over: threading.Event,
) -> None:
    while not over.wait(1):
        for name, one in (("web", server), ("worker", worker)):
            place = Path(f"/proc/{one.pids()[0]}")
            pages = int((place / "statm").read_text().split()[1])
            sizes[name].append((pages * 4096 / 1e6, len(list((place / "fd").iterdir()))))


def _until_sent(url: str, patience: float = 600) -> None:
    database, end = read(url), time.monotonic() + patience
    found = 1
    while found and time.monotonic() < end:
        time.sleep(1)
        due = select(func.count()).where(
            col(Outgoing.next_at) <= utc_now(), col(Outgoing.channel) == "sms"
        )  # what is kept for the morning is not stuck
        with database.read() as session:
            found = session.connection().execute(due).scalar() or 0
    database.close()
    assert not found, f"{found} messages still wait to be sent"


if __name__ == "__main__":
    sys.exit(main())
