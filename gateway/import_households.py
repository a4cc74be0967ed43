"""Households out of a spreadsheet: entered, or added to; nothing that is known is wiped out by an
empty cell. What stood there before is kept whole, so that undoing gives back exactly that."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlmodel import SQLModel, col
from sqlmodel.sql.sqltypes import UTCDateTime

from gateway import registry
from gateway.held_keys import HeldKeys
from models.households import (
    WAITING,
    Belonging,
    Household,
    HouseholdCategory,
    HouseholdKey,
    HouseholdPhone,
    Resident,
    rekey,
)
from models.transaction import Row, Transaction
from referral.casework import Refusal
from referral.directory import ZONE

_PARTS: tuple[Any, ...] = (HouseholdPhone, HouseholdCategory, Resident)  # children first
_OWN = ("head_name", "address", "area", "note", "ended_why", "moved_to")
_PERSON = ("identity", "birth", "sex", "language", "hearing", "carer", "carer_phone")
_CHUNK = 500


def write(
    tx: Transaction,
    values: Sequence[Mapping[str, Any]],
    now: datetime,
    later: HeldKeys | None = None,
) -> list[Row | None]:
    """Enter or add to the households; what stood there before each, None for a new one. With
    ``later`` the keys of new ones are held there, and until then they wait to be found."""
    ids = [one["household_id"] for one in values]
    standing = {home.id: home for home in registry.households(tx.connection, ids)}
    before: list[Row | None] = []
    for one in values:
        home = standing.get(one["household_id"])
        if home is None:
            _enter(tx, one, now, later)
            before.append(None)
        else:
            before.append(_add_to(tx, home, one, now))
    return before


def overtaken(connection: Connection, values: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """The households that somebody has changed since the version that a line was written for, with
    the version in which they stand: whoever came second looks again, and nothing is lost."""
    written_for = {
        one["household_id"]: int(one["version"]) for one in values if one.get("version") is not None
    }
    if not written_for:
        return {}
    stand = connection.execute(
        select(col(Household.id), col(Household.version)).where(col(Household.id).in_(written_for))
    )
    return {row.id: row.version for row in stand if row.version != written_for[row.id]}


def _enter(tx: Transaction, one: Mapping[str, Any], now: datetime, later: HeldKeys | None) -> None:
    day = now.astimezone(ZONE).date()
    household_id = one["household_id"]
    ended = one.get("ended_why") or None
    tx.add(
        Household, id=household_id, head_name=one["head_name"], address=one["address"],
        area=one.get("area"), note=one.get("note") or "", changed_at=now,
        ended_at=day if ended else None, ended_why=ended, moved_to=one.get("moved_to"),
    )  # fmt: skip
    died = set(one.get("died") or ())
    head = None
    for name in dict.fromkeys((one["head_name"], *(one.get("members") or ()), *sorted(died))):
        resident = tx.mint()
        person: Row = {"id": resident, "household_id": household_id, "name": name}
        if name == one["head_name"]:
            head = resident
            person |= _of_head(one)
        tx.add(Resident, **person, died_at=day if name in died else None)
    _phones(tx, household_id, one.get("phones") or ())
    _categories(tx, household_id, one, one.get("categories") or ())
    if head is not None:
        hashes = registry.hashes_of(tx.connection, _home(one).home())
        if later is not None:
            later.hold(household_id, hashes)
            hashes = [WAITING]
        for hash_ in hashes:
            tx.add(HouseholdKey, hash=hash_, household_id=household_id)


def _of_head(one: Mapping[str, Any]) -> Row:
    """What a line says of the head of the household."""
    said = {key: one[key] for key in _PERSON if one.get(key) is not None}
    return {**said, "relation": "head"}


def _home(one: Mapping[str, Any]) -> registry.Known:
    died = set(one.get("died") or ())
    names = dict.fromkeys((one["head_name"], *(one.get("members") or ())))
    return registry.Known(
        one["household_id"], one["head_name"], one["address"], one.get("area"),
        tuple((name, None, None, None) for name in names if name not in died),
        tuple(one.get("phones") or ()),
    )  # fmt: skip


def _add_to(tx: Transaction, home: registry.Known, one: Mapping[str, Any], now: datetime) -> Row:
    day = now.astimezone(ZONE).date()
    kept = snapshot(tx, home.id)
    row = kept["household"]
    new = {key: one[key] for key in _OWN if one.get(key) is not None}
    if "ended_why" in new:
        new["ended_why"] = new["ended_why"] or None
        new["ended_at"] = (row["ended_at"] or day) if new["ended_why"] else None
    tx.execute(
        update(Household)
        .where(col(Household.id) == home.id)
        .values(**new, version=row["version"] + 1, changed_at=now)
    )
    people = {person["name"]: person for person in kept["resident"]}
    died = set(one.get("died") or ())
    about = _of_head(one)
    for person in kept["resident"]:
        if person["relation"] == "head" and person["name"] != one["head_name"]:
            _change(tx, Resident, person["id"], {"relation": None})
    for name in dict.fromkeys((one["head_name"], *(one.get("members") or ()), *sorted(died))):
        of_head = about if name == one["head_name"] else {}
        if name not in people:
            tx.add(
                Resident, id=tx.mint(), household_id=home.id, name=name, **of_head,
                died_at=day if name in died else None,
            )  # fmt: skip
            continue
        dead = {"died_at": day} if name in died and people[name]["died_at"] is None else {}
        if of_head or dead:
            _change(tx, Resident, people[name]["id"], {**of_head, **dead})
    numbers = {phone["number"] for phone in kept["household_phone"]}
    more = [number for number in one.get("phones") or () if number not in numbers]
    _phones(tx, home.id, more)
    codes = {known["code"]: known["id"] for known in kept["household_category"]}
    said = one.get("categories") or ()
    _categories(tx, home.id, one, [code for code in said if code not in codes])
    days = {key: one[key] for key in ("valid_from", "valid_until") if one.get(key) is not None}
    for known in (codes[code] for code in said if code in codes and days):
        _change(tx, HouseholdCategory, known, days)
    gone = {key[0] for key in people.items() if key[1]["died_at"] is not None} | died
    names = dict.fromkeys(
        (one["head_name"], *(person[0] for person in home.people), *(one.get("members") or ()))
    )
    after = registry.Known(
        home.id, one["head_name"], one["address"], one.get("area") or home.area,
        tuple((name, None, None, None) for name in names if name not in gone),
        (*home.phones, *more),
    )  # fmt: skip
    gone_keys = registry.hashes_of(tx.connection, home.home())
    rekey(tx, home.id, gone=gone_keys, new=registry.hashes_of(tx.connection, after.home()))
    return kept


def _phones(tx: Transaction, household_id: str, numbers: Sequence[str]) -> None:
    for number in numbers:
        tx.add(HouseholdPhone, id=tx.mint(), household_id=household_id, number=number)


def _categories(
    tx: Transaction, household_id: str, one: Mapping[str, Any], codes: Sequence[str]
) -> None:
    for code in codes:
        tx.add(
            HouseholdCategory, id=tx.mint(), household_id=household_id, code=code,
            valid_from=one.get("valid_from"), valid_until=one.get("valid_until"),
        )  # fmt: skip


def _change(tx: Transaction, table: Any, row_id: int, values: Mapping[str, Any]) -> None:
    tx.execute(update(table).where(table.__table__.columns.id == row_id).values(**values))


def snapshot(tx: Transaction, household_id: str) -> Row:
    """All rows of a household as they stand."""
    columns = Household.__table__.columns  # type: ignore[attr-defined]
    home = tx.execute(select(*columns).where(columns.id == household_id)).one()
    kept: Row = {"household": _plain(home)}
    for table in _PARTS:
        rows = table.__table__
        found = tx.execute(
            select(*rows.columns)
            .where(rows.columns.household_id == household_id)
            .order_by(rows.columns.id)
        )
        kept[str(rows.name)] = [_plain(row) for row in found]
    return kept


def _plain(row: Any) -> Row:
    """A row as a document can hold it: its column names are no texts of SQLAlchemy's own."""
    return {str(name): value for name, value in row._mapping.items()}


