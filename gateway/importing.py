"""Reading spreadsheets in: first everything is looked at, then line by line is written, once.

Nothing is written while looking. A line is written whole or not at all, with what it changed, so
that it can be undone within a day while nobody has acted on it; the same file again writes only the
lines that are not there yet.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from gateway import (
    import_batches,
    import_compared,
    import_households,
    import_places,
    import_rosters,
    import_sense,
    import_warnings,
    warning_leads,
)
from gateway.held_keys import HeldKeys
from gateway.import_kinds import (
    KINDS,
    ROSTERS,
    SAMPLE,
    WARNINGS,
    BadRow,
    CellError,
    Codes,
    Column,
    Fault,
    known_titles,
    read_cell,
    shown,
)
from gateway.offices import changed
from gateway.sheets import BadSheet, Table, read_table
from models.db import Database
from models.imports import ImportLine
from models.transaction import Transaction, acting
from referral.leads import Lead
from referral.office import Office

TOGETHER = 500
"""Lines of one transaction: whoever else writes waits no longer than for these."""
MANY = 20_000
"""From so many lines on a file is a whole registry."""
KEYS: Mapping[str, str] = {
    "households": "household_id", "areas": "code", "units": "code", "staff": "login",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Read:
    """One line: its values, or what is wrong with it. ``cells`` are as they came."""

    line: int
    values: Mapping[str, Any]
    cells: Sequence[str]
    faults: tuple[Fault, ...] = ()


@dataclass(slots=True)
class Looked:
    """What a file holds, before anything is written."""

    kind: str
    name: str
    hash: str
    table: Table
    lines: int = 0
    faults: list[Fault] = field(default_factory=list)
    bad: set[int] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)
    """Of the units or areas in its good lines, each with the one above it, "" for none."""


def codes_of(
    office: Office, areas: Mapping[str, str] | None = None, *, on: date | None = None
) -> Codes:
    """What names of areas, categories and authorities mean; a name of two areas means none. ``on``
    is the day for which rows of other bodies' lists are read."""
    named: dict[str, str] = {}
    for place in office.directory.places:
        known = named.get(place.name, place.code)
        named[place.name] = place.code if known == place.code else ""
    named |= {place.code: place.code for place in office.directory.places} | dict(areas or {})
    policy = office.policy
    categories = {
        word: one.code
        for one in policy.categories.values()
        for word in (one.code, one.name_zh, one.name_en, *one.aliases)
    }
    bodies = {
        word: one.code
        for one in policy.authorities.values()
        for word in (one.code, one.name_zh, one.name_en)
    }
    lead = partial(warning_leads.read, office=office, on=on) if on else None
    return Codes(named, categories, bodies, on, lead)


def look(kind: str, name: str, body: bytes, codes: Codes) -> Looked:
    """Look at every cell. Raises ``BadSheet`` for a file that cannot be used as a whole."""
    table = read_table(name, body, known_titles(kind), "填报")
    found = Looked(kind, name, sha256(kind.encode() + body).hexdigest(), table)
    absent = [one.heading for one in KINDS[kind] if one.required and one.key not in table.header]
    if absent:
        raise BadSheet("sheet.no_column", name=name, columns="、".join(absent))
    for read in lines(found, codes):
        found.lines += 1
        if read.faults:
            found.bad.add(read.line)
            found.faults += read.faults
        elif kind in import_compared.BELOW:
            found.codes[str(read.values.get("code"))] = str(read.values.get("parent") or "")
    return found


def lines(looked: Looked, codes: Codes) -> Iterator[Read]:
    """Every line with its values or its faults; the sample line of the template is passed over."""
    columns = {one.key: one for one in KINDS[looked.kind]}
    at = _places(looked)
    key, first = KEYS.get(looked.kind), dict[str, int]()
    for line, cells in looked.table.rows:
        if str(cells[0]).startswith(SAMPLE):
            continue
        read = _line(line, cells, at, codes)
        if looked.kind == WARNINGS and not read.faults:
            read = _as_lead(read, columns, codes)
        name = str(read.values.get(key, "")).casefold() if key else ""
        if name and not read.faults and name in first:
            heading, params = columns[key or ""].heading, {"line": str(first[name])}
            fault = Fault(line, heading, "", "import.fault.twice", params)
            read = Read(line, read.values, cells, _as_typed([fault], cells, at))
        elif name:
            first.setdefault(name, line)
        yield read


def _places(looked: Looked) -> list[tuple[int, Column]]:
    """The columns of a file with where they stand in it."""
    columns = {one.key: one for one in KINDS[looked.kind]}
    return [(at, columns[key]) for at, key in enumerate(looked.table.header) if key in columns]


def _as_typed(
    faults: Sequence[Fault], cells: Sequence[str], at: Sequence[tuple[int, Column]]
) -> tuple[Fault, ...]:
    """Faults with what was typed into their cells, not with what it was read as."""
    typed = {
        column.heading: shown(cells[place] if place < len(cells) else "") for place, column in at
    }
    return tuple(replace(one, value=typed.get(one.column, one.value)) for one in faults)


def _line(line: int, cells: Sequence[str], at: Sequence[tuple[int, Column]], codes: Codes) -> Read:
    values: dict[str, Any] = {}
    faults = []
    for place, column in at:
        text = cells[place] if place < len(cells) else ""
        try:
            values[column.key] = read_cell(column, text, codes)
        except CellError as error:
            faults.append(Fault(line, column.heading, shown(text), error.key, dict(error.params)))
    sense = import_sense.faults(line, values, {one.key: one for _, one in at}, codes.on)
    if sense:
        faults += _as_typed(sense, cells, at)
    return Read(line, values, cells, tuple(faults))


