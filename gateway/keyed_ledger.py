"""The ledger under a key: who can write the whole database, but has not the key beside it, can
write no other ledger that holds.

The chain is plain SHA-256, so its last hash is put under a MAC every minute (HMAC-SHA256, HMAC-SM3
with HUIYIN_FIELD_CIPHER=sm4-gcm). The key is derived from HUIYIN_FIELD_KEY, without one from
HUIYIN_SECRET_KEY. All that came before hangs on that hash, and what came since is gone through
before the end is moved: a ledger that was written anew is named and never made good. That a key
begins, since nothing stood there or what stood there was made with another, is an entry that stays,
and where the ledger has a past somebody is asked to look.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select
from sqlmodel import col

from gateway.ledger_audit import Chain, walk
from gateway.ledger_keys import LedgerKey, keys_of, standing
from gateway.settings import Settings
from models import assurances
from models.db import Database
from models.events import Event, KeyedEnd
from models.transaction import Transaction, acting
from models.vocabulary import TaskKind
from referral import telling
from referral.directory import HOTLINE

log = logging.getLogger(__name__)

PROOF, BEGUN, FIRST = "keyed_ledger", "ledger_keyed", "first_key"
YOUNG = timedelta(days=1)
"""Where the first entry is no older, the installation began the key: nobody need look. So it is in
the demonstration, whose past is invented."""
_FIRST = select(col(Event.at)).order_by(col(Event.seq)).limit(1)


def move(database: Database, mint: Callable[[], int], settings: Settings, now: datetime) -> str:
    """Go through what came since, then put the end of now under the key of now; what does not hold
    instead, which is asked of a person too. Raises ``Busy``."""
    keys = keys_of(settings)
    with database.read() as session:
        found = standing(session.connection(), keys)
        chain = Chain(fault=found.fault) if found.fault else walk(session, since=found.end)
    with acting(database, mint) as tx:
        if chain.fault:
            _ask(tx, PROOF, now, urgent=True)
            assurances.tell(tx, PROOF, now, holds=False, figures={})
            log.error("%s does not hold: %s", PROOF, chain.fault)
        elif chain.seq and standing(tx.connection, keys) == found:  # nobody was quicker
            if found.end is None:
                figures = {"entries": chain.seq}
                tx.event(BEGUN, at=now, figures=figures, instead=bool(found.row))
                first = tx.execute(_FIRST).scalar_one()
                if first < now - YOUNG and not settings.demo:
                    _ask(tx, FIRST, now, urgent=False)
            tx.execute(delete(KeyedEnd))
            tx.execute(insert(KeyedEnd).values(id=1, **_end(keys[0], chain)))
            assurances.tell(tx, PROOF, now, holds=True, figures={"entries": chain.seq})
    return chain.fault


def _end(key: LedgerKey, chain: Chain) -> dict[str, Any]:
    made = key.mac(chain.seq, chain.tip)
    return {"seq": chain.seq, "hash": chain.tip, "key": key.name, "mac": made}


def _ask(tx: Transaction, note: str, now: datetime, *, urgent: bool) -> None:
    kind = TaskKind.PROOF_FAILED
    if telling.ask_once(tx, kind, unit=HOTLINE, note=note, urgent=urgent, now=now) and urgent:
        tx.event("not_proved", at=now, proof=note, faults=1)
