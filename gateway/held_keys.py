"""Keys of very many new households, held until all are there and then written in their order.

A key falls anywhere in its table. Written household by household, a large registry touches some ten
thousand pages a transaction, each to be unlocked, changed and locked again; in order each page is
written once. A household whose keys are held waits meanwhile like one that came without any, and is
found by the ticks if nobody comes back (``gateway.registry.write_missing_keys``).
"""

from array import array
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from models import households
from models.db import Database
from models.transaction import acting

TOGETHER = 20_000
"""Keys of one transaction: whoever else writes waits no longer than for these."""


class HeldKeys:
    """Some twelve bytes a key, and the number of each household once."""

    def __init__(self) -> None:
        self._ids: list[str] = []
        self._hashes = array("q")
        self._owners = array("I")

    def __len__(self) -> int:
        return len(self._hashes)

    def hold(self, household_id: str, hashes: Sequence[int]) -> None:
        """The keys of one more household."""
        self._hashes.extend(hashes)
        self._owners.extend([len(self._ids)] * len(hashes))
        self._ids.append(household_id)

    def write(
        self, database: Database, mint: Callable[[], int], advance: Callable[[int], None]
    ) -> None:
        """Write all of them; ``advance`` hears how many more are written. Raises ``Busy``."""
        for keys in self._in_order():
            with acting(database, mint) as tx:
                households.remember(tx, keys)
            advance(len(keys))
        for start in range(0, len(self._ids), TOGETHER):
            with acting(database, mint) as tx:
                households.found_again(tx, self._ids[start : start + TOGETHER])

    def _in_order(self) -> Iterator[list[tuple[int, str]]]:
        hashes, owners = np.frombuffer(self._hashes, np.int64), np.frombuffer(self._owners, "I")
        order = np.argsort(hashes)
        for start in range(0, len(order), TOGETHER):
            some = order[start : start + TOGETHER]
            yield [
                (key, self._ids[owner])
                for key, owner in zip(hashes[some].tolist(), owners[some].tolist(), strict=True)
            ]
