"""Lines held against what stands: who changed a household meanwhile is not overwritten, none is
written over another one that has the same number, and no file moves an account that is there."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import col

from gateway import accounts, import_households, import_places, import_rosters, registry
from gateway.import_kinds import KINDS, ROSTERS, Fault
from models.places import AreaRow, Staff, UnitRow
from triage.household_matching import hold_against, read_home, shipped_scale

BELOW: Mapping[str, Any] = {"units": UnitRow, "areas": AreaRow}
"""Kinds of which one may stand below another: in the county already, or in the same file."""
KINDS_COMPARED = ("households", "staff", ROSTERS, *BELOW)
_ELSEWHERE = frozenset(("place_other", "door_other", "town_other"))
_HEADINGS = {column.key: column.heading for column in KINDS["households"]}
_STAFF = {column.key: column.heading for column in KINDS["staff"]}
_MOVES = ("role", "unit", "area")
"""What of an account is changed by hand alone, with a reason."""
_OWN = (*_MOVES, *import_places.HARMLESS)


_Lines = Sequence[tuple[int, Mapping[str, Any]]]
_Faults = Mapping[int, Sequence[Fault]]


def faults(
    connection: Connection,
    kind: str,
    lines: _Lines,
    by: str,
    codes: Mapping[str, str] = MappingProxyType({}),
) -> _Faults:
    """By their number the lines that ``by`` cannot write as things stand, with every cell that is
    why. A line of staff may lack a cell that could not be read."""
    if kind == "households":
        return {line: (one,) for line, one in _of_households(connection, lines).items()}
    if kind == ROSTERS:
        return import_rosters.faults(connection, lines)
    if kind in BELOW:
        return _of_parents(connection, kind, lines, codes)
    return _of_staff(connection, lines, by) if kind == "staff" else {}


def _of_parents(
    connection: Connection, kind: str, lines: _Lines, codes: Mapping[str, str]
) -> _Faults:
    """What stands below something that is not there, or below itself, over however many others, is
    below nothing: nobody above it is asked, and nobody there sees it. ``codes`` are those of the
    file, each with the one above it."""
    columns = BELOW[kind].__table__.columns
    standing = select(columns.code, columns.parent)
    above = {row.code: row.parent or "" for row in connection.execute(standing)} | {**codes}
    heading = {column.key: column.heading for column in KINDS[kind]}["parent"]
    found = {}
    for line, one in lines:
        parent, code = one.get("parent") or "", str(one.get("code"))
        if not parent:
            continue
        if parent not in above or parent == code:
            found[line] = (Fault(line, heading, parent, "import.fault.no_parent"),)
        elif _comes_back(above, code, parent):
            found[line] = (Fault(line, heading, parent, "import.fault.circle"),)
    return found


def _comes_back(above: Mapping[str, str], code: str, parent: str) -> bool:
    """Whether who goes up from here comes to a place again and never to the top."""
    seen, at = {code}, parent
    while at:
        if at in seen:
            return True
        seen.add(at)
        at = above.get(at, "")
    return False


def _of_staff(connection: Connection, lines: _Lines, by: str) -> _Faults:
    names = ("login", *_OWN)
    columns = Staff.__table__.columns  # type: ignore[attr-defined]
    query = select(*(columns[name] for name in names))
    logins = [one["login"] for _, one in lines if one.get("login")]
    standing = {
        row.login: dict(row._mapping)
        for row in connection.execute(query.where(columns.login.in_(logins)))
    }
    wanted = {one["unit"] for _, one in lines if one.get("unit")}
    known = select(col(UnitRow.code)).where(col(UnitRow.code).in_(wanted))
    units = set(connection.execute(known).scalars())
    found = {}
    for line, one in lines:
        old = standing.get(one.get("login") or "")
        wrong = _of_new(one, units) if old is None else _of_standing(one, old, by)
        if wrong:
            found[line] = [
                Fault(line, _STAFF[key], str(one.get(key) or ""), f"import.fault.{why}")
                for key, why in wrong
            ]
    return found


def _of_new(one: Mapping[str, Any], units: set[str]) -> list[tuple[str, str]]:
    """The cells with which no account can be made, and why."""
    wrong = []
    login, unit = one.get("login"), one.get("unit")
    if login and not accounts.is_login(login):
        wrong.append(("login", "login"))
    if unit and unit not in units:
        wrong.append(("unit", "no_unit"))
    if login and accounts.needs_area(one.get("role") or "", one.get("area")):
        wrong.append(("area", "no_area"))
    return wrong


def _of_standing(one: Mapping[str, Any], old: Mapping[str, Any], by: str) -> list[tuple[str, str]]:
    """The cells that would change of an account what no file changes; an empty one changes
    nothing."""
    different = [key for key in _OWN if one.get(key) and one[key] != (old[key] or "")]
    if old["login"] == by:
        return [(key, "own_account") for key in different]
    return [(key, "account_moved") for key in different if key in _MOVES]


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
