"""Which tests are the quick suite, and which wait for ``pytest -m thorough``.

What is written once for both databases runs quickly on one of them: two in three on SQLite, every
third on PostgreSQL, by the checksum of its name, so that every part of the product meets both.
The other run of each is thorough. So is a test that is marked ``thorough``: it repeats at length
what a quick one shows in small. What is about the databases themselves always runs on both.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from zlib import crc32

import pytest

ON_BOTH = (
    "tests/models/",
    "tests/journeys/test_one_path.py",
    "tests/gateway/test_bad_input.py::test_a_busy_database",
    "tests/gateway/test_bad_input.py::test_a_database_that_is_away",
    "tests/gateway/test_clock_audit.py::test_what_is_due_is_found_by_the_index",
    "tests/gateway/test_clock_audit.py::test_after_six_hours",
)
LONG = ("tests/crash/test_kill.py", "tests/browser/", "tests/gateway/test_rights_matrix.py")
"""Begun first, so that no worker is left alone with one of them at the end."""
EVERY = 3


def mark(items: Iterable[pytest.Item]) -> None:
    """Mark one of each two runs that differ in nothing but the database."""
    runs: dict[Any, dict[str, pytest.Item]] = defaultdict(dict)
    for item in items:
        spec = getattr(item, "callspec", None)
        if spec is None or "database_url" not in spec.params:
            continue
        others = frozenset((n, at) for n, at in spec.indices.items() if n != "database_url")
        test = item.nodeid.partition("[")[0]
        runs[test, others][spec.params["database_url"]] = item
    for pair in runs.values():
        if len(pair) == 2 and not pair["sqlite"].nodeid.startswith(ON_BOTH):
            third = crc32(pair["sqlite"].nodeid.encode()) % EVERY == 0
            pair["sqlite" if third else "postgresql"].add_marker(pytest.mark.thorough)


def order(items: list[pytest.Item]) -> None:
    """The long files first; the rest stays as it was shuffled."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))
