"""What a policy says of time: its ladders of reminders and its calendar, read from its files."""

from datetime import date, time
from typing import Any

from referral.calendars import Calendar, calendar_of
from referral.clocks import LadderAct, LadderStep, Rung, readable
from referral.rows import Layers, PolicyError, merged

WHOLE = 100  # per cent
_OFFICE = ("opening", "close_of_business", "closed_locally")


def last(layers: Layers, name: str) -> dict[str, Any]:
    """A file of single values, later layers over earlier ones."""
    found: dict[str, Any] = {}
    for layer, (path, table) in enumerate(layers.tables(name)):
        if layer and name == "office.toml" and (missing := {"source", "tag"} - set(table)):
            raise PolicyError(f"{path}: changed office hours name their own {min(missing)}")
        found.update(table)
    return found


def ladders_of(layers: Layers) -> dict[str, tuple[LadderStep, ...]]:
    """The ladders by name. Raises ``PolicyError``."""
    ladders: dict[str, tuple[LadderStep, ...]] = {}
    for where, row in merged(layers, "ladders.toml", "ladder", ("name",)):
        if unknown := set(row) - {"name", "steps", "source", "tag"}:
            raise PolicyError(f"{where}: unknown key {min(unknown)!r}")
        steps = []
        given = row.get("steps")
        if not isinstance(given, list) or not given:
            raise PolicyError(f"{where}: steps is a list of steps")
        for step in given:
            shaped = isinstance(step, dict) and set(step) == {"at", "who", "act"}
            if not shaped or not readable(str(step["at"])):
                raise PolicyError(f"{where}: a step needs a readable at, and who and act: {step}")
            try:
                steps.append(LadderStep(step["at"], Rung(step["who"]), LadderAct(step["act"])))
            except ValueError as error:
                raise PolicyError(f"{where}: {error}") from None
        if not any(step.act is LadderAct.BREACH and not _early(step.at) for step in steps):
            raise PolicyError(f'{where}: steps: none has act = "breach" at due or later')
        ladders[str(row.get("name", ""))] = tuple(steps)
    return ladders


def _early(at: str) -> bool:
    """Whether a step comes before its clock is due, so that nothing would see it late."""
    return at.startswith("-") or (at.endswith("%") and int(at[:-1]) < WHOLE)


def calendar_in(layers: Layers) -> Calendar:
    """The office hours and holidays. Raises ``PolicyError``."""
    office = last(layers, "office.toml")
    if unknown := set(office) - {*_OFFICE, "source", "tag"}:
        raise PolicyError(f"office.toml: unknown key {min(unknown)!r}")
    opening, closing, closed = (office.get(name) for name in _OFFICE)
    if not isinstance(opening, time) or not isinstance(closing, time) or opening >= closing:
        raise PolicyError("office.toml: opening and close_of_business are times such as 17:30:00")
    if not isinstance(closed, list) or not all(type(day) is date for day in closed):
        raise PolicyError("office.toml: closed_locally is a list of days such as [2026-07-21]")
    years = []
    for name in layers.names("calendars"):
        path, table = layers.tables(name)[-1]
        try:
            calendar_of([table])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PolicyError(f"{path}: {error}") from None
        years.append(table)
    return calendar_of(
        years,
        close_of_business=closing,
        opening=opening,
        closed_locally=frozenset(closed),
    )
