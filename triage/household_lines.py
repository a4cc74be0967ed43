"""``huiyin match``: a registry file and JSON Lines in, proposals out; no database."""

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO

from triage.cli import read_object
from triage.household_index import HouseholdIndex, Listed
from triage.household_matching import Home, read_home

COLUMNS = ("household_id", "head_name", "members", "phones", "address", "area")
_FIELDS = ("name", "phone", "address", "area")
_LONGEST = 2_000
"""Characters of one field that are looked at."""


def read_registry(lines: Iterable[str], source: str) -> Iterator[Listed]:
    """The households of a CSV file. Raises ValueError in one sentence naming file, line and
    column."""
    reader = csv.reader(lines)
    try:
        header = [name.strip().removeprefix("\ufeff") for name in next(reader, [])]
    except csv.Error as error:
        raise ValueError(f"{source}:1: {error}") from None
    if missing := [name for name in COLUMNS[:1] + COLUMNS[1:2] if name not in header]:
        raise ValueError(
            f"{source}:1: the column {missing[0]!r} is missing; the first line names the columns "
            f"{','.join(COLUMNS)}"
        )
    at = {name: header.index(name) for name in (*COLUMNS, "ages") if name in header}
    seen: dict[str, int] = {}
    try:
        for row in reader:
            if not any(row):
                continue
            line = reader.line_num
            if len(row) != len(header):
                raise ValueError(
                    f"{source}:{line}: {len(row)} columns where the first line has {len(header)}; "
                    "a comma inside a value needs quotes"
                )
            cell = {name: _cell(row[place]) for name, place in at.items()}
            household_id = cell["household_id"]
            if not household_id:
                raise ValueError(
                    f"{source}:{line}: household_id is empty; every household has its own"
                )
            if household_id in seen:
                raise ValueError(
                    f"{source}:{line}: household_id {household_id!r} is also on line "
                    f"{seen[household_id]}; every household has its own"
                )
            seen[household_id] = line
            yield Listed(
                household_id,
                cell["head_name"],
                _list(cell.get("members", "")),
                _list(cell.get("phones", "")),
                cell.get("address", ""),
                cell.get("area", ""),
                _ages(cell.get("ages", ""), f"{source}:{line}"),
            )
    except csv.Error as error:
        raise ValueError(f"{source}:{reader.line_num}: {error}") from None


def match_lines(
    lines: Iterable[str], source: str, index: HouseholdIndex
) -> Iterator[dict[str, object]]:
    """One object for each line, in the same order: its id and its matches. Raises ValueError in
    one sentence naming source, line and column."""
    for number, line in enumerate(lines, start=1):
        if not line.strip("\ufeff \t\r\n"):
            continue
        row = read_object(line, f"{source}:{number}")
        found = index.matches(_query(row, f"{source}:{number}"))
        yield {"id": row["id"], "matches": [one.as_json() for one in found]}


def _query(row: dict[str, object], where: str) -> Home:
    given = {}
    for field in _FIELDS:
        value = row.get(field)
        if value is not None and not isinstance(value, str):
            raise ValueError(
                f'{where}:1: "{field}" is not text; write it in quotes or leave it out'
            )
        given[field] = (value or "")[:_LONGEST]
    age = row.get("age")
    if age is not None and (not isinstance(age, int) or isinstance(age, bool)):
        raise ValueError(f'{where}:1: "age" is no whole number; write it like 76 or leave it out')
    return read_home(
        names=(given["name"],),
        phones=(given["phone"],),
        address=given["address"],
        area=given["area"],
        ages=() if age is None else (age,),
    )


def _cell(value: str) -> str:
    return value.strip().replace("\x1f", " ")[:_LONGEST]


def _list(cell: str) -> Sequence[str]:
    return tuple(part.strip() for part in cell.replace("；", ";").split(";") if part.strip())


def _ages(cell: str, where: str) -> tuple[int | None, ...]:
    try:
        return (
            tuple(int(part) if part.strip() else None for part in cell.split(";")) if cell else ()
        )
    except ValueError:
        raise ValueError(f"{where}: ages {cell!r} are no numbers separated by ;") from None


def encoding_of(file: BinaryIO, source: str) -> str:
    """How a text file is written: UTF-8 with or without a mark, or GB 18030, as spreadsheets of
    the region save it. Reads it once in pieces. Raises ValueError."""
    for encoding in ("utf-8-sig", "gb18030"):
        file.seek(0)
        decoder = codecs.getincrementaldecoder(encoding)()
        try:
            while piece := file.read(1 << 20):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            continue
        return encoding
    raise ValueError(f"{source}: not a text file; save it as CSV in UTF-8")
