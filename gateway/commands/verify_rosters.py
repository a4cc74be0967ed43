"""``huiyin verify rosters``"""

import sys

from gateway.foresight import holes, said
from gateway.offices import Offices, Rules
from gateway.settings import load, utc_now
from gateway.state import open_current


def run() -> int:
    """Name every hole in the rosters of the days to come; 1 when there is one, or no roster."""
    settings = load()
    rules = Rules.load(settings.profile, settings.profile_dir)
    database = open_current(settings)
    office = Offices(database, settings, rules, {}).current()
    found = holes(office, utc_now())
    database.close()
    if not office.directory.shifts:
        print(
            "huiyin: no unit has a roster, so nobody is on duty; read one in with "
            "'huiyin import rosters FILE' (--template OUT writes the empty table)",
            file=sys.stderr,
        )
        return 1
    for gap in found:
        when = " (holiday)" if gap.holiday else ""
        print(f"huiyin: {gap.unit} has nobody on duty {said(gap)}{when}", file=sys.stderr)
    if not found:
        print("somebody is on duty for every unit that has a roster, at every minute")
    return 1 if found else 0