def _as_lead(read: Read, columns: Mapping[str, Column], codes: Codes) -> Read:
    """The row of a list as a whole: whom it can mean depends on several cells."""
    assert codes.lead is not None
    try:
        return replace(read, values={"lead": codes.lead(read.values)})
    except BadRow as bad:
        value = shown(str(read.values.get(bad.column) or ""))
        heading = columns[bad.column].heading
        return replace(read, faults=(Fault(read.line, heading, value, bad.key, bad.params),))


def compare(database: Database, looked: Looked, codes: Codes, by: str) -> None:
    """Name the cells that ``by`` cannot write as things stand, of staff beside those that could not
    be read; all by line and column. Raises ``Busy``."""
    if looked.kind in import_compared.KINDS_COMPARED:
        every = looked.kind == "staff"
        held = (read for read in lines(looked, codes) if every or not read.faults)
        while chunk := list(islice(held, TOGETHER)):
            with database.read() as session:
                _unchanged(session.connection(), looked, chunk, by)
    order = {column.heading: at for at, column in _places(looked)}
    looked.faults.sort(key=lambda one: (one.line, order.get(one.column, len(order))))


def _unchanged(
    connection: Connection, looked: Looked, reads: Sequence[Read], by: str
) -> list[Read]:
    """The lines that can be written as things stand; the others are named."""
    told = [(read.line, read.values) for read in reads]
    found = import_compared.faults(connection, looked.kind, told, by, looked.codes)
    at = _places(looked)
    for read in reads:
        if read.line not in found or (read.line in looked.bad and not read.faults):
            continue
        named = {one.column for one in read.faults}
        fresh = [one for one in found[read.line] if one.column not in named]
        looked.faults += _as_typed(fresh, read.cells, at)
    looked.bad |= {*found}
    return [read for read in reads if read.line not in found]


def write(
    database: Database,
    mint: Callable[[], int],
    looked: Looked,
    codes: Codes,
    *,
    by: str,
    now: Callable[[], datetime],
    batch_id: int | None = None,
    advance: Callable[[int], None] = lambda _n: None,
    many: int = MANY,
    office: Office | None = None,
) -> tuple[int, int, int]:
    """Write the good lines, some hundred in one transaction. Returns the batch, how many lines were
    written and how many stood already from an earlier run of the same file. From ``many`` on the
    keys of new households are written at the end, in their order. ``office`` weighs the rows of
    other bodies' lists. Raises ``Refusal`` when somebody else reads the same file in meanwhile and
    has come further: they go on."""
    with acting(database, mint) as tx:
        known = batch_id
        batch_id, done = import_batches.begin(
            tx, kind=looked.kind, name=looked.name, file=looked.hash, lines=looked.lines,
            faulty=len(looked.bad), by=by, now=now(), known=known,
        )  # fmt: skip
    written = stood = 0
    later = HeldKeys() if looked.kind == "households" and looked.lines >= many else None
    good = (read for read in lines(looked, codes) if not read.faults)
    while chunk := list(islice(good, TOGETHER)):
        fresh = [read for read in chunk if read.line not in done]
        stood += len(chunk) - len(fresh)
        if fresh:
            found = import_warnings.at_home(database, office, _leads(fresh), now())
            with acting(database, mint) as tx:
                import_batches.require_alone(
                    tx, batch_id, [read.line for read in fresh], looked.name
                )
                fresh = _unchanged(tx.connection, looked, fresh, by)
                if office is not None and found:
                    made = import_warnings.write(tx, office, found, by, now())
                else:
                    made = _written(tx, looked.kind, fresh, now(), later)
                    given = [read.values for read in fresh]
                    import_places.record(tx, looked.kind, given, by, now())
                for read, (target, before) in zip(fresh, made, strict=True):
                    tx.add(
                        ImportLine, batch_id=batch_id, line=read.line, target=target, before=before
                    )
        written += len(fresh)
        advance(len(chunk))
    if later is not None:
        later.write(database, mint, lambda _keys: None)
    with acting(database, mint) as tx:
        import_batches.end(tx, batch_id, written=written + stood, now=now(), known=known)
        tx.event(
            "imported", at=now(), by=by, what=looked.kind, batch=str(batch_id), lines=written,
            hash=looked.hash,
        )  # fmt: skip
        if looked.kind in (*import_places.KINDS, ROSTERS):
            changed(tx)
    return batch_id, written, stood


def _written(
    tx: Transaction, kind: str, reads: Sequence[Read], now: datetime, later: HeldKeys | None
) -> list[tuple[str, Any]]:
    """What each line made or changed, and what stood there before."""
    values = [read.values for read in reads]
    if kind == ROSTERS:
        return import_rosters.write(tx, values)
    if kind == "households":
        before = import_households.write(tx, values, now, later)
    else:
        before = import_places.write(tx, kind, values, now)
    return [(str(one[KEYS[kind]]), old) for one, old in zip(values, before, strict=True)]


def _leads(reads: Sequence[Read]) -> list[Lead]:
    """The rows of another body's list; none of any other kind."""
    return [read.values["lead"] for read in reads if "lead" in read.values]
