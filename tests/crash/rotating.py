"""The keys of the fields are changed while messages come in and everything is killed."""

import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from gateway.commands import keys_rotate
from tests.crash import processes
from tests.crash.killing import Sender, require_whole
from tests.crash.processes import Forked, huiyin

OLD, NEW = "3e" * 32, "7b" * 32
PATIENCE = 600.0


class Rotation(Forked):
    """`huiyin keys rotate`, forked."""

    @staticmethod
    def life(env: dict[str, str], _port: int, log: str) -> None:
        """What the forked process does."""
        processes.become(env, log)
        sys.exit(keys_rotate.run())

    def ended(self, patience: float) -> bool:
        """Wait for its end; whether it said that it was done."""
        self._forked.join(patience)
        return self._forked.exitcode == 0


@dataclass
class Trial:
    """One database, one gateway, and rotations that are killed."""

    url: str
    folder: Path
    chance: random.Random
    statuses: Counter[int | str] = field(default_factory=Counter)
    kills: Counter[str] = field(default_factory=Counter)
    rotations: int = 0
    only: bool = True
    """Whether nothing was in the database before."""
    patience: float = PATIENCE
    """Seconds that one rotation, or the proof of all fields, may take."""

    def run(self, kills: int) -> int:
        """Kill rotations and gateways so often, first under one outside key, then while it is
        replaced; ends with the new one alone. How many messages were acknowledged. Raises
        AssertionError for what is lost, doubled, or opens no more."""
        folder, log, ledger = self.folder, self.folder / "server.log", self.folder / "ledger"
        plain = {**processes.environment(folder, self.url), "HUIYIN_FIELD_ENCRYPTION": "on"}
        both = {**plain, "HUIYIN_FIELD_KEY": NEW, "HUIYIN_FIELD_KEY_PREVIOUS": OLD}
        alone = {**plain, "HUIYIN_FIELD_KEY": NEW}
        self._server = Forked.serve(plain, log)
        try:
            self._server.wait()
            with Sender(self._server, ledger, self.chance, rest=0.02) as self._sender:
                time.sleep(2)
                self._rotate(plain, log, kills // 2)
                self._restart(both, log)
                self._rotate(both, log, kills - kills // 2)
                self._restart(alone, log)
                self._sender.drain()
                answered = set(ledger.read_text().split())
                assert answered == self._sender.sent
                self.statuses = self._sender.statuses
                assert not {500, 400, 403, 404} & set(self.statuses), self.statuses
        finally:
            self._server.kill()
        huiyin(alone, "verify", "fields", patience=self.patience)
        require_whole(self.url, alone, answered, only=self.only)
        return len(answered)

    def _rotate(self, env: dict[str, str], log: Path, kills: int) -> None:
        done = 0
        while done < kills:
            rotation = Rotation([], env, 0, log)
            time.sleep(self.chance.uniform(0.05, 1.5))
            if rotation.alive():
                done += 1
                self.kills["a rotation"] += 1
            else:
                self.rotations += 1
            rotation.kill()
            if self.chance.random() < 0.2:
                self.kills["the gateway"] += 1
                self._restart(env, log)
        assert Rotation([], env, 0, log).ended(self.patience), log.read_text()[-2000:]
        self.rotations += 1

    def _restart(self, env: dict[str, str], log: Path) -> None:
        self._server.kill()
        self._sender.server = self._server = Forked.serve(env, log)
        self._server.wait()
