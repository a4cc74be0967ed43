"""Lines of households held against those that stand: whoever changed one meanwhile is not
overwritten, and no household is written over another one that has the same number."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from gateway import import_households, registry
from gateway.import_kinds import KINDS, Fault
from triage.household_matching import hold_against, read_home, shipped_scale

_ELSEWHERE = frozenset(("place_other", "door_other", "town_other"))
_HEADINGS = {column.key: column.heading for column in KINDS["households"]}


def faults(
    connection: Connection, lines: Sequence[tuple[int, Mapping[str, Any]]]
) -> Mapping[int, Fault]:
    """By their number the lines that cannot be written as things stand."""
    values = [one for _, one in lines]
    versions = import_households.overtaken(connection, values)
    standing = {
        home.id: home
        for home in registry.households(connection, [one["household_id"] for one in values])
    }
    found: dict[int, Fault] = {}
    for line, one in lines:
        key = one["household_id"]
        home = standing.get(key)
        if key in versions:
            params, given = {"version": str(versions[key])}, f"{one['version']:.0f}"
            found[line] = Fault(line, _HEADINGS["version"], given, "import.fault.overtaken", params)
        elif home is not None and _is_another(home, one):
            params = {"head": f"{home.head_name[:1]}**"}
            found[line] = Fault(
                line, _HEADINGS["household_id"], key, "import.fault.another", params
            )
    return found


def _is_another(home: registry.Known, one: Mapping[str, Any]) -> bool:
    """Nobody of the line lives there, not even the surname, and it is another place."""
    told = read_home(
        names=(one["head_name"], *(one.get("members") or ())),
        phones=one.get("phones") or (),
        address=one["address"],
    )
    _, findings = hold_against(told, home.home(), 2, shipped_scale())
    kinds = {finding.kind for finding in findings}
    return "name_other" in kinds and bool(kinds & _ELSEWHERE) and "phone" not in kinds
