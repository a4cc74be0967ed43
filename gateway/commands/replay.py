"""``huiyin replay``: recorded contacts through the whole live path, once each.

What comes under an id that other words came under is no repeat: it is not kept, and it is named.
"""

import sys
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from pkgutil import iter_modules

from rich.progress import Progress, TextColumn, TimeElapsedColumn

import channels
from gateway import house, recorded, resent
from gateway.offices import Rules
from gateway.recorded import Recorded
from gateway.settings import utc_now
from gateway.state import State, channel_settings, wire
from models.messages import Outcome

IN_FLIGHT = 200
MOST_NAMED = 50


@dataclass(slots=True)
class Tally:
    """What became of the lines."""

    opened: int = 0
    joined: int = 0
    repeated: int = 0
    held: int = 0
    other: list[int] = field(default_factory=list)
    """The lines under whose id other words are kept."""

    def count(self, outcome: Outcome) -> None:
        """Add one."""
        if outcome.duplicate:
            self.repeated += 1
        elif outcome.held:
            self.held += 1
        elif outcome.opened:
            self.opened += 1
        else:
            self.joined += 1

    @property
    def done(self) -> int:
        """How many lines are through."""
        return self.opened + self.joined + self.repeated + self.held

    def __str__(self) -> str:
        return (
            f"{self.opened} requests opened, {self.joined} contacts joined an open request, "
            f"{self.repeated} already known, {self.held} in the holding pen"
        )


class Said:
    """What each id of a file stands for. A contact whose id stood there before is taken for the
    same and not kept again: one with other words would be lost."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._of: dict[bytes, tuple[int, int]] = {}

    def by(self, record: Recorded, number: int) -> None:
        """Note it. Raises ValueError for an id that stood for other words."""
        mark, words = recorded.mark_of(record.channel, record.external_id), hash(record.text)
        first, before = self._of.setdefault(mark, (number, words))
        if before != words:
            raise ValueError(
                f"{self._file}:{number}: field 'external_id': {record.external_id!r} stands in "
                f"line {first} for other words; give each contact an id of its own"
            )


def run(file: Path, rate: float) -> int:
    """Replay. Answers go to the console channel only: history is never sent to people again."""
    settings = house.furnish()
    said, total = Said(file), None
    if str(file) != "-":  # a bad line is said before anything is written
        total = 0
        for number, line in _lines(file):
            said.by(_record(file, number, line), number)
            total += 1
    rules = Rules.load(settings.profile, settings.profile_dir)
    house.prepare(settings, rules)
    console = channels.load(["console"], channel_settings(settings, rules))
    state = wire(settings, kind="replay", channels=console, rules=rules)
    tally, waiting = Tally(), deque[tuple[int, Recorded, Future[Outcome]]]()

    def settle() -> None:
        number, record, future = waiting.popleft()
        outcome = future.result()
        tally.count(outcome)
        if outcome.duplicate and _differs(state, record):
            tally.other.append(number)

    begun = time.monotonic()
    try:
        with Progress(
            *Progress.get_default_columns(),
            TextColumn("{task.completed} contacts"),
            TimeElapsedColumn(),
            disable=not sys.stderr.isatty(),
            transient=True,
        ) as progress:
            bar = progress.add_task("replay", total=total)
            for number, line in _lines(file):
                record = _record(file, number, line)
                call = recorded.call_of(record, line.strip(), record.at or utc_now())
                waiting.append((number, record, state.intake.submit(call)))
                if len(waiting) >= IN_FLIGHT:
                    settle()
                    progress.advance(bar)
                if rate:
                    ahead = (tally.done + len(waiting)) / rate - (time.monotonic() - begun)
                    time.sleep(max(ahead, 0))
            while waiting:
                settle()
                progress.advance(bar)
    finally:
        state.close()
    print(tally)
    for number in tally.other[:MOST_NAMED]:
        what = "other words, or another sender's, are kept under this channel and external_id"
        print(f"huiyin: {file}:{number}: {what}; not kept", file=sys.stderr)
    if (more := len(tally.other) - MOST_NAMED) > 0:
        print(f"huiyin: and {more} more", file=sys.stderr)
    return 1 if tally.other else 0


def _differs(state: State, record: Recorded) -> bool:
    with state.database.read() as session:
        return resent.other_words(session.connection(), record, record.external_id)


def _record(file: Path, number: int, line: bytes) -> Recorded:
    try:
        record = recorded.read(line)
    except recorded.BadRecord as error:
        raise ValueError(f"{file}:{number}: {error}") from None
    if record.channel not in _words():
        known = ", ".join(sorted(_words()))
        raise ValueError(
            f"{file}:{number}: field 'channel': there is no {record.channel!r}; there are {known}"
        )
    return record


@cache
def _words() -> frozenset[str]:
    """What a recorded contact may have come by: a channel word of the domain, or a module."""
    modules = (one.name for one in iter_modules(channels.__path__))
    return frozenset(recorded.SOURCES) | {name for name in modules if name[0] != "_"}


def _lines(file: Path) -> Iterator[tuple[int, bytes]]:
    stream = sys.stdin.buffer if str(file) == "-" else file.open("rb")
    with stream as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield number, line
