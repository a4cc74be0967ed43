"""What is proved every night: all is accounted for, nothing is altered, every clock did what it
promised, it is all in a backup.

Each proof leaves an assurance (a figure of ``/metrics`` with its age); one that does not hold is an
event and a task for the desk. One process does it; if it dies, another does so the next night, and
the age of the last proof raises the alarm.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any

from channels import Channel
from gateway import backups, checkpoints, keyed_ledger, rekeying, retention
from gateway.accounting import absent, account
from gateway.clock_audit import audit
from gateway.ledger_audit import prove
from gateway.ledger_keys import keys_of
from gateway.settings import Settings
from models import assurances
from models.db import Database
from models.messages import Unavailable
from models.transaction import acting
from models.vocabulary import TaskKind
from referral import telling
from referral.directory import HOTLINE, ZONE
from referral.office import Office

log = logging.getLogger(__name__)

HOURS = range(2, 5)
"""The hours of the night (China time) in which it is done."""
ONCE_IN = timedelta(hours=20)
LATEST = timedelta(hours=26)
"""After so long it is done by day."""
LOOK_BACK = timedelta(hours=26)
_SHOWN = 5


class Nightly:
    """The proofs of one night."""

    def __init__(
        self,
        database: Database,
        mint: Callable[[], int],
        channels: Mapping[str, Channel],
        settings: Settings,
        office: Callable[[], Office] | None = None,
    ) -> None:
        self._database = database
        self._mint = mint
        self._channels = channels
        self._settings = settings
        self._office = office

    async def run(self, now: Callable[[], datetime]) -> bool:
        """All of them, if it is time and nobody else does; whether it was."""
        if not await asyncio.to_thread(self._is_my_turn, now()):
            return False
        missing, took = await self._at_providers(now())
        for name, proof in self._proofs(missing, took):
            await asyncio.to_thread(self._one, name, proof, now())
        return True

    def _proofs(
        self, missing: list[str], took: Mapping[str, list[str]]
    ) -> list[tuple[str, Callable[[datetime], None]]]:
        clocks = [("verify_clocks", self._clocks)] if self._office else []
        backup = [("backup", self._backup)] if self._settings.backup_dir else []
        return [
            ("verify_intake", partial(self._intake, missing, took)),
            ("verify_ledger", self._ledger),
            *clocks,
            ("verify_fields", self._fields),
            *backup,
            ("purge", self._purge),
        ]

    def _one(self, name: str, proof: Callable[[datetime], None], now: datetime) -> None:
        """One that cannot be made costs the night none of the others, the backup least of all."""
        try:
            proof(now)
        except Exception as error:
            log.exception("%s could not be made", name)
            try:
                self._tell(name, [f"it could not be made ({type(error).__name__})"], {}, now)
            except Exception:  # whatever keeps it from being said: then its age is the alarm
                log.exception("that %s could not be made could not be written down", name)

    def _is_my_turn(self, now: datetime) -> bool:
        """Whether to begin. What a night is to tell is waited for from before the first one: a
        proof with which the process dies has said nothing, and its age is the alarm."""
        night = now.astimezone(ZONE).hour in HOURS
        expected = [name for name, _ in self._proofs([], {})]
        with acting(self._database, self._mint) as tx:
            assurances.expect(tx, [*expected, keyed_ledger.PROOF], now)
            return assurances.claim(tx, assurances.NIGHT, now, ONCE_IN if night else LATEST)

    async def _at_providers(self, now: datetime) -> tuple[list[str], dict[str, list[str]]]:
        """Which providers could not be asked, and what the others took for us."""
        missing: list[str] = []
        took: dict[str, list[str]] = {}
        for name, channel in self._channels.items():
            try:
                listed = await channel.missed(now - LOOK_BACK)
            except Exception as error:
                said = str(error) if isinstance(error, Unavailable) else type(error).__name__
                missing.append(f"{name}: the provider could not be asked ({said})")
                continue
            took[name] = [
                one.external_id for one in listed if one.at is None or one.at < now - _GRACE
            ]
        return missing, took

    def _intake(self, missing: list[str], took: Mapping[str, list[str]], now: datetime) -> None:
        """All that came is accounted for, and we have what providers took for us."""
        with self._database.read() as session:
            found = account(session)
            lost = [one for name, ids in took.items() for one in absent(session, name, ids)]
        figures = {"contacts": found.contacts, "requests": found.requests}
        self._tell("verify_intake", [*found.missing, *missing, *lost], figures, now)

    def _ledger(self, now: datetime) -> None:
        file = self._settings.checkpoint_file
        noted, faults = None, []
        try:
            noted = checkpoints.last(file) if file else None
        except (OSError, ValueError) as error:
            faults = [f"the checkpoint file cannot be read: {error}"]
        with self._database.read() as session:
            chain, found = prove(session, most=_SHOWN, noted=noted, keys=keys_of(self._settings))
        faults += found
        if file and not faults:
            try:
                checkpoints.note(file, chain.seq, chain.tip, now)
            except OSError as error:
                faults = [f"the checkpoint was not noted: {error}"]
        self._tell("verify_ledger", faults, {"entries": chain.seq}, now)

    def _clocks(self, now: datetime) -> None:
        if self._office is None:
            return
        office = self._office()
        minutes: Any = office.policy.values["overdue_step_minutes"].value
        with self._database.read() as session:
            found = audit(session, office, now, timedelta(minutes=minutes))
        self._tell("verify_clocks", found.faults, {"clocks": found.clocks}, now)

    def _fields(self, now: datetime) -> None:
        faults = list(islice(rekeying.faults(self._database), _SHOWN))
        self._tell("verify_fields", faults, {}, now)

    def _backup(self, now: datetime) -> None:
        folder = self._settings.backup_dir
        if folder is None:
            return
        faults, figures = [], {}
        try:
            key = backups.key_of(self._settings, None)
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            path = folder / backups.name_of(now)
            made = backups.write(self._settings, self._database, path, key, now)
            backups.check(path, key)
            for old in backups.surplus(folder, self._settings.backup_keep):
                old.unlink()
            figures = {"rows": made.rows, "bytes": made.size}
        except (OSError, ValueError) as error:
            faults = [f"no backup was written: {error}"]
        self._tell("backup", faults, figures, now)

    def _purge(self, now: datetime) -> None:
        retention.purge(self._database, self._mint, lambda: now)

    def _tell(self, name: str, faults: list[str], figures: dict[str, int], now: datetime) -> None:
        for sentence in faults[:_SHOWN]:
            log.error("%s does not hold: %s", name, sentence)
        with acting(self._database, self._mint) as tx:
            assurances.tell(tx, name, now, holds=not faults, figures=figures)
            if not faults:
                tx.event("proved", at=now, proof=name, figures=figures)
                return
            tx.event("not_proved", at=now, proof=name, faults=len(faults))
            telling.ask_once(
                tx, TaskKind.PROOF_FAILED, unit=HOTLINE, note=name, urgent=True, now=now
            )


_GRACE = timedelta(minutes=15)
"""So long a message may be with a provider and not here without being missing."""
