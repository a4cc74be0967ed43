"""``huiyin check``: settings, profile, rules, phrases and calendar as a whole."""

import sys

from channels import load as load_channels
from gateway.offices import Rules, load_model
from gateway.settings import load
from gateway.state import channel_settings
from triage.policy import check as check_signals


def run() -> int:
    """Say every fault on stderr; 1 if there is one."""
    settings = load()
    rules = Rules.load(settings.profile, settings.profile_dir)
    load_channels(settings.channel_names, channel_settings(settings, rules))
    if settings.model:
        load_model(settings.model)
    faults = [
        *rules.policy.check(),
        *rules.phrases.check(),
        *check_signals(rules.signals),
    ]
    for fault in faults:
        print(f"huiyin: {fault}", file=sys.stderr)
    if not faults:
        print(
            f"{rules.policy.name}: {len(rules.policy.routes)} routes, "
            f"{len(rules.policy.clocks)} clocks, {len(rules.signals.signals)} signals, "
            f"{len(rules.phrases.keys())} phrases in {', '.join(rules.phrases.languages())}; "
            f"{rules.policy.hash}"
        )
    return 1 if faults else 0
