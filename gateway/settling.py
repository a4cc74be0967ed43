"""Group commit for one event loop: what waits is written in one transaction.

A provider takes a message in some milliseconds, a full sync takes as long or longer. The first that
comes is written at once; what comes meanwhile shares the next transaction. Each caller goes on when
its own change is committed.
"""

import asyncio
from collections.abc import Callable

from models.db import Database
from models.transaction import Transaction, acting

Change = Callable[[Transaction], None]


class Settling:
    """Writes changes that do not depend on one another."""

    def __init__(self, database: Database, mint: Callable[[], int]) -> None:
        self._database = database
        self._mint = mint
        self._waiting: list[tuple[Change, asyncio.Future[None]]] = []
        self._turn = asyncio.Lock()

    async def write(self, change: Change) -> None:
        """Return when this change is committed. Raises what it raised, or ``Busy``."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((change, done))
        async with self._turn:
            if not done.done():
                await self._all()
        done.result()

    async def _all(self) -> None:
        taken, self._waiting = self._waiting, []
        changes = [change for change, _ in taken]
        try:
            await asyncio.to_thread(self._commit, changes)
        except asyncio.CancelledError:  # what was handed in may be written, nobody waits for it
            for _, done in taken:
                done.cancel()
            raise
        except Exception as error:
            for change, done in taken:
                await self._alone(change, done, error if len(taken) == 1 else None)
        else:
            for _, done in taken:
                done.set_result(None)

    async def _alone(
        self, change: Change, done: "asyncio.Future[None]", error: Exception | None
    ) -> None:
        """One bad change takes none of the others along."""
        try:
            if error is not None:
                raise error
            await asyncio.to_thread(self._commit, [change])
        except Exception as fault:
            done.set_exception(fault)
        else:
            done.set_result(None)

    def _commit(self, changes: list[Change]) -> None:
        with acting(self._database, self._mint) as tx:
            for change in changes:
                change(tx)
