"""``huiyin duplicates``: no database, no web."""

import sys
from pathlib import Path

from gateway.json_line import json_line
from gateway.settings import load
from triage.cli import duplicate_lines
from triage.policy import load_signals
from triage.same_matter import shipped_scale


def run(file: Path) -> int:
    """Group all lines; a bad line ends the run with its place, before anything is printed."""
    settings = load()
    overlay = settings.profile_dir / "signals" if settings.profile_dir else None
    signals = load_signals(overlay if overlay and overlay.is_dir() else None)
    source = "standard input" if str(file) == "-" else str(file)
    stream = sys.stdin if str(file) == "-" else file.open(encoding="utf-8-sig")
    with stream as lines:
        for result in duplicate_lines(lines, source, signals, shipped_scale()):
            sys.stdout.buffer.write(json_line(result))
    sys.stdout.flush()
    return 0
