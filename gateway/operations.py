"""For operations: alive, able to keep a message, and the figures as Prometheus text."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse
from prometheus_client import generate_latest
from sqlalchemy import text

from gateway.state import State
from models.db import Busy
from models.transaction import acting

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def ready(request: Request) -> Response:
    """A message would be kept: the database can be written to."""
    state: State = request.app.state.huiyin
    try:
        with acting(state.database, state.mint) as tx:
            tx.execute(text("SELECT 1"))
    except Busy as busy:
        return PlainTextResponse(f"not ready: {busy}\n", 503)
    return PlainTextResponse("ready\n")


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Counters without any personal label."""
    state: State = request.app.state.huiyin
    return Response(generate_latest(state.counts.registry), media_type="text/plain; version=0.0.4")
