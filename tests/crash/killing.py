"""Clients that keep a ledger of their own, and what is killed under them again and again.

A client writes down what was answered with 2xx, nothing else; nothing of ours is asked what it
believes to have kept. Where text messages go out, the stand-in of the provider is the second
ledger: what it accepted, by the key of the message.
"""

import http.client
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

from sqlalchemy import func, select
from sqlmodel import col

from models.db import Database
from models.journal import JournalEntry
from models.outbox import Outgoing
from models.requests import Contact, HelpRequest
from tests.crash import points, processes
from tests.crash.processes import (
    HOOK,
    KEY,
    SAID,
    Forked,
    Server,
    Sms,
    Worker,
    arrived,
    huiyin,
    key_of,
    sms,
)
from tests.standins.twilio import TwilioStandIn

CLIENTS = 3
SENDERS = 400
AT_MOST_WAIT = 30
IDLE_SECONDS = 0.05
APART = 4999
"""From one sender's number to the next: what a block of numbers is sent in a day is capped."""


@dataclass
class Sender:
    """Clients that post until they are stopped, and repeat what was not answered.

    With a ``provider`` they also bring its receipts for what it has accepted. ``rest`` is what a
    client waits between two posts.
    """

    server: Server
    ledger: Path
    chance: random.Random
    provider: TwilioStandIn | None = None
    senders: int = SENDERS
    rest: float = 0.0
    statuses: Counter[int | str] = field(default_factory=Counter)
    sent: set[str] = field(default_factory=set)
    delivered: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._file = self.ledger.open("a", encoding="utf-8")
        self._guard = threading.Lock()
        self._waiting: list[Sms] = []
        self._brought = 0
        self._stopping = threading.Event()
        self._quiet = self._draining = False
        self._threads = [threading.Thread(target=self._run) for _ in range(CLIENTS)]

    def __enter__(self) -> "Sender":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()
        self._file.close()

    def quiet(self) -> None:
        """No new messages; what was not answered is repeated, receipts are still brought."""
        self._quiet = True

    def drain(self, patience: float = 60) -> None:
        """No new messages; until everything that was sent once is answered."""
        self._quiet = self._draining = True
        end = time.monotonic() + patience
        for thread in self._threads:
            thread.join(max(end - time.monotonic(), 0))
        hanging = sum(thread.is_alive() for thread in self._threads)
        assert (hanging, len(self._waiting)) == (0, 0), "some are never answered"

    def _next(self) -> Sms | None:
        with self._guard:
            repeat = len(self._waiting) > AT_MOST_WAIT or self.chance.random() < 0.5
            if self._waiting and (self._quiet or repeat):
                return self._waiting.pop(self.chance.randrange(len(self._waiting)))
            if self.provider and self._brought < len(self.provider.messages):
                accepted = self.provider.messages[self._brought]
                self._brought += 1
                return arrived(accepted["row"]["sid"], accepted["fields"])
            if self._quiet:
                return None
            number = self.chance.randrange(self.senders) * APART
            message = sms(f"+86199{number:08d}", self.chance.choice(SAID))
            self.sent.add(message.sid)
            return message

    def _run(self) -> None:
        while not self._stopping.is_set():
            message = self._next()
            if message is not None:
                self._try(message)
            elif self._draining:
                return
            time.sleep(self.rest if message else IDLE_SECONDS)

    def _try(self, message: Sms) -> None:
        status: int | str
        try:
            status, _ = self.server.post(message)
        except (OSError, http.client.HTTPException) as error:
            status = type(error).__name__
            time.sleep(0.05)
        with self._guard:
            self.statuses[status] += 1
            if not isinstance(status, int) or not 200 <= status < 300:
                self._waiting.append(message)
            elif message.path == HOOK:
                self._file.write(f"{message.sid}\n")
                self._file.flush()
            else:
                self.delivered.add(message.sid)


def read(url: str) -> Database:
    return Database(url, key=KEY if url.startswith("sqlite") else "")


