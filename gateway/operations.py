"""For operations: alive, able to keep a message, and the figures as Prometheus text."""

import asyncio
import time

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from sqlalchemy.exc import SQLAlchemyError

from gateway import figures, gauges
from gateway.spool import Spool
from gateway.state import State
from models.db import Busy
from models.transaction import acting

router = APIRouter(include_in_schema=False)

_ASK_AGAIN_SECONDS = 10.0
_TRIED = "tried to write"


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(request: Request) -> Response:
    """A message would be kept at this moment."""
    if hindrance := _hindrance(request.app.state.huiyin):
        return PlainTextResponse(f"not ready: {hindrance}\n", 503)
    return PlainTextResponse("ready\n")


def _hindrance(state: State) -> str:
    """Why no message would be kept now, "" where one would: something is really written and synced,
    so that a full disk, a file or server that takes no writes and a held lock are seen."""
    try:
        with acting(state.database, state.mint) as tx:
            tx.count(_TRIED)  # no sign of life: of a process that also works it would hide the end
    except Busy as busy:
        return str(busy) or "busy"
    except SQLAlchemyError as error:  # a standby, or rights that were taken away
        return type(error).__name__
    return ""


class Asked:
    """Whether a message would be kept; asked anew only so often, however many machines scrape."""

    def __init__(self) -> None:
        self._until = 0.0
        self._keeps = False

    def keeps(self, state: State) -> bool:
        """As it was found within the last seconds, or is now."""
        if time.monotonic() >= self._until:
            self._keeps = not _hindrance(state)
            self._until = time.monotonic() + _ASK_AGAIN_SECONDS
        return self._keeps


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Counters of all web processes and the figures of the database, without any personal label.
    ``huiyin_database_up`` is 0 while no message could be kept: the database is away, or takes no
    writes. The counters are there all the same, and the figures of one that can be read."""
    state: State = request.app.state.huiyin
    standing = await asyncio.to_thread(_standing, state, request.app.state.asked)
    counted = figures.told(state.counts.registry)
    waited = Spool.of(state.settings).oldest_seconds(state.now())
    standing += f"huiyin_spool_oldest_seconds {waited:.0f}\n".encode()
    return Response(counted + standing, media_type="text/plain; version=0.0.4")


def _standing(state: State, asked: Asked) -> bytes:
    try:
        with state.database.read() as session:
            read = gauges.text(session, state.now(), state.settings.data_dir)
    except Busy:
        return b"huiyin_database_up 0\n"
    return read + f"huiyin_database_up {asked.keeps(state):d}\n".encode()
