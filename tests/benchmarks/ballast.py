"""What the path is measured beside, in the same run: an answer that does nothing, and a bare group
commit of two rows with a full sync. Run by uvicorn as a factory: ``tests.benchmarks.ballast:echo``.
"""

import asyncio
import fcntl
import os
import queue
import threading
import time

import sqlcipher3.dbapi2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.crash.processes import KEY

NOTHING = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


def echo() -> Starlette:
    """Read the body, answer."""

    async def answer(request: Request) -> Response:
        await request.body()
        return Response(NOTHING, media_type="text/xml")

    return Starlette(routes=_routes(answer))


def commit() -> Starlette:
    """Read the body, write it and one row more, answer after the commit."""
    waiting: queue.Queue[tuple[bytes, asyncio.AbstractEventLoop, asyncio.Future[None]]] = (
        queue.Queue()
    )
    path = os.environ["BALLAST_DATABASE"]
    threading.Thread(target=_write, args=(path, waiting), daemon=True).start()

    async def answer(request: Request) -> Response:
        loop = asyncio.get_running_loop()
        done = loop.create_future()
        waiting.put((await request.body(), loop, done))
        await done
        return Response(NOTHING, media_type="text/xml")

    return Starlette(routes=_routes(answer))


def _routes(answer: object) -> list[Route]:
    return [
        Route("/hook/sms", answer, methods=["POST"]),  # type: ignore[arg-type]
        Route("/healthz", lambda _request: Response("ok")),
    ]


def _write(path: str, waiting: "queue.Queue[tuple[bytes, object, object]]") -> None:
    lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    database = sqlcipher3.dbapi2.connect(path, isolation_level=None, timeout=30)
    for pragma in (f"key = \"x'{KEY}'\"", "journal_mode = WAL", "synchronous = FULL"):
        database.execute(f"PRAGMA {pragma}")
    database.execute("CREATE TABLE IF NOT EXISTS call(id INTEGER PRIMARY KEY, at, body)")
    database.execute("CREATE TABLE IF NOT EXISTS told(id INTEGER PRIMARY KEY, at, text)")
    fcntl.flock(lock, fcntl.LOCK_UN)
    while True:
        batch = [waiting.get()]
        while len(batch) < 64 and not waiting.empty():
            batch.append(waiting.get())
        rows = [(time.monotonic(), body) for body, _, _ in batch]
        fcntl.flock(lock, fcntl.LOCK_EX)
        database.execute("BEGIN IMMEDIATE")
        database.executemany("INSERT INTO call(at, body) VALUES (?, ?)", rows)
        database.executemany("INSERT INTO told(at, text) VALUES (?, ?)", rows)
        database.execute("COMMIT")
        fcntl.flock(lock, fcntl.LOCK_UN)
        for _, loop, done in batch:
            loop.call_soon_threadsafe(done.set_result, None)  # type: ignore[attr-defined]
