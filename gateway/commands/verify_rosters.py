"""``huiyin verify rosters``"""

import sys

from gateway.foresight import holes, said
from gateway.offices import Offices, Rules
from gateway.settings import load, utc_now
from gateway.state import open_current


def run() -> int:
    """Name every hole in the rosters of the days to come; 1 when there is one."""
    settings = load()
    rules = Rules.load(settings.profile, settings.profile_dir)
    database = open_current(settings)
    found = holes(Offices(database, settings, rules, {}).current(), utc_now())
    database.close()
    for gap in found:
        when = " (holiday)" if gap.holiday else ""
        print(f"huiyin: {gap.unit} has nobody on duty {said(gap)}{when}", file=sys.stderr)
    if not found:
        print("somebody is on duty for every unit at every minute")
    return 1 if found else 0
