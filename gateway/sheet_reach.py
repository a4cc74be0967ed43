"""How far the cells of a sheet reach, from its XML as it streams by: what opens a spreadsheet makes
room for every cell up to the farthest, and one stray cell can want more room than there is.

Where it is not certain, cells are thought too far rather than too near. A cell need not say where
it stands: then it stands beside the one before it.
"""

import re
from collections.abc import Iterable

_ATTRIBUTE = rb"""[^\s=<>]++\s*+=\s*+(?:"[^"]*+"|'[^']*+')\s*+"""
_STANDS = re.compile(rb"""r\s*=\s*["']([A-Za-z]*)([0-9]+)["']""")
_FILLED = re.compile(
    rb"""r\s*=\s*["']([A-Za-z]{2,})[0-9]+["'](?!\s*(?:""" + _ATTRIBUTE + rb""")*/>)"""
)
_TAG = re.compile(rb"""<(?!/|v>)(?:[^\s<>/:]+:)?(row(?=[\s/>])|c(?=[\s/>])(?! r=["']))""")
_PLAIN = re.compile(
    rb"""<[/?]?[^\s<>"'=/]++(?:\s*+[^\s<>"'=]++\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'))*+\s*+[/?]?>"""
)
_PLACED = re.compile(rb"\s+(?:" + _ATTRIBUTE + rb")*r\s*=")
_FAR = 10**8
"""Of a row with more digits, or a column with more letters, than any spreadsheet has."""


class Reach:
    """The last row and the last column that hold a cell, from 1. An empty cell that is only
    coloured does not count beyond column Z. ``odd``: it cannot be said."""

    odd = False

    def __init__(self) -> None:
        self._row = self._column = 0  # that a cell names
        self._filled = 0  # the last column with a value
        self._rows = self._cells = self._most = 0  # that say not where they stand

    def see(self, tags: bytes) -> None:
        """The next of the sheet: whole tags."""
        found = _STANDS.findall(tags)
        letters = {one for one, _ in found}
        self._row = max(self._row, max(map(_number, {one for _, one in found}), default=0))
        self._column = max(self._column, _column(letters))
        near = {one for one in letters if len(one) < 2}
        if len(near) < len(letters):
            near |= set(_FILLED.findall(tags))
        self._filled = max(self._filled, _column(near))
        for tag in _TAG.finditer(tags):
            placed = _PLACED.match(tags, tag.end()) is not None
            if tag[1] == b"row":
                self._cells = 0
                self._rows += not placed
            elif not placed:
                self._cells += 1
                self._most = max(self._most, self._cells)
        if self._most:  # what looks like a row, in a comment or a value, would begin the count anew
            self.odd = self.odd or tags.count(b"<") != len(_PLAIN.findall(tags))

    @property
    def rows(self) -> int:
        """The last row."""
        return self._row + (self._rows if self._most else 0)

    @property
    def columns(self) -> int:
        """The last column."""
        return self._column + self._most if self._most else self._filled

    @property
    def corner(self) -> str:
        """The cell in the last row and the last column, as a spreadsheet names it."""
        letters, left = "", self.columns
        while left:
            left, letter = divmod(left - 1, 26)
            letters = chr(65 + letter) + letters
        return f"{letters}{self.rows}"


def _number(digits: bytes) -> int:
    return int(digits) if len(digits) < 8 else _FAR


def _column(all_letters: Iterable[bytes]) -> int:
    last = 0
    for letters in all_letters:
        column = 0
        for letter in letters.upper():
            column = column * 26 + letter - 64
        last = max(last, column if len(letters) < 4 else _FAR)
    return last
