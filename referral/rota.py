"""Whose door it is: every household of the jurisdiction has one named person who goes there."""

from collections import defaultdict
from datetime import datetime
from zlib import crc32

from models.vocabulary import Role
from referral.casework import Actor
from referral.directory import BACKSTOP, ZONE, Answerable, Directory

TOWNSHIP = "township"
_GROUND = ("grid", "village")


class Rota:
    """Built from the directory in force, for one act or one round."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._workers: dict[str, list[str]] = defaultdict(list)
        self._cadres: dict[str, list[str]] = defaultdict(list)
        for officer in directory.officers:
            if officer.area is None or officer.unit not in directory.unit:
                continue
            if officer.role == Role.GRID_WORKER:
                for code in directory.ancestry(officer.area):
                    if directory.place[code].kind in _GROUND:
                        self._workers[code].append(officer.login)
            elif officer.role == Role.VILLAGE_CADRE:
                self._cadres[officer.area].append(officer.login)

    def holder(self, area: str | None, key: str, at: datetime) -> Answerable:
        """Who goes to this household: the worker of its grid; of a household known only by its
        village always the same of the village's workers; the village cadre where there is none;
        else who answers for the township. Raises ``Nobody``."""
        for code in self._directory.ancestry(area):
            if workers := sorted(self._workers.get(code, ())):
                return self._named(workers[crc32(key.encode()) % len(workers)])
        return self.village(area, at)

    def village(self, area: str | None, at: datetime) -> Answerable:
        """The village cadre; else who answers for the township."""
        for code in self._directory.ancestry(area):
            if cadres := self._cadres.get(code):
                return self._named(min(cadres))
        return self.township(area, at)

    def township(self, area: str | None, at: datetime) -> Answerable:
        """Who answers for the township now; for an unknown place the county's backstop."""
        day = at.astimezone(ZONE).date()
        unit = self._directory.local(TOWNSHIP, area, day)
        return self._directory.answerable(
            unit or self._directory.responsible(BACKSTOP, None, day), at
        )

    def step(self, who: str, area: str | None, key: str, at: datetime) -> Answerable:
        """Who takes a step of the ladder of closed doors."""
        if who == "village":
            return self.village(area, at)
        if who == "township":
            return self.township(area, at)
        return self.holder(area, key, at)

    def knows(self, actor: Actor, area: str | None, key: str, at: datetime) -> bool:
        """Whether a household is one of this person's own: of their grid or village, or theirs to
        visit."""
        if actor.area and self._directory.within(area, actor.area):
            return True
        return self.holder(area, key, at).officer.login == actor.login

    def _named(self, login: str) -> Answerable:
        officer = self._directory.officer[login]
        return Answerable(self._directory.unit[officer.unit], officer, "holder")
