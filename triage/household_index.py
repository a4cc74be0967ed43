"""A whole registry in memory, to be asked which household a caller means. Pure.

Built once: every key of every household as one 64-bit number (hash above, row below), sorted, so
that a look-up is a handful of binary searches, and the households as they were written, to be read
again only for the few that share a key with the caller.
"""

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from triage.household_keys import keys, name_key, nearest
from triage.household_matching import (
    Home,
    Match,
    Scale,
    hold_against,
    probability,
    read_home,
    shipped_scale,
)

CROWD = 250
"""A key that more households share than this finds none of them."""
_SEP = "\x1f"


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of the registry file."""

    household_id: str
    head_name: str
    members: Sequence[str]
    phones: Sequence[str]
    address: str
    area: str
    ages: Sequence[int | None] = ()

    def home(self) -> Home:
        """As it is compared: the head first, then the others."""
        return read_home(
            names=(self.head_name, *self.members),
            phones=self.phones,
            address=self.address,
            area=self.area,
            ages=self.ages,
        )


class HouseholdIndex:
    """The registry. Keys are hashed by Python's own hash: good within one process."""

    def __init__(self, listed: Iterable[Listed], scale: Scale | None = None) -> None:
        self._scale = scale or shipped_scale()
        self._texts = bytearray()
        ends = [0]
        packed = array("Q")
        for row, one in enumerate(listed):
            self._texts += _written(one)
            ends.append(len(self._texts))
            packed.extend(_hashed(key) << _ROW_BITS | row for key in keys(one.home()))
        self._keys: NDArray[np.uint64] = np.frombuffer(packed, np.uint64)
        self._keys.sort()
        self._ends = np.array(ends, np.int64)
        if len(ends) > _MOST_ROWS:
            raise ValueError(f"a registry of more than {_MOST_ROWS:,} households")

    def __len__(self) -> int:
        return len(self._ends) - 1

    @property
    def bytes_held(self) -> int:
        """Memory of the keys and the texts."""
        return int(self._keys.nbytes + self._ends.nbytes + len(self._texts))

    def matches(self, query: Home) -> list[Match]:
        """The households that the query may mean, best first, at most ``scale.most``; none whose
        odds are below ``scale.propose``."""
        asked = keys(query)
        if not asked:
            return []
        hashes = np.array([_hashed(key) for key in asked], np.uint64) << np.uint64(_ROW_BITS)
        first = np.searchsorted(self._keys, hashes).tolist()
        last = np.searchsorted(self._keys, hashes | np.uint64(_MOST_ROWS), "right").tolist()
        shared: dict[int, float] = {}
        for begin, end in zip(first, last, strict=True):
            if 0 < end - begin <= CROWD:
                weight = 1 / (end - begin)  # a key that few have says more
                for row in (self._keys[begin:end] & np.uint64(_MOST_ROWS)).tolist():
                    shared[row] = shared.get(row, 0.0) + weight
        near = nearest(shared)
        namesakes = {key: end - begin for key, begin, end in zip(asked, first, last, strict=True)}
        return self._ranked(query, near, namesakes)

    def _ranked(self, query: Home, near: Sequence[int], counted: dict[str, int]) -> list[Match]:
        namesakes = max(
            (counted.get(name_key(one), 0) for one in query.people if not one.surname_only),
            default=0,
        )
        found = []
        for row in near:
            listed = _read(self._texts[self._ends[row] : self._ends[row + 1]])
            odds, findings = hold_against(query, listed.home(), namesakes, self._scale)
            if odds >= self._scale.propose:
                found.append((odds, row, listed.household_id, findings))
        found.sort(key=lambda one: (-one[0], one[1]))
        return [
            Match(household_id, probability(odds), tuple(findings))
            for odds, _, household_id, findings in found[: self._scale.most]
        ]


_ROW_BITS = 24
_MOST_ROWS = (1 << _ROW_BITS) - 1
_HASH_BITS = (1 << (64 - _ROW_BITS)) - 1


def _hashed(key: str) -> int:
    return hash(key) & _HASH_BITS


def _written(one: Listed) -> bytes:
    ages = ";".join("" if age is None else str(age) for age in one.ages)
    fields = (
        one.household_id, one.head_name, ";".join(one.members), ";".join(one.phones), one.address,
        one.area, ages,
    )  # fmt: skip
    return _SEP.join(fields).encode()


def _read(raw: bytes | bytearray) -> Listed:
    household_id, head, members, phones, address, area, ages = raw.decode().split(_SEP)
    return Listed(
        household_id,
        head,
        members.split(";") if members else (),
        phones.split(";") if phones else (),
        address,
        area,
        tuple(int(age) if age else None for age in ages.split(";")) if ages else (),
    )