def require_whole(url: str, env: dict[str, str], sids: set[str], *, only: bool = True) -> None:
    """Each message is one contact of a request that has one receipt; both accounts hold."""
    database = read(url)
    with database.read() as session:
        connection = session.connection()
        kept = Counter(
            dict.fromkeys(sids, 0)
            | dict(
                connection.execute(
                    select(Contact.external_id, func.count()).group_by(Contact.external_id)
                ).all()
            )
        )
        lost = [sid for sid in sids if kept[sid] == 0]
        assert not lost, f"{len(lost)} acknowledged messages are lost: {lost[:3]}"
        doubled = [sid for sid, count in kept.items() if count > 1]
        assert not doubled, f"{len(doubled)} messages were kept twice: {doubled[:3]}"
        if only:
            assert set(kept) == sids, "what nobody sent is there"
        key = col(JournalEntry.provider_key)
        twice = select(key).where(key.is_not(None)).group_by(key).having(func.count() > 1)
        assert not connection.execute(twice).all(), "a delivery was kept twice"
        orphans = select(Contact.external_id).where(col(Contact.request_id).is_(None))
        assert not connection.execute(orphans).all(), "nothing of this belongs in the holding pen"
        requests = dict(connection.execute(select(HelpRequest.id, HelpRequest.number)).all())
        assert len(set(requests.values())) == len(requests)
        receipts = Counter(
            row.request_id
            for row in connection.execute(
                select(Outgoing.request_id).where(col(Outgoing.phrase) == "receipt")
            )
        )
        assert receipts == Counter(dict.fromkeys(requests, 1)), "one receipt a request"
    database.close()
    huiyin(env, "verify", "intake")
    huiyin(env, "verify", "ledger")


def kill_again_and_again(url: str, folder: Path, *, kills: int, workers: int) -> Counter[int | str]:
    """Post, kill, start again; everything is resent until it is answered, then counted."""
    chance = random.Random(kills)
    env = processes.environment(folder, url)
    log, ledger = folder / "server.log", folder / "ledger"
    start = Forked.serve if workers == 1 else Server.serve
    server = start(env, log, workers=workers)
    try:
        server.wait()
        with Sender(server, ledger, chance) as sender:
            for _ in range(kills):
                following = start(env, log, workers=workers)  # starts while we still take
                time.sleep(chance.uniform(0.05, 0.8))
                server.kill()
                sender.server = server = following
                server.wait()
            time.sleep(0.3)
            sender.drain()
            answered = set(ledger.read_text().split())
            assert answered == sender.sent
            assert sum(s for s in map(sender.statuses.get, (500, 400, 403, 404)) if s) == 0
    finally:
        server.kill()
    require_whole(url, env, answered)
    return sender.statuses


PATIENCE = 8.0
"""Seconds in which a process has to come to the point at which it is to die."""
STARTING = 180.0
"""Seconds that a start may take on a machine that others use."""


