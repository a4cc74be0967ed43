"""Whether the cells of one line can be true together: each is well written, and still the line
contradicts itself. The fault is named at the cell that is more likely wrong."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from gateway import import_hours
from gateway.import_kinds import Column, Fault

OLDEST = 1900
"""Nobody who lives was born before this year."""


def faults(
    line: int, values: Mapping[str, Any], columns: Mapping[str, Column], on: date | None
) -> Sequence[Fault]:
    """What in a line cannot be; ``on`` is the day on which it is read in, None for no such day."""
    return [
        Fault(line, columns[key].heading, str(values[key]), f"import.fault.{why}", params)
        for key, why, params in _found(values, on)
        if key in columns
    ]


def _found(
    values: Mapping[str, Any], on: date | None
) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    birth, identity = values.get("birth"), values.get("identity")
    if isinstance(birth, date) and (birth.year < OLDEST or (on is not None and birth > on)):
        yield "birth", "not_born", {}
    elif isinstance(birth, date) and isinstance(identity, str) and len(identity) == 18:
        born = f"{identity[6:10]}-{identity[10:12]}-{identity[12:14]}"
        if birth.isoformat() != born:
            yield "birth", "not_of_identity", {"day": born}
    if (begin := values.get("from")) is not None and begin in (
        values.get("to"),
        import_hours.MIDNIGHT,
    ):
        yield "from", "no_time", {}
    since, until = values.get("valid_from"), values.get("valid_until")
    if isinstance(since, date) and isinstance(until, date) and until < since:
        yield "valid_until", "ends_before", {"day": since.isoformat()}
