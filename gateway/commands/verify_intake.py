"""``huiyin verify intake``"""

import sys

from gateway import days
from gateway.accounting import account
from gateway.settings import load
from gateway.spool import FOLDER, Spool
from gateway.state import open_current

SHOWN = 50


def run(*, day: str) -> int:
    """Print the account, which says of the contacts where they are; 1 and the missing on stderr
    when it does not hold."""
    try:
        on = days.day(day) if day else None
    except ValueError:
        raise ValueError(f"--day {day!r} is no date; write it as 2026-11-22") from None
    settings = load()
    database = open_current(settings)
    with database.read() as session:
        found = account(session, on)
    database.close()
    waiting = len(Spool.of(settings).waiting()) if settings.secret_key else 0
    places = ", ".join(f"{count} {place}" for place, count in sorted(found.by_place.items()))
    print(f"{found.calls} calls, {found.requests} requests, {found.contacts} contacts: {places}")
    if waiting:
        print(f"{waiting} calls wait in {settings.data_dir / FOLDER} for the database")
    for sentence in found.missing[:SHOWN]:
        print(f"huiyin: {sentence}", file=sys.stderr)
    if len(found.missing) > SHOWN:
        print(f"huiyin: and {len(found.missing) - SHOWN} more", file=sys.stderr)
    return 0 if found.holds else 1
