"""``huiyin serve``: web processes for production. Workers run beside them (``huiyin work``)."""

import gc
import logging
import time

from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from gateway import foreman, observe, settings_held
from gateway.app import create_app
from gateway.listening import proxies, require_free
from gateway.offices import Rules
from gateway.settings import BadSettings, Settings, load
from gateway.state import State, open_current, require_somebody, settle, wire
from gateway.web import rendering
from models.db import Busy
from models.places import Staff

log = logging.getLogger(__name__)

AGAIN_SECONDS = 1.0


def run(*, host: str, port: int, workers: int) -> int:
    """Serve until stopped. Refuses the demonstration's data and a database that is behind."""
    observe.set_up()
    gc.disable()  # until all that stays is read, see ``settle``
    settings = load()
    rules = require_ready(settings)
    require_free(host, port)
    rendering.compile_now()
    settle()  # what every process will share
    foreman.run(
        lambda: _built(settings, rules), host=host, port=port, workers=workers,
        more=proxies(settings),
    )  # fmt: skip
    return 0


def _built(settings: Settings, rules: Rules) -> FastAPI:
    """One web process; one that is begun anew while the database is away waits for it."""
    while True:
        try:
            return build(settings, rules)
        except Busy:
            time.sleep(AGAIN_SECONDS)


def build(settings: Settings, rules: Rules) -> FastAPI:
    """What one web process serves. Raises as ``wire``."""
    app = create_app(wire(settings, kind="serve", rules=rules))
    settle()
    return app


def require_ready(settings: Settings) -> Rules:
    """The rules by which a process may begin. Raise ``BadSettings`` for what must not go into
    production."""
    for fault in settings_held.unknown(settings):
        log.warning(fault)
    settings.require_secret()
    settings.require_field_key()
    if settings.demo:
        raise BadSettings("HUIYIN_DEMO is on; 'huiyin serve' never runs the demonstration")
    if settings.second_factor != "everybody":
        raise BadSettings(
            "HUIYIN_SECOND_FACTOR is not 'everybody'; 'huiyin serve' lets nobody in without one"
        )
    open_current(settings).close()
    rules = Rules.load(settings.profile, settings.profile_dir)
    state = wire(settings, kind="check", rules=rules)
    try:
        _refuse_demo_accounts(state)
        require_somebody(state.database)
    finally:
        state.close()
    return rules


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