@dataclass
class Campaign:
    """Web process and worker killed side by side, at the named points in turn and at random."""

    url: str
    folder: Path
    provider: TwilioStandIn
    chance: random.Random
    senders: int = SENDERS
    rest: float = 0.02
    deaths: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int | str] = field(default_factory=Counter)
    acknowledged: int = 0
    failed_starts: int = 0
    accepted: int = 0

    def run(
        self,
        kills: int,
        *,
        at: Sequence[str | None] = (*points.SERVE, None),
        seconds: float = float("inf"),
        advance: Callable[[int], None] = lambda _deaths: None,
    ) -> None:
        """So many deaths of either process, fewer when the seconds are over before; raises
        AssertionError for what is lost or doubled. ``at`` are the points of the web process; None
        is a moment by chance. ``advance`` hears how many have died."""
        end = time.monotonic() + seconds
        self._env = {
            **processes.environment(self.folder, self.url),
            "HUIYIN_TWILIO_API_BASE": self.provider.base,
        }
        self._log = self.folder / "server.log"
        self._places, self._work = cycle(at), cycle((*points.WORK, None))
        server, place = self._serve()
        worker, task = self._start_worker()
        ledger = self.folder / "ledger"
        try:
            server.wait(STARTING)
            with Sender(
                server, ledger, self.chance, self.provider, senders=self.senders, rest=self.rest
            ) as sender:
                self.statuses = sender.statuses
                while self.deaths.total() < kills and time.monotonic() < end:
                    following, next_place = self._serve()  # starts while this one still takes
                    self._await_death(server, place)
                    sender.server = server = following
                    place = next_place
                    while not self._is_up(server):  # as whoever supervises it would
                        sender.server = server = Forked.serve(self._env, self._log)
                        place = None
                    if not worker.alive() or self.chance.random() < 0.1:
                        self.deaths[task if not worker.alive() else RANDOM] += 1
                        worker.kill()
                        worker, task = self._start_worker()
                    advance(self.deaths.total())
                server.kill()
                worker.kill()
                sender.server = server = Forked.serve(self._env, self._log)
                server.wait(STARTING)
                worker = Worker([], self._env, 0, self._log)
                sender.quiet()  # or what comes in at the last moment would seem never sent
                self._until_sent()
                sender.drain(120)
                answered = set(ledger.read_text().split())
                assert answered == sender.sent
                wrong = {s: n for s, n in sender.statuses.items() if s in (500, 400, 403, 404)}
                assert not wrong, wrong
        finally:
            server.kill()
            worker.kill()
        require_whole(self.url, self._env, answered)
        self.acknowledged = len(answered)
        self._require_told(sender.delivered)

    def _is_up(self, server: Server) -> bool:
        """Whether it has come up; it has not when the database was busy for its whole patience."""
        try:
            server.wait(STARTING)
        except AssertionError:
            self.failed_starts += 1
            return False
        return True

    def _serve(self) -> tuple[Server, str | None]:
        place = next(self._places)
        return Forked.serve({**self._env, **self._fate(place)}, self._log), place

    def _start_worker(self) -> tuple[Worker, str]:
        task = next(self._work)
        return Worker([], {**self._env, **self._fate(task)}, 0, self._log), task or RANDOM

    def _fate(self, place: str | None) -> dict[str, str]:
        return {} if place is None else {"DIES_AT": place, "DIES_AFTER": str(self._times())}

    def _times(self) -> int:
        return self.chance.choice((1, 1, 2, 3, 5, 8))

    def _await_death(self, server: Server, place: str | None) -> None:
        wait = self.chance.uniform(0.05, 0.8) if place is None else PATIENCE
        end = time.monotonic() + wait
        while server.alive() and time.monotonic() < end:
            time.sleep(0.01)
        self.deaths[RANDOM if server.alive() or place is None else place] += 1
        server.kill()

    def _until_sent(self, patience: float = 1500) -> None:
        """Until nothing waits to go out: leases of what died grow to ten minutes."""
        database, end = read(self.url), time.monotonic() + patience
        waits = select(func.count()).where(
            col(Outgoing.next_at).is_not(None), col(Outgoing.channel) == "sms"
        )
        while time.monotonic() < end:
            with database.read() as session:
                if not session.connection().execute(waits).scalar():
                    break
            time.sleep(1)
        else:
            raise AssertionError("messages still wait to be sent")
        database.close()

    def _require_told(self, delivered: set[str]) -> None:
        """Each receipt was accepted by the provider, and by its own ledger once; what it brought
        back is known of each."""
        keys = Counter(key_of(one["fields"]) for one in self.provider.messages)
        self.accepted = len(keys)
        database = read(self.url)
        with database.read() as session:
            rows = session.connection().execute(
                select(
                    col(Outgoing.id),
                    col(Outgoing.state),
                    col(Outgoing.provider_id),
                    col(Outgoing.attempts),
                    col(Outgoing.urgent),
                    col(Outgoing.posted_at),
                    col(Outgoing.sent_at),
                    col(Outgoing.unsure_at),
                    col(Outgoing.error),
                ).where(col(Outgoing.phrase) == "receipt")
            )
            states = {str(row.id): row for row in rows}
        database.close()
        lost = [key for key in states if not keys[key]]
        told = [tuple(states[key]) for key in lost[:3]]
        assert not lost, f"{len(lost)} messages never reached the provider: {told}"
        doubled = {key: count for key, count in keys.items() if count > 1}
        assert not doubled, f"{len(doubled)} messages were accepted twice: {doubled}"
        brought = {row.provider_id for row in states.values() if row.state == "delivered"}
        unknown = delivered & {row.provider_id for row in states.values()} - brought
        assert not unknown, f"{len(unknown)} receipts were acknowledged and are not known"


RANDOM = "at random"
