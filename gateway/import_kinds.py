"""What a spreadsheet of each kind holds: its columns, and what a cell of each may be."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from importlib import resources
from typing import Any
from unicodedata import normalize

import tomli
from stdnum.cn import ric

from gateway import import_hours
from gateway.sheets import FORMULA, LOST, SPOILT, title
from triage.phones import read_number
from triage.text import plain

_LIST = re.compile(r"[;；、\n]+")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T ].*)?")
_MOST_DIGITS = 13
"""Of one number in China with its country's."""
_COMPACT_DAY = re.compile(r"(19|20)(\d{2})(\d{2})(\d{2})")
WARNINGS = "warnings"
"""The kind of a list of another body."""
ROSTERS = "rosters"
_NOTHING = frozenset(
    ("无", "没有", "暂无", "不详", "未知", "/", "\\", "-", "--", "—", "——", "无。")
)
"""What people write into a cell that has nothing to say."""
_LASTING = frozenset(("长期", "永久", "无期限"))
SAMPLE = "示例"
"""A row that begins with this word is the grey sample row of the template."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``form`` is what a cell must be: text, list, phone, phones, identity, day, yes,
    choice (of ``choices``: word -> code)."""

    key: str
    heading: str
    required: bool = False
    form: str = "text"
    also: Sequence[str] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    most: int = 200
    sample: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A bad cell: where, what stands there, what is wrong (a phrase that says how to mend it)."""

    line: int
    column: str
    value: str
    key: str
    params: Mapping[str, str] = field(default_factory=dict)


def _kinds() -> Mapping[str, Sequence[Column]]:
    source = resources.files("gateway").joinpath("import_columns.toml").read_text("utf-8")
    return {
        kind: tuple(Column(**row) for row in rows) for kind, rows in tomli.loads(source).items()
    }


KINDS = _kinds()
"""The columns of every kind of spreadsheet, from import_columns.toml."""


def known_titles(kind: str) -> Mapping[str, str]:
    """Header words of a kind and the column that they mean."""
    return {
        title(word): column.key
        for column in KINDS[kind]
        for word in (column.heading, column.key, *column.also)
    }


@dataclass(frozen=True, slots=True)
class Codes:
    """Names that a cell may hold for a code: areas by code or name, categories, authorities;
    ``on`` is the day on which they are read, ``lead`` reads a whole row of another body's list, or
    raises ``BadRow``."""

    areas: Mapping[str, str]
    categories: Mapping[str, str]
    authorities: Mapping[str, str]
    on: date | None = None
    lead: Callable[[Mapping[str, Any]], object] | None = None


class CellError(Exception):
    """A cell that cannot be used; ``key`` is the phrase that says how to mend it."""

    def __init__(self, key: str, **params: str) -> None:
        super().__init__(key)
        self.key, self.params = key, params


class BadRow(CellError):
    """A row that cannot be used, for what stands, or does not stand, in ``column``."""

    def __init__(self, column: str, key: str, **params: str) -> None:
        super().__init__(key, **params)
        self.column = column


def shown(text: str) -> str:
    """A cell as it is shown: what stands for a formula or a lost number is no text of anybody."""
    return "" if text in (FORMULA, SPOILT) else text.removeprefix(LOST)[:80]


def read_cell(column: Column, text: str, codes: Codes) -> object:
    """What a cell means; None when it is empty. Raises ``CellError``."""
    if text == FORMULA:
        raise CellError("import.fault.formula")
    if text == SPOILT:
        raise CellError("import.fault.spoilt")
    if text.startswith(LOST):
        raise CellError("import.fault.lost")
    if text in _NOTHING and column.form != "text":
        text = ""
    if not text:
        if column.required:
            raise CellError("import.fault.missing")
        return None
    if len(text) > column.most:
        raise CellError("import.fault.long", most=str(column.most))
    return _FORMS[column.form](column, text, codes)


def _phones(_column: Column, text: str, _codes: Codes) -> tuple[str, ...]:
    found: list[str] = []
    for part in re.split(r"[;；、,，/\r\n]+", text):
        together = "".join(part.split())
        # blanks within one number (+86 139 0000 1234), else between two
        one = sum(letter.isdecimal() for letter in together) <= _MOST_DIGITS
        for piece in [together] if one else part.split():
            if piece:
                found += _number(piece)
    return tuple(dict.fromkeys(found))


def _number(text: str) -> tuple[str, ...]:
    numbers = read_number(text)
    for one in numbers:
        if one[0] == "1" and len(one) != 11 and not one.startswith(("10", "12")):
            raise CellError("import.fault.phone")
    if not numbers:
        raise CellError("import.fault.phone")
    return numbers


def _day(column: Column, text: str, _codes: Codes) -> date | None:
    flat = plain(text).strip()
    if flat in _LASTING and column.key.endswith("until"):
        return None
    found = _DAY.fullmatch(flat)
    parts = found.groups() if found else None
    if parts is None and (compact := _COMPACT_DAY.fullmatch(flat)):
        parts = (compact[1] + compact[2], compact[3], compact[4])
    if parts is None:
        raise CellError("import.fault.day")
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        raise CellError("import.fault.day") from None


def _identity(_column: Column, text: str, _codes: Codes) -> str:
    number = plain(text).replace(" ", "").upper()
    if re.fullmatch(r"\d{15}", number):
        raise CellError("import.fault.identity_old")
    valid: bool = ric.is_valid(number)
    if not valid:
        lost = len(number) == 18 and number.endswith("000")
        raise CellError("import.fault.lost" if lost else "import.fault.identity")
    return number


def _choice(column: Column, text: str, _codes: Codes) -> str:
    word = plain(text).strip()
    for name, code in column.choices.items():
        if word in (plain(name), code):
            return code
    raise CellError("import.fault.choice", allowed="、".join(list(column.choices)[:12]))


def _code(known: Mapping[str, str], text: str, key: str) -> str:
    found = known.get(text.strip())
    if found is None:
        raise CellError(key)
    if found == "":
        raise CellError("import.fault.ambiguous")
    return found


def _categories(_column: Column, text: str, codes: Codes) -> tuple[str, ...]:
    parts = [part.strip() for part in re.split(r"[;；、,，\n]+", text) if part.strip()]
    return tuple(
        dict.fromkeys(_code(codes.categories, part, "import.fault.category") for part in parts)
    )


def _yes(_column: Column, text: str, _codes: Codes) -> bool:
    word = plain(text).strip()
    if word in ("是", "y", "yes", "1", "true", "保密"):
        return True
    if word in ("否", "n", "no", "0", "false", "不保密"):
        return False
    raise CellError("import.fault.choice", allowed="是、否")


def _clock(_column: Column, text: str, _codes: Codes) -> int:
    try:
        return import_hours.minute(text)
    except ValueError:
        raise CellError("import.fault.clock") from None


def _weekdays(_column: Column, text: str, _codes: Codes) -> str:
    try:
        return import_hours.weekdays(text)
    except ValueError:
        raise CellError("import.fault.weekdays") from None


def _decimal(_column: Column, text: str, _codes: Codes) -> float:
    try:
        number = float(plain(text))
    except ValueError:
        raise CellError("import.fault.number") from None
    if not math.isfinite(number):
        raise CellError("import.fault.number")
    return number


_Form = Callable[[Column, str, Codes], object]
_FORMS: Mapping[str, _Form] = {
    "text": lambda _column, text, _codes: text,
    "key": lambda _column, text, _codes: normalize("NFKC", text),
    "list": lambda _column, text, _codes: tuple(
        dict.fromkeys(part.strip() for part in _LIST.split(text) if part.strip())
    ),
    "phone": lambda _column, text, _codes: _number(text)[0],
    "phones": _phones,
    "identity": _identity,
    "day": _day,
    "choice": _choice,
    "yes": _yes,
    "number": _decimal,
    "clock": _clock,
    "weekdays": _weekdays,
    "area": lambda _column, text, codes: _code(codes.areas, text, "import.fault.area"),
    "categories": _categories,
    "authority": lambda _c, text, codes: _code(codes.authorities, text, "import.fault.authority"),
}
