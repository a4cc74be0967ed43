"""``huiyin rules diff``: who would be judged differently by changed rules; nothing is written.

Both sides have what was accepted at /admin over them, so that only the changed files differ.
"""

import dataclasses
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import orjson
from rich.console import Console
from rich.progress import Progress

from gateway import comparing
from gateway.commands.export import time_of
from gateway.comparing import Difference, Totals
from gateway.exporting import local
from gateway.offices import Offices, Rules
from gateway.overlay import Overlay, accepted
from gateway.settings import Settings, load, utc_now
from gateway.state import open_current
from models.db import Database
from referral.directory import ZONE
from referral.office import Office
from referral.policy import Policy, profiles
from triage.policy import check as check_signals

FORMATS = ("table", "jsonl")
_STDERR = Console(stderr=True)


def run(*, new_profile: str, since: str, fmt: str) -> int:
    """List the differences and their totals; 1 when the changed rules themselves have faults."""
    if fmt not in FORMATS:
        raise ValueError(f"--format {fmt!r} is unknown; there are {', '.join(FORMATS)}")
    start = time_of("--since", since)
    settings = load()
    changed = _changed(settings, new_profile)
    rules = Rules.load(settings.profile, settings.profile_dir)
    faults = [*changed.policy.check(), *changed.phrases.check(), *check_signals(changed.signals)]
    database = open_current(settings)
    plain = settings.model_copy(update={"model": None})
    now = Offices(database, plain, rules, {}).current()
    policy, left_out = _with_changes(database, changed)
    other = dataclasses.replace(
        now,
        policy=policy,
        signals=changed.signals,
        phrases=changed.phrases,
        rungs={},
    )
    totals = Totals()
    for found in _differences(database, now, other, start, totals):
        sys.stdout.write(_line(found) if fmt == "table" else _json(found))
    print(totals, file=sys.stdout if fmt == "table" else sys.stderr)
    database.close()
    for change, why in left_out:
        print(
            f"huiyin: change {change} of /admin does not fit {new_profile}: {why}", file=sys.stderr
        )
    for fault in faults:
        print(f"huiyin: in {new_profile}: {fault}", file=sys.stderr)
    return 1 if faults or left_out else 0


def _with_changes(database: Database, changed: Rules) -> tuple[Policy, tuple[tuple[int, str], ...]]:
    """The changed rules with what was accepted at /admin and is in force over them, as it will lie
    over the files once they are these; and what no longer fits, with the reason."""
    today = utc_now().astimezone(ZONE).date()
    with database.read() as session:
        changes = accepted(session.connection(), today)
    return Overlay(changed.policy, changed.folder).over(changes)


def _differences(
    database: Database, now: Office, other: Office, since: datetime | None, totals: Totals
) -> Iterator[Difference]:
    """The differences as they are found, counted; with a bar where somebody watches."""
    with database.read() as session:
        total = comparing.how_many(session, since)
    with Progress(disable=not sys.stderr.isatty(), transient=True, console=_STDERR) as progress:
        bar = progress.add_task("rules diff", total=total)
        for found in comparing.compare(database, now, other, since):
            totals.count(found)
            progress.advance(bar)
            if found is not None:
                yield found


def _changed(settings: Settings, name: str) -> Rules:
    """A county's folder over the profile in force, or another shipped profile under the county's
    own folder."""
    folder = Path(name)
    if folder.is_dir():
        if not any(folder.rglob("*.toml")):
            raise ValueError(
                f"{name} holds no rules; put signals/signals.toml or clocks.toml there"
            )
        return Rules.load(settings.profile, folder)
    if name not in profiles():
        raise ValueError(
            f"there is no folder and no profile {name!r}; give a folder with changed rules, "
            f"or one of {', '.join(profiles())}"
        )
    return Rules.load(name, settings.profile_dir)


def _line(found: Difference) -> str:
    was, now = found.was.shown(), found.would_be.shown()
    parts = [f"{name} {_said(was[name])} -> {_said(now[name])}" for name in found.changed]
    return f"{found.number}  {'; '.join(parts)}  (by {', '.join(found.by)})\n"


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return str(local(value))
    return "none" if value is None else str(value)


def _json(found: Difference) -> str:
    return orjson.dumps(comparing.as_json(found)).decode() + "\n"
