"""What begins with a text is found under every order of letters, and nothing else is."""

import pytest
from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import postgresql
from sqlmodel import col

from models.counters import Counter
from models.db import Database
from models.prefixes import begins

NAMES = (
    "city:k1", "city:", "city:Z", "City:k1", "citya", "city;", "cit", "c_t%:x", "city/:1", "cxt:x",
)  # fmt: skip


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("city:", ["city:", "city:Z", "city:k1"]),
        ("c_t%:", ["c_t%:x"]),
        ("city/:", ["city/:1"]),
        ("nobody:", []),
    ],
)
def test_a_beginning_is_found_letter_by_letter(
    database: Database, prefix: str, found: list[str]
) -> None:
    with database.write() as connection:
        connection.execute(delete(Counter))
        connection.execute(insert(Counter), [{"name": one, "value": 1} for one in NAMES])
    with database.read() as session:
        name = col(Counter.name)
        told = session.connection().scalars(select(name).where(begins(name, prefix)))
        assert sorted(told) == found


def test_no_order_of_a_database_decides_on_postgresql() -> None:
    """Most orders skip punctuation: there "city:k1" does not stand before "city;"."""
    written = str(begins(col(Counter.name), "city:").compile(dialect=postgresql.dialect()))
    assert " LIKE " in written
    assert "<" not in written
    assert ">" not in written