def undo(tx: Transaction, changes: Sequence[tuple[str, Mapping[str, Any] | None]]) -> None:
    """Put back what stood there. Raises ``Refusal`` when somebody acted on one of them since."""
    for start in range(0, len(changes), _CHUNK):
        part = changes[start : start + _CHUNK]
        _require_untouched(tx, part)
        homes = registry.households(tx.connection, [target for target, _ in part])
        keys = {home.id: registry.hashes_of(tx.connection, home.home()) for home in homes}
        for target, before in part:
            if before is None:
                rekey(tx, target, gone=keys.get(target, ()))
                _delete(tx, target)
            else:
                _put_back(tx, target, before)
                (home,) = registry.households(tx.connection, [target])
                new_keys = registry.hashes_of(tx.connection, home.home())
                rekey(tx, target, gone=keys[target], new=new_keys)


def _require_untouched(
    tx: Transaction, part: Sequence[tuple[str, Mapping[str, Any] | None]]
) -> None:
    ids = [target for target, _ in part]
    versions = {
        row.id: row.version
        for row in tx.execute(
            select(col(Household.id), col(Household.version)).where(col(Household.id).in_(ids))
        )
    }
    for target, before in part:
        expected = 1 if before is None else before["household"]["version"] + 1
        if versions.get(target) != expected:
            raise Refusal("refusal.import_acted_on", {"what": target})
    new = [target for target, before in part if before is None]
    tx.execute(
        delete(Belonging).where(
            col(Belonging.household_id).in_(new), col(Belonging.state) == "proposed"
        )
    )
    for table in _pointing():
        found = tx.execute(
            select(table.c.household_id).where(table.c.household_id.in_(new)).limit(1)
        ).scalar()
        if found is not None:
            raise Refusal("refusal.import_acted_on", {"what": str(found)})


def _pointing() -> list[Any]:
    """Tables of others that name a household: visits, warnings, aid, links."""
    own = {table.__table__.name for table in (*_PARTS, HouseholdKey)}
    return [
        table
        for table in SQLModel.metadata.sorted_tables
        if "household_id" in table.c and table.name not in own
    ]


def _delete(tx: Transaction, household_id: str) -> None:
    for table in _PARTS:
        tx.execute(delete(table).where(table.__table__.columns.household_id == household_id))
    tx.execute(delete(Household).where(col(Household.id) == household_id))


def _put_back(tx: Transaction, household_id: str, before: Mapping[str, Any]) -> None:
    for table in _PARTS:
        rows = table.__table__
        kept = [row["id"] for row in before[rows.name]]
        tx.execute(
            delete(table).where(
                rows.columns.household_id == household_id, rows.columns.id.not_in(kept)
            )
        )
        for row in before[rows.name]:
            tx.execute(
                update(table).where(rows.columns.id == row["id"]).values(**typed(table, row))
            )
    tx.execute(
        update(Household)
        .where(col(Household.id) == household_id)
        .values(**typed(Household, before["household"]))
    )


def typed(table: Any, row: Mapping[str, Any]) -> Row:
    """A row out of a document: days and times are text there."""
    kinds = {column.name: column.type for column in table.__table__.columns}
    return {name: _meant(kinds[name], value) for name, value in row.items()}


def _meant(kind: Any, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if isinstance(kind, UTCDateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if kind.python_type is date else value
