"""A database of the invented county, opened by the test itself."""

from collections.abc import Iterator

import pytest

from models.db import Database
from models.ids import Mint
from models.processes import enlist
from tests.conftest import KEY, WEDNESDAY


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """On SQLite, then on PostgreSQL."""
    found = open_again(database_url)
    yield found
    found.close()


@pytest.fixture
def mint(database: Database) -> Mint:
    """Ids of a process of our own."""
    return enlist(database, "test", WEDNESDAY)


def open_again(url: str) -> Database:
    """Another connection to the same rows, as a second process has one."""
    return Database(url, key=KEY if url.startswith("sqlite") else "")
