"""Group commit for one event loop: what waits is written in one transaction.

A provider takes a message in some milliseconds, a full sync takes as long or longer. The first that
comes is written at once; what comes meanwhile shares the next transaction. Each caller goes on when
its own part is committed.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from models.db import Database
from models.transaction import Transaction, acting

log = logging.getLogger(__name__)

Part = TypeVar("Part")


class Settling(Generic[Part]):
    """Writes parts that do not depend on one another; belongs to the loop it is first used in."""

    def __init__(
        self,
        database: Database,
        mint: Callable[[], int],
        work: Callable[[Transaction, Sequence[Part]], None],
    ) -> None:
        self._database = database
        self._mint = mint
        self._work = work
        self._waiting: list[tuple[Part, asyncio.Future[None]]] = []
        self._turn = asyncio.Lock()

    async def write(self, part: Part) -> None:
        """Return when this part is committed. Raises what its writing raised, or ``Busy``."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((part, done))
        async with self._turn:
            if not done.done():
                await self._all()
        done.result()

    async def _all(self) -> None:
        taken, self._waiting = self._waiting, []
        try:
            await asyncio.to_thread(self._commit, [part for part, _ in taken])
        except asyncio.CancelledError:  # what was handed in may be written, nobody waits for it
            for _, done in taken:
                done.cancel()
            raise
        except Exception as error:
            log.warning("written one by one: %s", type(error).__name__, extra={"n": len(taken)})
            for part, done in taken:
                await self._alone(part, done, error if len(taken) == 1 else None)
        else:
            for _, done in taken:
                done.set_result(None)

    async def _alone(
        self, part: Part, done: "asyncio.Future[None]", error: Exception | None
    ) -> None:
        """One bad part takes none of the others along."""
        try:
            if error is not None:
                raise error
            await asyncio.to_thread(self._commit, [part])
        except Exception as fault:
            done.set_exception(fault)
        else:
            done.set_result(None)

    def _commit(self, parts: Sequence[Part]) -> None:
        with acting(self._database, self._mint) as tx:
            self._work(tx, parts)
