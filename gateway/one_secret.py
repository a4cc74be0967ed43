"""One HUIYIN_SECRET_KEY for all machines of a database.

With another one second factors, passes and forms of the others do not open, and nothing else tells.
Whoever begins first leaves a mark, one way and of this purpose alone, in the head of the ledger.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from gateway.settings import FILE, BadSettings, Settings, derived
from models.db import Database
from models.events import Ledger
from models.transaction import acting

REPLACED = "signing_key_replaced"
_DIGITS = 16


def require_same(database: Database, settings: Settings) -> None:
    """Leave the mark where there is none. Raises ``BadSettings`` where it is another secret's, and
    ``Busy``. Without a secret (a command outside the environment of the service) nothing is sealed
    and no mark is left: it would shut out who has one."""
    if not settings.secret_key:
        return
    with database.read() as session:
        kept = _kept(session.connection())
    if kept is None:
        with database.write() as connection:
            none = col(Ledger.secret_mark).is_(None)
            connection.execute(update(Ledger).where(none).values(secret_mark=_mark(settings)))
            kept = _kept(connection)  # somebody may have been quicker
    _hold_against(kept, settings)


def fault(connection: Any, settings: Settings) -> list[str]:
    """What ``require_same`` would refuse, without leaving anything."""
    try:
        if kept := _kept(connection):
            _hold_against(kept, settings)
    except BadSettings as error:
        return [str(error)]
    return []


def replace(database: Database, mint: Callable[[], int], settings: Settings, now: datetime) -> None:
    """The secret of now is the one from now on: it was changed on purpose, and that is entered in
    the ledger, once. Raises ``Busy``."""
    settings.require_secret()
    with acting(database, mint) as tx:
        before = _kept(tx)
        tx.execute(update(Ledger).values(secret_mark=_mark(settings)))
        if before not in (None, _mark(settings)):
            tx.event(REPLACED, at=now)


def _hold_against(kept: str | None, settings: Settings) -> None:
    if kept not in (None, _mark(settings)):
        raise BadSettings(
            "HUIYIN_SECRET_KEY is not the one that this database was used with: second factors, "
            f"passes and forms would not open; put that one into {settings.data_dir / FILE}, or, "
            "where it was changed on purpose, say so once with 'huiyin migrate --new-secret' "
            "(docs/security.md, Keys, says what that ends)"
        )


def _kept(connection: Any) -> str | None:
    found: str | None = connection.execute(select(col(Ledger.secret_mark))).scalar()
    return found


def _mark(settings: Settings) -> str:
    return derived(settings.secret_key, "which secret it is")[:_DIGITS]
