"""Which tests are the quick suite, and which wait for ``pytest -m thorough``.

The quick suite is a net over everything that takes some three minutes; the thorough one repeats at
length what it shows in small. Neither holds a test of the other, and ``.ci/run`` runs both. A test
is thorough

1. on one of the databases, where it is written for both: three in four run quickly on SQLite, every
   fourth on PostgreSQL, by the checksum of its name, so that every part of the product meets both.
   What is about the databases themselves always runs on both;
2. where its file marks another one ``quick``: a file that begins processes or opens a browser shows
   in that one what it is about (the day of a citizen, of an operator, of a bureau), the rest later;
3. where it is marked ``thorough``: alone it takes as long as a hundred others. Many drawings of a
   rule are, one in five of them are quick (``tests/drawn.py``);
4. as one of a family, which is one test with many parameters (a rule for every page, role, service,
   sentence): a sample is quick, chosen by the checksum of the names; of what is marked ``quick``
   one;
5. where its file has many that need a database: as many of them as ``PER_FILE`` says are quick,
   chosen in the same way.

Every file keeps something quick (those of ``tests/crash/``, and those of ``tests/browser/``,
together), or the run says so and stops.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

import pytest
from xdist.scheduler import LoadFileScheduling

BROWSER = "tests/browser/"
FORKED = (
    "tests/crash/",
    "tests/gateway/test_backup.py",
    "tests/gateway/test_cli.py",
    "tests/gateway/test_duplicates.py",
    "tests/gateway/test_learning_cli.py",
    "tests/gateway/test_newer_database.py",
    "tests/gateway/test_one_secret.py",
    "tests/gateway/test_partner_tokens.py",
    "tests/gateway/test_rules_diff.py",
    "tests/gateway/test_sm4_backup.py",
    "tests/gateway/test_verify_commands.py",
)
"""What forks its processes from a warm one (``tests/nursery.py``)."""
TELEGRAM = (
    "tests/channels/test_contract.py",
    "tests/channels/test_telegram.py",
    "tests/gateway/test_bad_input.py",
    "tests/gateway/test_chat_messages.py",
    "tests/gateway/test_fuzz.py",
    "tests/gateway/test_hooks.py",
    "tests/gateway/test_real_parts.py",
)
"""What needs ``aiogram``, which takes as long to import as fifty tests."""
LEARNED = ("tests/gateway/test_second_opinion.py", "tests/triage/test_learning.py")
"""What asks a model that has learned from hundreds of orders."""
BY_ONE_WORKER = {
    "browser": (BROWSER,),
    "forked": FORKED,
    "telegram": TELEGRAM,
    "learned": LEARNED,
}
"""What several files need and is dear to begin: a second Chromium with a second county for it, a
second warm process, a second ``aiogram`` cost more than they save."""
ON_BOTH = (
    "tests/models/",
    "tests/journeys/test_one_path.py",
    "tests/gateway/test_bad_input.py::test_a_busy_database",
    "tests/gateway/test_bad_input.py::test_a_database_that_is_away",
    "tests/gateway/test_clock_audit.py::test_what_is_due_is_found_by_the_index",
    "tests/gateway/test_clock_audit.py::test_after_six_hours",
)
LONG = (
    BROWSER,
    *FORKED,
    *TELEGRAM,
    *LEARNED,
    "tests/gateway/test_rights",
    "tests/test_architecture.py",
    "tests/triage/test_properties.py",
)
"""Begun first, so that no worker is left alone with one of them at the end."""
TOGETHER = ("tests/crash/", BROWSER)
"""Folders whose files are about one thing, and shown quickly by some of them."""
EVERY = 4
SAMPLE, ONE_IN = 2, 8
"""Of a family so many are quick, of a large one every eighth."""
PER_FILE = 2


class Files(LoadFileScheduling):
    """Who runs which file: any worker any file, but one all of ``BY_ONE_WORKER``."""

    def _split_scope(self, nodeid: str) -> str:
        return together(nodeid) or str(super()._split_scope(nodeid))


def together(nodeid: str) -> str:
    """The name of the group that goes to one worker as a whole; "" for a test of none."""
    return next((name for name, them in BY_ONE_WORKER.items() if nodeid.startswith(them)), "")


def mark(items: Sequence[pytest.Item]) -> None:
    """Mark what is thorough, by the rules above, one after the other."""
    _mark(_on_another_database(items))
    _mark(_beside_a_quick_one(items))
    _mark(_beyond_the_sample(items))
    _mark(_beyond_what_a_file_shows(items))


def order(items: list[pytest.Item]) -> None:
    """The long files first, as ``LONG`` has them; the rest stays as it was shuffled."""
    places = {name: at for at, name in enumerate(LONG)}

    def place(item: pytest.Item) -> int:
        return next((at for name, at in places.items() if item.nodeid.startswith(name)), len(LONG))

    items.sort(key=place)


def require_net(items: Iterable[pytest.Item]) -> None:
    """Raise ``UsageError`` when a file has nothing quick; given the tests of whole folders."""
    files: dict[str, bool] = {}
    for item in items:
        file = next(
            (folder for folder in TOGETHER if item.nodeid.startswith(folder)),
            item.nodeid.partition("::")[0],
        )
        files[file] = files.get(file, False) or not _is_thorough(item)
    if bare := sorted(file for file, has in files.items() if not has):
        raise pytest.UsageError(
            f"{', '.join(bare)}: every test is thorough; mark one 'quick', so that the quick suite "
            "shows what this file is about"
        )


def _is_thorough(item: pytest.Item) -> bool:
    return item.get_closest_marker("thorough") is not None


def _mark(items: Iterable[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.thorough)


def _checksum(item: pytest.Item) -> int:
    return crc32(item.nodeid.encode())


def _on_another_database(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """One of each two runs that differ in nothing but the database."""
    runs: dict[Any, dict[str, pytest.Item]] = defaultdict(dict)
    for item in items:
        spec = getattr(item, "callspec", None)
        if spec is None or "database_url" not in spec.params:
            continue
        others = frozenset((n, at) for n, at in spec.indices.items() if n != "database_url")
        test = item.nodeid.partition("[")[0]
        runs[test, others][spec.params["database_url"]] = item
    return [
        pair["sqlite" if _checksum(pair["sqlite"]) % EVERY == 0 else "postgresql"]
        for pair in runs.values()
        if len(pair) == 2 and not pair["sqlite"].nodeid.startswith(ON_BOTH)
    ]


def _beside_a_quick_one(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """What stands in a file that marks others as its quick ones."""
    items = list(items)
    chosen = {item.path for item in items if item.get_closest_marker("quick")}
    return [i for i in items if i.path in chosen and not i.get_closest_marker("quick")]


def _beyond_the_sample(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Of each test with many parameters those that the sample leaves out."""
    families: dict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        spec = getattr(item, "callspec", None)
        if spec is not None and not _is_thorough(item):
            both = item.nodeid.startswith(ON_BOTH)
            database = str(spec.params.get("database_url", "")) if both else ""
            families[item.nodeid.partition("[")[0], database].append(item)
    left: list[pytest.Item] = []
    for family in families.values():
        dear = family[0].get_closest_marker("quick") is not None
        kept = 1 if dear else max(SAMPLE, len(family) // ONE_IN)
        left += sorted(family, key=_checksum)[kept:]
    return left


def _beyond_what_a_file_shows(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Of each file with many tests that need a database those that it can do without."""
    files: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        spec = getattr(item, "callspec", None)
        if spec is None or "database_url" not in spec.params or _is_thorough(item):
            continue
        if not item.nodeid.startswith(ON_BOTH):
            files[item.nodeid.partition("::")[0]].append(item)
    return [one for of in files.values() for one in sorted(of, key=_checksum)[PER_FILE:]]
