"""Lines held against what stands: who changed a household meanwhile is not overwritten, none is
written over another one that has the same number, and no file moves an account that is there."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import col

from gateway import accounts, import_households, import_places, registry
from gateway.import_kinds import KINDS, Fault
from models.places import Staff, UnitRow
from triage.household_matching import hold_against, read_home, shipped_scale

KINDS_COMPARED = ("households", "staff")
_ELSEWHERE = frozenset(("place_other", "door_other", "town_other"))
_HEADINGS = {column.key: column.heading for column in KINDS["households"]}
_STAFF = {column.key: column.heading for column in KINDS["staff"]}
_MOVES = ("role", "unit", "area")
"""What of an account is changed by hand alone, with a reason."""
_OWN = (*_MOVES, *import_places.HARMLESS)


_Lines = Sequence[tuple[int, Mapping[str, Any]]]


def faults(connection: Connection, kind: str, lines: _Lines, by: str) -> Mapping[int, Fault]:
    """By their number the lines that ``by`` cannot write as things stand."""
    if kind == "households":
        return _of_households(connection, lines)
    return _of_staff(connection, lines, by) if kind == "staff" else {}


def _of_staff(connection: Connection, lines: _Lines, by: str) -> Mapping[int, Fault]:
    names = ("login", *_OWN)
    columns = Staff.__table__.columns  # type: ignore[attr-defined]
    query = select(*(columns[name] for name in names))
    standing = {
        row.login: dict(row._mapping)
        for row in connection.execute(
            query.where(columns.login.in_([one["login"] for _, one in lines]))
        )
    }
    wanted = {one["unit"] for _, one in lines}
    known = select(col(UnitRow.code)).where(col(UnitRow.code).in_(wanted))
    units = set(connection.execute(known).scalars())
    found: dict[int, Fault] = {}
    for line, one in lines:
        fault = _of_account(one, standing.get(one["login"]), units, by)
        if fault is not None:
            key, why = fault
            found[line] = Fault(line, _STAFF[key], str(one.get(key) or ""), f"import.fault.{why}")
    return found


def _of_account(
    one: Mapping[str, Any], old: Mapping[str, Any] | None, units: set[str], by: str
) -> tuple[str, str] | None:
    """The cell of a line of staff that cannot be written, and why."""
    if old is None:
        if not accounts.is_login(one["login"]):
            return "login", "login"
        if one["unit"] not in units:
            return "unit", "no_unit"
        return ("area", "no_area") if accounts.needs_area(one["role"], one.get("area")) else None
    different = [key for key in _OWN if key in one and (one[key] or "") != (old[key] or "")]
    if different and old["login"] == by:
        return different[0], "own_account"
    moved = [key for key in different if key in _MOVES]
    return (moved[0], "account_moved") if moved else None


def _of_households(connection: Connection, lines: _Lines) -> Mapping[int, Fault]:
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
