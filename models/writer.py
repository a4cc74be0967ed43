"""Group commit: what waits is written in one transaction, so that many share one full sync.

One thread per process takes everything that waits (up to a limit), makes it ready, runs it in one
transaction and then answers each caller. If the transaction fails, each job of the batch is tried
alone, so that one bad message never takes its neighbours along.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from time import monotonic
from typing import Generic, TypeVar

from models.db import Busy, Database
from models.transaction import Transaction, acting

Job = TypeVar("Job")
Result = TypeVar("Result")

QUEUE_LIMIT = 2000
LINGER_SECONDS = 0.010


class Writer(Generic[Job, Result]):
    """Writes jobs in batches. ``ready`` gets a batch before the transaction is opened, for what
    needs no database and should not keep others from theirs. ``work`` gets the
    transaction and the batch, and returns a result for each job; ``rescue`` gets a single job
    whose work raised, and must keep it."""

    def __init__(
        self,
        database: Database,
        mint: Callable[[], int],
        *,
        work: Callable[[Transaction, Sequence[Job]], Sequence[Result]],
        rescue: Callable[[Transaction, Job, Exception], Result],
        ready: Callable[[Sequence[Job]], None] = lambda _jobs: None,
        batch: int = 64,
    ) -> None:
        self._database = database
        self._mint = mint
        self._work = work
        self._rescue = rescue
        self._ready = ready
        self._batch = batch
        self._queue: queue.SimpleQueue[tuple[Job, Future[Result]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> "Future[Result]":
        """Put a job in the queue; the future is done after the commit. Raises ``Busy`` when the
        queue is full, so that the caller is told to come again and nothing is half accepted.
        A caller that stops waiting cancels nothing: what was handed in is written."""
        if self._queue.qsize() >= QUEUE_LIMIT:
            raise Busy("too many messages wait to be written")
        future: Future[Result] = Future()
        future.set_running_or_notify_cancel()  # from here on ``cancel`` has no effect
        self._queue.put((job, future))
        return future

    def close(self) -> None:
        """Finish what waits and stop."""
        self._queue.put(None)
        self._thread.join(timeout=30)

    def _run(self) -> None:
        expected = 1
        while (first := self._queue.get()) is not None:
            batch = [first]
            stopping = not self._gather(batch, expected)
            self._do(batch)
            expected = len(batch) + self._queue.qsize()
            if stopping:
                return

    def _gather(self, batch: "list[tuple[Job, Future[Result]]]", expected: int) -> bool:
        """Fill the batch with what waits; False when the writer is to stop.

        Callers that were just answered tend to come again at once. As long as fewer are back than
        were here a moment ago, wait for them a few milliseconds: under load the batches are twice
        as full for it, and a single caller never waits.
        """
        patience = monotonic() + LINGER_SECONDS
        while len(batch) < self._batch:
            left = patience - monotonic() if len(batch) < expected else 0
            try:
                following = self._queue.get(timeout=left) if left > 0 else self._queue.get_nowait()
            except queue.Empty:
                return True
            if following is None:
                return False
            batch.append(following)
        return True

    def _do(self, batch: "list[tuple[Job, Future[Result]]]") -> None:
        try:
            self._ready([job for job, _ in batch])
        except Exception as error:
            for _, future in batch:
                future.set_exception(error)
        else:
            self._write(batch)

    def _write(self, batch: "list[tuple[Job, Future[Result]]]") -> None:
        try:
            with acting(self._database, self._mint) as tx:
                results = self._work(tx, [job for job, _ in batch])
        except Busy as busy:
            for _, future in batch:
                future.set_exception(busy)
        except Exception as error:
            if len(batch) == 1:
                self._save(batch[0], error)
                return
            for one in batch:
                self._write([one])
        else:
            for (_, future), result in zip(batch, results, strict=True):
                future.set_result(result)

    def _save(self, one: "tuple[Job, Future[Result]]", error: Exception) -> None:
        job, future = one
        try:
            with acting(self._database, self._mint) as tx:
                result = self._rescue(tx, job, error)
        except Exception as worse:
            future.set_exception(worse)
        else:
            future.set_result(result)
