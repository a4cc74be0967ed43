"""Texts that begin in a certain way, found by the index and the same under every collation.

A range ("city:" up to "city;") is right only where texts are ordered byte by byte. SQLite does so;
PostgreSQL orders as its database was made, and most orders skip punctuation. LIKE is right there
under any order, and reads the index where the order is "C"; in SQLite LIKE takes A for a and reads
no index.
"""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


class Begins(FunctionElement[bool]):
    """The condition that a text begins so; made by ``begins``."""

    name = "begins"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "Begins":  # noqa: ARG002
        """As it is: it stands in brackets, and "= 1" after it, where there are no truth values,
        would keep SQLite from the index."""
        return self


def begins(column: Any, prefix: str) -> ColumnElement[bool]:
    """The condition that ``column`` begins with ``prefix``, letter by letter; it is not empty."""
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    escaped = prefix.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return Begins(column, literal(prefix), literal(after), literal(f"{escaped}%"))


@compiles(Begins)
def _like(element: Any, compiler: Any, **options: Any) -> str:
    column, _low, _high, pattern = (compiler.process(one, **options) for one in element.clauses)
    return f"({column} LIKE {pattern} ESCAPE '/')"


@compiles(Begins, "sqlite")
def _range(element: Any, compiler: Any, **options: Any) -> str:
    column, low, high, _pattern = (compiler.process(one, **options) for one in element.clauses)
    return f"({column} >= {low} AND {column} < {high})"
