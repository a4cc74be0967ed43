"""``huiyin verify clocks``"""

import sys
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from gateway import days
from gateway.clock_audit import audit
from gateway.offices import Offices, Rules
from gateway.settings import load, utc_now
from gateway.state import open_current

SHOWN = 50


def run(*, at: str) -> int:
    """Say what every clock did; 1 naming each step that is missing or was taken twice."""
    settings = load()
    now = _moment(at) if at else utc_now()
    rules = Rules.load(settings.profile, settings.profile_dir)
    database = open_current(settings)
    office = Offices(database, settings, rules, {}).current()
    minutes: Any = office.policy.values["overdue_step_minutes"].value
    with database.read() as session:
        found = audit(session, office, now, timedelta(minutes=minutes))
    database.close()
    for sentence in found.faults[:SHOWN]:
        print(f"huiyin: {sentence}", file=sys.stderr)
    if len(found.faults) > SHOWN:
        print(f"huiyin: and {len(found.faults) - SHOWN} more", file=sys.stderr)
    if not found.faults:
        print(f"{found.clocks} clocks took {found.steps} steps, each once")
    return 1 if found.faults else 0


def _moment(at: str) -> datetime:
    moment = None
    with suppress(ValueError):
        moment = days.moment(at)
    if moment is None or moment.tzinfo is None:
        raise ValueError(f"--at {at!r} is no time with an offset; write 2026-11-22T09:00:00+08:00")
    return moment
