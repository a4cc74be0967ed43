"""``huiyin triage``: no database, no web."""

import sys
from pathlib import Path

from gateway.json_line import json_line
from gateway.settings import load
from referral.policy import profiles
from triage.cli import triage_lines
from triage.policy import load_signals


def run(file: Path, profile: str) -> int:
    """Judge every line; a bad line ends the run with its place."""
    settings = load()
    if profile and profile not in profiles():  # the signals are one set for all of them
        raise ValueError(f"there is no profile {profile!r}; there are {', '.join(profiles())}")
    overlay = settings.profile_dir / "signals" if settings.profile_dir else None
    signals = load_signals(overlay if overlay and overlay.is_dir() else None)
    source = "standard input" if str(file) == "-" else str(file)
    stream = sys.stdin if str(file) == "-" else file.open(encoding="utf-8-sig")
    with stream as lines:
        for result in triage_lines(lines, source, signals):
            sys.stdout.buffer.write(json_line(result))
    sys.stdout.flush()
    return 0
