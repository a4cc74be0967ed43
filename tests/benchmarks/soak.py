"""A steady stream for a long time, everything else running: how late, how large, is anything stuck?

python -m tests.benchmarks.soak [--rate 50] [--minutes 10] [--beside] [--postgresql]

Signed text messages are due at even times and their lateness counts from then, answered or not; one
in fifty is about a danger, since nobody claims a case here and each such one is told to five people
again and again. The provider brings back a signed receipt for each message of ours, and somebody
reads the desk every two seconds. With ``--beside`` an export, both proofs and a backup begin anew
whenever they have ended. Memory, open files and threads of the web process and the worker are taken
each second: growth is the last fifth against the second. At the end nothing may be lost, doubled,
or wait; status 1 otherwise. The citizens are a process of their own; provider, receipts and desk
are this one, on the same machine.
"""

import argparse
import http.client
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count, cycle
from multiprocessing import get_context
from pathlib import Path
from statistics import median, quantiles

from sqlalchemy import func, select
from sqlmodel import col

from gateway import sessions
from gateway.settings import Settings, utc_now
from models.outbox import Outgoing
from models.processes import enlist
from models.transaction import acting
from tests.benchmarks.trial import held
from tests.crash import processes
from tests.crash.killing import read, require_whole
from tests.crash.processes import PROJECT, SAID, Forked, Sms, Worker, arrived, sms
from tests.standins.twilio import TwilioStandIn

APART = 4999
DANGER = ("家里断粮两天了", "我爸突然倒地", "村里的自来水", "母亲八十一岁")
OFTEN = 0.02
"""The share of messages that begin like these, which the rules find urgent or nearly so."""
BRINGERS = 4
READER = "op01"
GOALS = "goals: p99 <= 250 ms at 50/s, memory < 5 %, open files and threads flat, 0 lost, 0 stuck"
BESIDE = (("export", "contacts"), ("verify", "intake"), ("verify", "ledger"), ("backup", "{}"))


