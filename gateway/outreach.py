"""What time asks for in looking for people: rounds begin, visits are planned, the late are told."""

from collections.abc import Callable
from datetime import datetime

from models.db import Database
from models.transaction import acting
from referral import promising, visiting
from referral.office import Office
from referral.rota import Rota


def run(database: Database, mint: Callable[[], int], office: Office, now: datetime) -> None:
    """Open, plan, remind. Any number of processes may. Raises ``Busy``."""
    with database.read() as session:
        begun = visiting.to_open(session.connection(), office, now)
    if begun:
        with acting(database, mint) as tx:
            visiting.open_rounds(tx, office, now=now)
    with database.read() as session:
        rounds = visiting.to_plan(session.connection(), now)
        due = promising.is_due(session.connection(), now)
    rota = Rota(office.directory)
    for one in rounds:
        cursor: str | None = ""
        while cursor is not None:
            with acting(database, mint) as tx:  # some at a time: nobody's message waits for it
                cursor = visiting.plan(tx, office, rota, one, cursor, now=now)
    while due:
        with acting(database, mint) as tx:
            due = promising.late(tx, office, now) > 0
