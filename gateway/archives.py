"""What stands in a packed spreadsheet, looked at before anything opens it: bombs, macros and
entities are refused; formulas, spoilt cells and merged cells are found with their places."""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from html import unescape

_MOST_PARTS = 2_000
_MOST_BYTES = 800_000_000
_MOST_RATIO = 300
_SMALL = 1_000_000  # below this a part may be packed as tightly as it likes
_PIECE = 1 << 20
_FORMULA = re.compile(rb"<(?:\w+:)?c r=\"([A-Z]{1,3}[0-9]{1,7})\"[^>]*>\s*<(?:\w+:)?f[ >/]")
_SPOILT = re.compile(rb"<(?:\w+:)?c r=\"([A-Z]{1,3}[0-9]{1,7})\"[^>]* t=\"e\"")
_MERGED = re.compile(rb"<(?:\w+:)?mergeCell ref=\"([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}[0-9]{1,7})\"")
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
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
    bombs, macros and entities before anything unpacks them. Raises ``BadSheet``."""
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
    seen = {
        part.filename: _scan(name, archive, part)
        for part in parts
        if part.filename.endswith((".xml", ".rels"))
    }
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


def _scan(name: str, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Seen:
    """One part, read piece by piece; no more than it claims."""
    marked: dict[tuple[int, int], str] = {}
    merged: list[str] = []
    rest, read = b"", 0
    try:
        with archive.open(part) as stream:
            while piece := stream.read(_PIECE):
                read += len(piece)
                if read > part.file_size:
                    raise BadSheet("sheet.damaged", name=name)
                window = rest + piece
                if read == len(piece) and _ENTITY.search(window[:4096]):
                    raise BadSheet("sheet.entities", name=name)
                if part.filename.startswith("xl/worksheets/"):
                    for pattern, mark in ((_SPOILT, SPOILT), (_FORMULA, FORMULA)):
                        for found in pattern.finditer(window):
                            marked[_place(found[1])] = mark
                    merged += [found[1].decode() for found in _MERGED.finditer(window)]
                    rest = window[-400:]
    except UNREADABLE:
        raise BadSheet("sheet.damaged", name=name) from None
    return marked, list(dict.fromkeys(merged))


def _place(reference: bytes) -> tuple[int, int]:
    """B3 as row 3, column 1 (from 0)."""
    letters = reference.rstrip(b"0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + letter - 64
    return int(reference[len(letters) :]), column - 1