def main() -> int:
    """Send, watch, say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rate", type=float, default=50)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--beside", action="store_true", help="export, proofs and backups as well")
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()

    def run(url: str, folder: Path) -> None:
        with TwilioStandIn(now=utc_now).serve() as provider:
            env = {
                **processes.environment(folder, url),
                "HUIYIN_TWILIO_API_BASE": provider.base,
                "HUIYIN_BACKUP_KEY": "5c" * 32,
            }
            Stream(url, folder, env, provider).run(given.rate, given.minutes * 60, given.beside)

    return held("soak", run, postgresql=given.postgresql)


@dataclass
class Stream:
    """Both processes, everybody who calls them, and what was seen of it."""

    url: str
    folder: Path
    env: dict[str, str]
    provider: TwilioStandIn
    late: list[float] = field(init=False)
    told: Counter[str] = field(default_factory=Counter)
    pages: list[float] = field(default_factory=list)
    taken: dict[str, list[tuple[float, int, int]]] = field(
        default_factory=lambda: {"web": [], "worker": []}
    )

    def run(self, rate: float, seconds: float, beside: bool) -> None:
        """All of it; raises AssertionError for what is lost, doubled or stuck."""
        log = self.folder / "server.log"
        self._key = _signed_in(self.url, self.env)
        self._server, self._worker = Forked.serve(self.env, log), Worker([], self.env, 0, log)
        self._over, self._turn = threading.Event(), count()
        others = [self._watch, self._read, *[self._bring] * BRINGERS]
        others += [self._beside] if beside else []
        threads = [threading.Thread(target=one) for one in others]
        loads = [os.getloadavg()[0]]
        try:
            self._server.wait()
            for thread in threads:
                thread.start()
            with ProcessPoolExecutor(1, get_context("forkserver")) as citizens:
                call = citizens.submit(_stream, self._server.port, rate, seconds)
                taken, self.late, told = call.result()
            self.told += told
            loads.append(os.getloadavg()[0])
            self._say(rate, loads)
            self._until_sent()
            self._over.set()
            for thread in threads:
                thread.join()
        finally:
            self._over.set()
            self._server.kill()
            self._worker.kill()
        self._outbox()
        require_whole(self.url, self.env, taken)
        print(f"0 lost, 0 doubled, 0 stuck; {GOALS}")

    def _try(self, message: Sms, what: str) -> int:
        status = _status(self._server.port, message)
        self.told[f"{what} {status}"] += 1
        return status

    def _bring(self) -> None:
        """The provider's receipts, in about the order in which it took the messages."""
        for at in self._turn:
            while at >= len(self.provider.messages):
                if self._over.wait(0.02):
                    return
            one = self.provider.messages[at]
            receipt = arrived(one["row"]["sid"], one["fields"])
            while self._try(receipt, "receipt") // 100 != 2:
                if self._over.wait(0.2):
                    return

    def _read(self) -> None:
        """The desk, as a browser asks for it."""
        headers = {"Cookie": f"__Host-huiyin={self._key}", "Accept": "text/html"}
        while not self._over.wait(2):
            begun = time.monotonic()
            connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=30)
            try:
                connection.request("GET", "/desk", headers=headers)
                answer = connection.getresponse()
                answer.read()
                self.told[f"desk {answer.status}"] += 1
            except (OSError, http.client.HTTPException):
                self.told["desk 0"] += 1
            finally:
                connection.close()
            self.pages.append(time.monotonic() - begun)

    def _beside(self) -> None:
        for n, command in enumerate(cycle(BESIDE)):
            parts = [part.format(self.folder / f"b{n}") for part in command]
            subprocess.run(
                [sys.executable, "-m", "gateway", *parts],
                cwd=PROJECT, env=self.env, check=False,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            if self._over.is_set():
                return

    def _watch(self) -> None:
        while not self._over.wait(1):
            for name, one in (("web", self._server), ("worker", self._worker)):
                place = Path(f"/proc/{one.pids()[0]}")
                pages = int((place / "statm").read_text().split()[1])
                files = len(list((place / "fd").iterdir()))
                threads = len(list((place / "task").iterdir()))
                self.taken[name].append((pages * 4096 / 1e6, files, threads))

    def _until_sent(self, patience: float = 600) -> None:
        database, end = read(self.url), time.monotonic() + patience
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

    def _say(self, rate: float, loads: list[float]) -> None:
        cuts = quantiles(self.late, n=1000)
        print(
            f"{len(self.late)} messages at {rate:.0f}/s: p50 {cuts[499] * 1e3:.0f} ms, p99 "
            f"{cuts[989] * 1e3:.0f} ms, longest {max(self.late) * 1e3:.0f} ms; "
            f"answers: {dict(sorted(self.told.items()))}; {len(self.provider.messages)} of ours "
            "went out meanwhile"
        )
        desk = quantiles(self.pages, n=100)
        print(f"desk: {len(self.pages)} pages, p50 {desk[49] * 1e3:.0f} ms, "
              f"p99 {desk[98] * 1e3:.0f} ms; load {loads[0]:.1f} -> {loads[1]:.1f}")  # fmt: skip
        for name, found in self.taken.items():
            fifth = len(found) // 5
            first, last = found[fifth : 2 * fifth], found[-fifth:]
            was, now = ([median(x) for x in zip(*part, strict=True)] for part in (first, last))
            print(
                f"{name}: memory {was[0]:.1f} -> {now[0]:.1f} MB ({now[0] / was[0] - 1:+.1%}), "
                f"open files {was[1]:.0f} -> {now[1]:.0f}, threads {was[2]:.0f} -> {now[2]:.0f}"
            )
            steps = [found[n * len(found) // 10][0] for n in range(10)] + [found[-1][0]]
            print(
                "  " + " ".join(f"{size:.0f}" for size in steps) + " MB at each tenth", flush=True
            )

    def _outbox(self) -> None:
        database = read(self.url)
        with database.read() as session:
            rows = (
                session.connection()
                .execute(
                    select(
                        Outgoing.phrase,
                        Outgoing.state,
                        Outgoing.urgent,
                        Outgoing.posted_at,
                        Outgoing.sent_at,
                    )
                )
                .all()
            )
        database.close()
        for urgent in (True, False):
            waits = sorted(
                (row.sent_at - row.posted_at).total_seconds()
                for row in rows
                if row.sent_at and row.urgent is urgent
            )
            states = Counter(row.state for row in rows if row.urgent is urgent)
            ends = f"p99 {waits[int(len(waits) * 0.99)]:.1f} s" if waits else "none sent"
            print(f"outbox, {'urgent' if urgent else 'others'}: {dict(states)}; to the provider "
                  f"{ends}")  # fmt: skip


def _stream(port: int, rate: float, seconds: float) -> tuple[set[str], list[float], Counter[str]]:
    """All citizens' messages, in a process of their own: which were sent, how late each was
    answered, what was answered."""
    chance = random.Random(4)
    grave = [words for words in SAID if words.startswith(DANGER)]
    plain = [words for words in SAID if not words.startswith(DANGER)]
    messages = [
        sms(
            f"+86199{chance.randrange(20_000) * APART % 10**8:08d}",
            chance.choice(grave if chance.random() < OFTEN else plain),
        )
        for _ in range(int(rate * seconds))
    ]
    late: list[float] = []
    told: Counter[str] = Counter()

    def post(message: Sms, due: float) -> None:
        status = 0
        while status != 200:
            status = _status(port, message)
            told[f"message {status}"] += 1
            if status != 200:
                time.sleep(0.05)
        late.append(time.monotonic() - due)

    begun = time.monotonic() + 0.5
    with ThreadPoolExecutor(48) as pool:
        for n, message in enumerate(messages):
            due = begun + n / rate
            time.sleep(max(0.0, due - time.monotonic()))
            pool.submit(post, message, due)
    return {message.sid for message in messages}, late, told


def _status(port: int, message: Sms) -> int:
    """What was answered, or 0."""
    try:
        return processes.post(port, message)[0]
    except (OSError, http.client.HTTPException):
        return 0


def _signed_in(url: str, env: dict[str, str]) -> str:
    """The key of a session of somebody at the desk."""
    assert sessions.cookie_name(Settings(public_url=processes.PUBLIC)) == "__Host-huiyin"
    database = read(url)
    mint = enlist(database, "seed", utc_now())
    with acting(database, mint) as tx:
        key = sessions.open_session(tx, READER, utc_now(), passed=True)
    database.close()
    return key


if __name__ == "__main__":
    sys.exit(main())
