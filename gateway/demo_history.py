"""The history of the invented county, written while its pages already answer.

Hundreds of cases and what became of them take longer to live through than anybody waits for a
page. Each step leaves a mark when it is whole; a start that finds one without goes on there, at the
day on which the history began, and does nothing twice that a step did before it was cut off.
"""

import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime

from channels import load as load_channels
from gateway import demo_aid, demo_cases, demo_homes, demo_life, demo_marks, demo_walks
from gateway.offices import Rules
from gateway.settings import Settings
from gateway.state import State, channel_settings, wire
from models.db import Busy
from models.transaction import acting

log = logging.getLogger(__name__)


def _cases(state: State, now: datetime) -> int:
    """The calls of the last days, through the path that every call goes."""
    calls = demo_cases.calls(state.offices.current(), now)
    futures = [state.intake.submit(call) for call in calls]
    return sum(future.result().number is not None for future in futures)


STEPS: Mapping[str, Callable[[State, datetime], int]] = {
    "cases": _cases,
    "homes": demo_homes.live,  # while the cases are open
    "deeds": demo_life.live,
    "doors": demo_walks.live,
    "aid": demo_aid.live,
}
"""In their order; each returns how much there is of it."""


class History:
    """What is still to be written into one database; ``write`` is called once, from a thread."""

    def __init__(self, settings: Settings, rules: Rules) -> None:
        # answered through the console whatever channels are on: nobody may get a text about it
        channels = load_channels(["console"], channel_settings(settings, rules))
        self._state = wire(settings, kind="demo", channels=channels, rules=rules)
        with self._state.database.read() as session:
            self._begun, whole = demo_marks.standing(session)
        owed = STEPS if self._begun is not None else ()
        self._steps = [name for name in owed if name not in whole]

    def left(self) -> int:
        """How many steps are not whole yet."""
        return len(self._steps)

    def write(self) -> None:
        """Write what is left and say so; a stop in between leaves the rest to the next start."""
        started, counts = time.monotonic(), dict[str, int]()
        try:
            while self._steps and self._begun is not None:
                name = self._steps[0]
                counts[name] = STEPS[name](self._state, self._begun)
                with acting(self._state.database, self._state.mint) as tx:
                    demo_marks.mark(tx, name)
                del self._steps[0]
        except Busy:
            log.info("the invented history is not whole yet; the next start goes on with it")
        finally:
            self.close()
        if counts and not self._steps:
            said = ", ".join(f"{count} {name}" for name, count in counts.items())
            print(f"history     {said}; {time.monotonic() - started:.0f} s", flush=True)

    def close(self) -> None:
        """Write nothing more."""
        self._state.close()
