"""What stands in a packed spreadsheet, looked at before anything opens it: bombs, macros, entities
and cells far away are refused; formulas, spoilt and merged cells are found with their places."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from copy import copy
from html import unescape

from gateway.sheet_reach import Reach

_MOST_PARTS = 2_000
_MOST_BYTES = 800_000_000
_MOST_RATIO = 300
_SMALL = 1_000_000  # below this a part may be packed as tightly as it likes
_PIECE = 1 << 20
_LONGEST_TAG = 16 * _PIECE
_MOST_COLUMNS = 256
_MOST_CELLS = 27_000_000  # up to Z in a million rows, whether something stands there or not
_FORMULA = re.compile(rb"<(?:\w+:)?c r=\"([A-Z]{1,3}[0-9]{1,7})\"[^>]*>\s*<(?:\w+:)?f[ >/]")
_SPOILT = re.compile(rb"<(?:\w+:)?c r=\"([A-Z]{1,3}[0-9]{1,7})\"[^>]* t=\"e\"")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell ref=\"([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})\"")
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_ROWS = b"sheetData"  # without this tag no part of a spreadsheet has cells
_OVERLAP = 400  # what two tags that are looked at together take at most
FORMULA = "\x00formula"
"""Stands for a cell that holds a formula."""
SPOILT = "\x00spoilt"
"""Stands for a cell whose value the spreadsheet could not work out (#N/A, #REF!)."""
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
    KeyError,
)
"""What reading an archive raises that is none any more."""

Marks = Mapping[tuple[int, int], str]
"""Row and column (from 0) of a cell, and what stands there for its value."""
Seen = tuple[Marks, list[str]]


class BadSheet(Exception):
    """A file that cannot be used as a whole. ``key`` is the phrase that says what, where and how to
    mend it."""

    def __init__(self, key: str, **params: str) -> None:
        super().__init__(key)
        self.key = key
        self.params = params


def looked_into(name: str, body: bytes) -> dict[str, Seen]:
    """The cells with formulas or without a value, and the merged cells, of each sheet. Refuses
    bombs, macros, entities and far cells before anything unpacks them. Raises ``BadSheet``."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        parts = archive.infolist()
    except zipfile.BadZipFile:
        raise BadSheet("sheet.damaged", name=name) from None
    names = {part.filename for part in parts}
    if "xl/workbook.xml" not in names:
        raise BadSheet("sheet.not_that", name=name)
    if any(one.endswith(("vbaProject.bin", ".bin")) and "vba" in one.lower() for one in names):
        raise BadSheet("sheet.macros", name=name)
    total = sum(part.file_size for part in parts)
    tight = any(
        part.file_size > _SMALL and part.file_size > _MOST_RATIO * max(part.compress_size, 1)
        for part in parts
    )
    if len(parts) > _MOST_PARTS or total > _MOST_BYTES or tight:
        raise BadSheet("sheet.bomb", name=name, size=f"{total / 1e6:,.0f}", parts=f"{len(parts):,}")
    seen: dict[str, Seen] = {}
    cells = 0
    for part in parts:
        marked, merged, reach = _scan(name, archive, part)
        seen[part.filename] = marked, merged
        cells += reach.rows * reach.columns
        if reach.columns > _MOST_COLUMNS or cells > _MOST_CELLS:
            raise BadSheet(
                "sheet.far", name=name, cell=reach.corner, columns=str(_MOST_COLUMNS),
                cells=f"{_MOST_CELLS:,}",
            )  # fmt: skip
    book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
    links = "xl/_rels/workbook.xml.rels"
    rels = archive.read(links).decode("utf-8", "replace") if links in names else ""
    target = {
        key[1]: "xl/" + path[1].removeprefix("/xl/")
        for one in re.findall(r"<Relationship [^>]*>", rels)
        if (key := re.search(r'Id="([^"]+)"', one))
        and (path := re.search(r'Target="([^"]+)"', one))
    }
    return {
        unescape(sheet["name"]): seen[target[sheet["id"]]]
        for sheet in re.finditer(
            r'<(?:\w+:)?sheet [^>]*?name="(?P<name>[^"]*)"[^>]*?r:id="(?P<id>[^"]+)"', book
        )
        if target.get(sheet["id"]) in seen
    }


def _scan(
    name: str, archive: zipfile.ZipFile, part: zipfile.ZipInfo
) -> tuple[Marks, list[str], Reach]:
    """One part, read piece by piece; no more than it claims. What holds the rows of a sheet is one,
    whatever it is called."""
    marked: dict[tuple[int, int], str] = {}
    merged: list[str] = []
    reach, is_sheet = Reach(), False
    rest, read, told = b"", 0, 0
    longer = copy(part)
    longer.file_size += 1  # else what is more than it claims is cut off unseen
    try:
        with archive.open(longer) as stream:
            while piece := stream.read(_PIECE):
                read += len(piece)
                if read > part.file_size:
                    raise BadSheet("sheet.damaged", name=name)
                window = rest + piece
                if read == len(piece) and _has_entities(part, window):
                    raise BadSheet("sheet.entities", name=name)
                is_sheet = is_sheet or _ROWS in window
                if not is_sheet:
                    rest = window[-len(_ROWS) :]
                    continue
                for pattern, mark in ((_SPOILT, SPOILT), (_FORMULA, FORMULA)):
                    for found in pattern.finditer(window):
                        marked[_place(found[1])] = mark
                merged += [found[1].decode() for found in _MERGED.finditer(window)]
                whole = max(window.rfind(b"<"), told)
                reach.see(window[told:whole])
                rest = window[min(whole, max(len(window) - _OVERLAP, 0)) :]
                told = whole - (len(window) - len(rest))
                if reach.odd or len(rest) > _LONGEST_TAG:
                    raise BadSheet("sheet.damaged", name=name)
    except UNREADABLE:
        raise BadSheet("sheet.damaged", name=name) from None
    if is_sheet:
        reach.see(rest[told:])
    return marked, list(dict.fromkeys(merged)), reach


def _has_entities(part: zipfile.ZipInfo, head: bytes) -> bool:
    return part.filename.endswith((".xml", ".rels")) and bool(_ENTITY.search(head[:4096]))


def _place(reference: bytes) -> tuple[int, int]:
    """B3 as row 3, column 1 (from 0)."""
    letters = reference.rstrip(b"0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return int(reference[len(letters) :]), column - 1
