"""What of an English page is Chinese, and neither marked as such nor typed by somebody."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from html.parser import HTMLParser
from typing import Any

from sqlalchemy import select
from sqlmodel import SQLModel, col

from gateway.state import State
from models.relief import Relief

_MARKS = "\uff00-\uffef\u3001-\u303f·"
RUN = re.compile(f"[{_MARKS}]*[\u3400-\u9fff][{_MARKS}\u3400-\u9fff]*")
PARTS = re.compile(r"\s+[·|]\s+|[,;()]|\s{2,}")
"""What stands between names on a line."""
FROM_RULES = {"request.summary", "task.note", "unit.name_zh"}
"""Columns that hold names of the directory or of the rules."""
SHOWN = ("alt", "aria-label", "content", "placeholder", "title", "value")
EMPTY = {"br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"}


class _Reader(HTMLParser):
    """Collects the texts and attributes that are shown, except in an element of ``lang="zh…"``,
    and of each whether it stands in a quotation."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, bool]] = []
        self._open: list[tuple[str, bool, bool]] = [("", False, False)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        _, marked, quoted = self._open[-1]
        if "lang" in given:
            marked = given["lang"].startswith("zh")
        quoted = quoted or tag == "q"
        if not marked:
            self.said += [(given[name], quoted) for name in SHOWN if name in given]
        if tag not in EMPTY:
            self._open.append((tag, marked or tag in ("script", "style"), quoted))

    def handle_endtag(self, tag: str) -> None:
        while len(self._open) > 1 and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        _, marked, quoted = self._open[-1]
        if not marked:
            self.said.append((data, quoted))


class Known:
    """What people typed in this county, and what the directory and the rules call things."""

    def __init__(self, state: State) -> None:
        office = state.offices.current()
        self.names = {
            row.name_zh
            for row in (*office.directory.units, *_rows(office.policy))
            if getattr(row, "name_en", "") not in ("", row.name_zh)
        }
        with state.database.read() as session:
            connection = session.connection()
            self.typed = "\n".join((*_typed(connection), *_sources(office.policy)))
            givers = connection.execute(select(col(Relief.giver))).scalars()
            self.names -= set(givers)  # a body may be written as it writes itself

    def strange(self, html: str, asked: str = "") -> list[str]:
        """Names that have an English one, and Chinese that nobody typed, here or into ``asked``."""
        reader = _Reader()
        reader.feed(html)
        typed = self.typed + asked
        found = set()
        for text, quoted in reader.said:
            if not quoted:
                found |= {part.strip() for part in PARTS.split(text)} & self.names
            found |= {
                run
                for run in RUN.findall(text)
                if not all(part in typed for part in run.split("、"))
            }
        return sorted(found)


def _typed(connection: Any) -> Iterator[str]:
    for table in SQLModel.metadata.tables.values():
        columns = [one for one in table.columns if f"{table.name}.{one.name}" not in FROM_RULES]
        for row in connection.execute(select(*columns)):
            for value in row:
                yield from _texts(value)


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case bytes():
            yield value.decode("utf-8", "ignore")
        case Mapping():
            for one in value.values():
                yield from _texts(one)
        case list() | tuple():
            for one in value:
                yield from _texts(one)


def _sources(policy: Any) -> Iterator[str]:
    """Where the rules come from: a law is cited in its own words."""
    for row in _parts(policy):
        yield from _texts([getattr(row, name, "") for name in ("source", "title", "number")])


def _rows(policy: Any) -> Iterator[Any]:
    return (row for row in _parts(policy) if hasattr(row, "name_zh"))


def _parts(value: Any) -> Iterator[Any]:
    """Everything that the value is made of, and what that is made of."""
    if is_dataclass(value) and not isinstance(value, type):
        yield value
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _parts(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _parts(one)
