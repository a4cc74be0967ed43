"""``huiyin serve``: web processes for production. Workers run beside them (``huiyin work``)."""

from typing import Any

import uvicorn
from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from gateway import observe
from gateway.app import create_app
from gateway.settings import BadSettings, Settings, load
from gateway.state import State, open_current, settle, wire
from models.places import Staff


def run(*, host: str, port: int, workers: int) -> int:
    """Serve until stopped. Refuses the demonstration's data and a database that is behind."""
    require_ready()
    uvicorn.run(
        "gateway.commands.serve:build",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=5,
        server_header=False,
        **proxies(load()),
    )
    return 0


def proxies(settings: Settings) -> dict[str, Any]:
    """Whose word about the caller's address is taken: by default nobody's."""
    trusted = settings.trusted_proxies
    return {"proxy_headers": bool(trusted), "forwarded_allow_ips": trusted or "127.0.0.1"}


def build() -> FastAPI:
    """One web process."""
    observe.set_up()
    app = create_app(wire(load(), kind="serve"))
    settle()
    return app


def require_ready() -> None:
    """Raise ``BadSettings`` for what must not go into production."""
    settings = load()
    settings.require_secret()
    settings.require_field_key()
    if settings.demo:
        raise BadSettings("HUIYIN_DEMO is on; 'huiyin serve' never runs the demonstration")
    if settings.second_factor != "everybody":
        raise BadSettings(
            "HUIYIN_SECOND_FACTOR is not 'everybody'; 'huiyin serve' lets nobody in without one"
        )
    open_current(settings).close()
    state = wire(settings, kind="check", channels={})
    try:
        _refuse_demo_accounts(state)
    finally:
        state.close()


def _refuse_demo_accounts(state: State) -> None:
    with state.database.read() as session:
        known = session.connection().execute(
            select(col(Staff.login))
            .where(col(Staff.demo), col(Staff.disabled_at).is_(None))
            .limit(1)
        )
        if known.first() is not None:
            raise BadSettings(
                "this data directory holds demonstration accounts with a known password; "
                "use a fresh HUIYIN_DATA_DIR for production"
            )
