"""What stands in the database as figures of ``/metrics``: ages and counts, never a person.

Ages are seconds and 0 when nothing waits, so that an alarm is one comparison
(``docs/alarms.yml``).
"""

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from sqlalchemy import func, select
from sqlmodel import Session, col

from gateway import neglect
from models import assurances
from models.clocks import FIRST
from models.journal import IN_PEN, JournalEntry
from models.outbox import Outgoing
from models.processes import Process
from models.referrals import Referral
from models.requests import HelpRequest
from models.tasks import Task
from models.vocabulary import Level, OutboxState, ReferralStatus
from referral.requester import ANSWERED

_URGENT = {True: [level for level in Level if level.is_urgent]}
_URGENT[False] = [level for level in Level if not level.is_urgent]


class Standing:
    """The figures of one moment, as a collector of the Prometheus client."""

    def __init__(self, session: Session, now: datetime, folder: Path) -> None:
        self._read = session.connection()
        self._session = session
        self._now = now
        self._folder = folder

    def collect(self) -> Iterator[Metric]:
        """Every figure; a new one is a new method here and a line below."""
        for part in (self._intake, self._work, self._out, self._proofs, self._machine):
            yield from part()

    def _age(self, at: datetime | None) -> float:
        return max(0.0, (self._now - at).total_seconds()) if at else 0.0

    def _intake(self) -> Iterator[Metric]:
        count = self._read.execute(select(func.count()).select_from(JournalEntry).where(IN_PEN))
        oldest = self._read.execute(select(func.min(col(JournalEntry.received_at))).where(IN_PEN))
        yield _gauge("huiyin_holding_pen", "Calls that nobody could read yet", count.scalar())
        yield _gauge(
            "huiyin_holding_pen_oldest_seconds", "Age of the oldest", self._age(oldest.scalar())
        )

    def _work(self) -> Iterator[Metric]:
        unclaimed = _family("huiyin_unclaimed_oldest_seconds", "Oldest request nobody has taken")
        unsigned = _family("huiyin_unsigned_oldest_seconds", "Oldest order nobody has signed for")
        late = _family("huiyin_clock_lateness_seconds", "By how much the oldest step is overdue")
        for urgent in (True, False):
            level = col(HelpRequest.level).in_(_URGENT[urgent])
            waits = select(func.min(col(HelpRequest.received_at)))
            at = self._read.execute(waits.where(level, *neglect.untaken(self._now))).scalar()
            unclaimed.add_metric([_yes(urgent)], self._age(at))
            sent = select(func.min(col(Referral.dispatched_at))).join(
                HelpRequest, col(HelpRequest.id) == col(Referral.request_id)
            )
            at = self._read.execute(
                sent.where(
                    col(Referral.status) == ReferralStatus.DISPATCHED,
                    col(HelpRequest.closed_at).is_(None),
                    col(HelpRequest.status).not_in(ANSWERED),
                    level,
                )
            ).scalar()
            unsigned.add_metric([_yes(urgent)], self._age(at))
            late.add_metric([_yes(urgent)], self._age(self._read.scalar(FIRST[urgent])))
        yield from (unclaimed, unsigned, late)
        open_tasks = select(func.count()).select_from(Task).where(col(Task.done_at).is_(None))
        overdue = self._read.execute(open_tasks.where(col(Task.due_at) < self._now)).scalar()
        yield _gauge("huiyin_tasks_overdue", "Tasks that nobody did in time", overdue)

    def _out(self) -> Iterator[Metric]:
        oldest = _family("huiyin_outbox_oldest_seconds", "Oldest message that is not sent yet")
        for urgent in (True, False):
            at = self._read.execute(
                select(func.min(col(Outgoing.posted_at))).where(
                    col(Outgoing.next_at).is_not(None),
                    col(Outgoing.state) != OutboxState.SENT,
                    col(Outgoing.urgent).is_(urgent),
                )
            ).scalar()
            oldest.add_metric([_yes(urgent)], self._age(at))
        yield oldest

    def _proofs(self) -> Iterator[Metric]:
        age = GaugeMetricFamily(
            "huiyin_proof_age_seconds", "Since a proof last held", labels=["proof"]
        )
        holds = GaugeMetricFamily(
            "huiyin_proof_holds", "Whether the last one held", labels=["proof"]
        )
        for name, proof in assurances.every(self._session).items():
            if name == assurances.NIGHT:
                continue
            age.add_metric([name], self._age(proof.held_at or proof.claimed_at))
            if proof.tried_at is not None:
                holds.add_metric([name], float(bool(proof.holds)))
        yield from (age, holds)

    def _machine(self) -> Iterator[Metric]:
        seen = self._read.execute(
            select(func.max(col(Process.seen_at))).where(col(Process.kind).in_(["work", "up"]))
        ).scalar()
        if seen is None:  # none was ever begun: nothing is sent, and somebody has to hear of it
            seen = self._read.execute(select(func.min(col(Process.started_at)))).scalar()
        yield _gauge("huiyin_worker_seen_seconds", "Since a worker's last sign", self._age(seen))
        disk = shutil.disk_usage(self._folder)
        yield _gauge(
            "huiyin_disk_free_ratio", "Free part of the data folder's disk", disk.free / disk.total
        )


def _yes(urgent: bool) -> str:
    return "yes" if urgent else "no"


def _family(name: str, what: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, labels=["urgent"])


def _gauge(name: str, what: str, value: Any) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, what, value=float(value or 0))


class _Collector:
    def __init__(self, collect: Callable[[], Iterator[Metric]]) -> None:
        self.collect = collect


def text(session: Session, now: datetime, folder: Path) -> bytes:
    """The figures as Prometheus text."""
    registry = CollectorRegistry()
    registry.register(_Collector(Standing(session, now, folder).collect))
    return generate_latest(registry)
