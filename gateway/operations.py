"""For operations: alive, able to keep a message, and the figures as Prometheus text."""

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy import update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col

from gateway import figures, gauges
from gateway.spool import Spool
from gateway.state import State
from models.db import Busy
from models.processes import Process
from models.transaction import acting

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(request: Request) -> Response:
    """A message would be kept at this moment: something is really written and synced, so that a
    full disk, a file or server that takes no writes and a held lock are seen."""
    state: State = request.app.state.huiyin
    mine = col(Process.id) == state.mint() >> 32
    try:
        with acting(state.database, state.mint) as tx:
            tx.execute(update(Process).where(mine).values(seen_at=state.now()))
    except Busy as busy:
        return PlainTextResponse(f"not ready: {busy}\n", 503)
    except SQLAlchemyError as error:  # a standby, or rights that were taken away
        return PlainTextResponse(f"not ready: {type(error).__name__}\n", 503)
    return PlainTextResponse("ready\n")


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Counters of all web processes and the figures of the database, without any personal label.
    While the database is away the counters are still there, and ``huiyin_database_up`` is 0."""
    state: State = request.app.state.huiyin
    try:
        standing = await asyncio.to_thread(_standing, state) + b"huiyin_database_up 1\n"
    except Busy:
        standing = b"huiyin_database_up 0\n"
    counted = figures.told(state.counts.registry)
    waited = Spool.of(state.settings).oldest_seconds(state.now())
    standing += f"huiyin_spool_oldest_seconds {waited:.0f}\n".encode()
    return Response(counted + standing, media_type="text/plain; version=0.0.4")


def _standing(state: State) -> bytes:
    with state.database.read() as session:
        return gauges.text(session, state.now(), state.settings.data_dir)
