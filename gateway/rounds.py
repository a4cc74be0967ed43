"""The slow rounds of a process: work without a holder moves on, explanations of aid fall due, bulk
looks are noticed, old files are archived."""

from collections.abc import Callable
from datetime import datetime

from gateway import frozen, quieting, spending, watching
from gateway.offices import Offices, changed
from models.db import Database
from models.transaction import acting
from referral import doors_left, explaining, inheriting, reopening, succeeding


def run(database: Database, mint: Callable[[], int], offices: Offices, now: datetime) -> int:
    """One round by the directory of this moment. Returns how much was moved or archived."""
    office = offices.refresh()
    frozen.keep(database, mint, office.policy, changed)  # a change of rules may begin today
    with acting(database, mint) as tx:
        moved = succeeding.move(tx, office, now)
    with acting(database, mint) as tx:
        moved += inheriting.keep_out(tx, office, now)
    with database.read() as session:
        left = doors_left.left(session.connection(), office, now)
    if left:
        with acting(database, mint) as tx:
            moved += doors_left.hand_on(tx, office, now)
    with acting(database, mint) as tx:
        moved += explaining.look(tx, office, now)
    with acting(database, mint) as tx:
        watching.alarm(tx, office, now)
        spending.forget(tx, now)
        quieting.forget(tx, now)
    with acting(database, mint) as tx:
        return moved + reopening.archive_due(tx, office, now)
