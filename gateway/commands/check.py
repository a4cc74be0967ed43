"""``huiyin check``: settings, profile, rules, phrases and calendar as a whole."""

import sys
from datetime import timedelta

from channels import load as load_channels
from gateway import one_secret, settings_held
from gateway.foresight import holes, said, without_telephone
from gateway.heartbeat import set_back
from gateway.offices import Offices, Rules, load_model
from gateway.settings import FILE, BadSettings, Settings, load, utc_now
from gateway.state import channel_settings, open_database, require_somebody
from models.db import Busy
from models.migrations import is_current
from triage.policy import check as check_signals

_CLOCK_MAY_DIFFER = timedelta(minutes=1)


def run() -> int:
    """Say every fault on stderr; 1 if there is one. What only lacks is said there too."""
    settings = load()
    rules = Rules.load(settings.profile, settings.profile_dir)
    channels = load_channels(settings.channel_names, channel_settings(settings, rules))
    if settings.model:
        load_model(settings.model)
    standing, lacking = _standing(settings, rules)
    faults = [
        *rules.policy.check(),
        *rules.phrases.check(),
        *check_signals(rules.signals),
        *settings_held.faults(settings, channels),
        *_unfit(settings),
        *standing,
    ]
    for fault in (*faults, *lacking):
        print(f"huiyin: {fault}", file=sys.stderr)
    if not faults:
        print(
            f"{rules.policy.name}: {len(rules.policy.routes)} routes, "
            f"{len(rules.policy.clocks)} clocks, {len(rules.signals.signals)} signals, "
            f"{len(rules.phrases.keys())} phrases in {', '.join(rules.phrases.languages())}; "
            f"{rules.policy.hash}"
        )
    return 1 if faults else 0


def _unfit(settings: Settings) -> list[str]:
    """What `huiyin serve` would refuse to begin with; where a hotline is furnished already, since
    rules are written and checked on machines that hold none."""
    file = settings.database_file
    if not (file is None or file.exists() or (settings.data_dir / FILE).exists()):
        return []
    found: list[str] = []
    for require in (settings.require_secret, settings.require_field_key):
        try:
            require()
        except BadSettings as error:
            found.append(str(error))
    return found


def _standing(settings: Settings, rules: Rules) -> tuple[list[str], list[str]]:
    """A database that is behind, a clock that was set back, changes left out, holes in the rosters
    of the days to come; and what lacks without being wrong, such as telephones of units. Where
    there is a database already."""
    if (file := settings.database_file) and not file.exists():
        return [], []
    database = open_database(settings)
    try:
        if not is_current(database):
            return ["the database is not up to date; run 'huiyin migrate' first"], []
        offices = Offices(database, settings, rules, {})
        require_somebody(database)
        office = offices.current()
        with database.read() as session:
            behind = set_back(session, utc_now(), _CLOCK_MAY_DIFFER)
            behind += one_secret.fault(session.connection(), settings)
    except BadSettings as nobody:
        return [str(nobody)], []
    except Busy as busy:
        return [f"the database cannot be used: {busy}"], []
    finally:
        database.close()
    return [
        *behind,
        *(f"accepted change {number} is left out: {fault}" for number, fault in offices.left_out),
        *(f"{gap.unit} has nobody on duty {said(gap)}" for gap in holes(office, utc_now())),
    ], _lacking(without_telephone(office, utc_now()))


def _lacking(units: list[str]) -> list[str]:
    if not units:
        return []
    return [
        "requests are sent to units without a public telephone, and people are told to ring the "
        f"hotline or their telephone of duty instead: {', '.join(units)}"
    ]
