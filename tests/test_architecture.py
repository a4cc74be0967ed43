"""The rules of the code as a whole. A failure names the file, column, setting or phrase."""

import ast
import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import grimp
import httpx2
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, make_url, select, text
from sqlmodel import SQLModel, col

import channels as ways_in_and_out
import gateway.__main__ as command_line
import models.tables
from gateway.app import create_app
from gateway.settings import PREFIX, Settings
from gateway.state import wire
from gateway.ticks import Ticks
from models.db import Database
from models.migrations import is_current, upgrade
from models.outbox import Outgoing
from models.requests import HelpRequest
from models.vocabulary import Protection
from referral.policy import profiles
from tests import shipped
from tests.conftest import Clock

ROOT = Path(__file__).parent.parent
PACKAGES = ("gateway", "channels", "triage", "referral", "models")
README = (ROOT / "README.md").read_text("utf-8")


@cache
def modules() -> dict[Path, ast.Module]:
    """Every module of the five packages, migrations excepted, with its syntax tree."""
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return {
        path.relative_to(ROOT): ast.parse(path.read_text("utf-8"), str(path))
        for path in paths
        if "versions" not in path.parts
    }


@cache
def nodes() -> list[tuple[Path, ast.AST]]:
    """Every node of every module."""
    return [(path, node) for path, tree in modules().items() for node in ast.walk(tree)]


@pytest.fixture(scope="module", autouse=True)
def forget() -> Iterator[None]:
    """The collector would go through a million nodes for all tests that follow."""
    yield
    nodes.cache_clear()
    modules.cache_clear()


# How the packages hang together.


def test_the_import_contracts_hold():
    """In a process of its own: the linter switches off every logger of the one it runs in."""
    linter = Path(sys.executable).with_name("lint-imports")
    linted = subprocess.run(
        [linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout


LATE = {("triage.policy", "triage.assess"), ("referral.policy", "referral.soundness")}
"""A check runs the rules' own examples, so it imports the judge when it is called, not before."""


def test_no_module_imports_itself_by_a_detour():
    graph = grimp.build_graph(*PACKAGES, cache_dir=None, exclude_type_checking_imports=True)
    for importer, imported in LATE:
        tree = modules()[Path(*importer.split(".")).with_suffix(".py")]
        assert not any(isinstance(n, ast.ImportFrom) and n.module == imported for n in tree.body)
        graph.remove_import(importer=importer, imported=imported)
    detours = {
        graph.find_shortest_chain(importer=imported, imported=importer)
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
    }
    assert detours == {None}


def test_no_module_is_longer_than_one_can_read():
    lines = {path: (ROOT / path).read_text("utf-8").count("\n") for path in modules()}
    assert {str(path): count for path, count in lines.items() if count > 300} == {}


def test_a_channel_names_neither_triage_nor_referral():
    sources = {path: (ROOT / path).read_text("utf-8") for path in modules()}
    named = [
        f"{path}: {found}"
        for path, source in sources.items()
        if path.parts[0] == "channels" and path.name != "__init__.py"
        for found in re.findall(r"\b(?:from|import)\s+(?:triage|referral)\b", source)
    ]
    assert named == []


# Time is an argument.


def test_only_the_settings_read_the_wall_clock():
    found = clock_readers(*PACKAGES)
    assert (found.returncode, found.stdout) == (0, "")


def clock_readers(*where: str) -> subprocess.CompletedProcess[str]:
    """Whoever reads the clock, by the ban in pyproject.toml; a ``noqa`` is no excuse."""
    options = ["--no-cache", "--quiet", "--ignore-noqa", "--select", "TID251"]
    return run("ruff", "check", *options, "--config", str(ROOT / "pyproject.toml"), *where)


def run(module: str, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """``python -m module`` in the project's folder."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        env={**os.environ, **env},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_guard_of_the_clock_would_see_a_reader(tmp_path):
    (tmp_path / "late.py").write_text("from datetime import datetime as d\nd.now()\n", "utf-8")
    found = clock_readers(str(tmp_path))
    assert found.returncode == 1
    assert "TID251" in found.stdout


@pytest.mark.thorough
def test_the_database_is_never_asked_for_the_time():
    asked = [
        f"{path}:{node.lineno}"
        for path, node in nodes()
        if (isinstance(node, ast.Attribute) and ast.unparse(node) in ("func.now", "sa.func.now"))
        or (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and re.search(r"CURRENT_TIMESTAMP|CURRENT_DATE|datetime\('now|\bnow\(\)", node.value)
        )
    ]
    assert asked == []


# The tables.


def test_every_column_of_every_table_says_how_sensitive_it_is():
    classes = {protection.value for protection in Protection}
    without = [
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
        if column.info.get("protection") not in classes
    ]
    assert without == []


def test_every_module_with_a_table_is_listed():
    listed = {module.__name__ for module in models.tables.MODULES}
    holding = {
        ".".join(path.with_suffix("").parts)
        for path, node in nodes()
        if isinstance(node, ast.ClassDef)
        and any(keyword.arg == "table" for keyword in node.keywords)
    }
    assert holding == listed


@pytest.fixture(params=["sqlite", "postgresql"])
def two_empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[Database]]:
    """Two databases without a table."""
    if request.param == "sqlite":
        found = [Database(f"sqlite:///{tmp_path / name}") for name in ("one.db", "two.db")]
        yield found
        for database in found:
            database.close()
        return
    server = make_url(request.getfixturevalue("postgresql")).set(drivername="postgresql+psycopg")
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    names = [f"empty_{os.getpid()}_{number}" for number in (1, 2)]
    found = []
    with admin.connect() as connection:
        for name in names:
            connection.execute(text(f"CREATE DATABASE {name}"))
            address = server.set(database=name).render_as_string(hide_password=False)
            found.append(Database(address))
        yield found
        for database, name in zip(found, names, strict=True):
            database.close()
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


def test_the_migrations_give_exactly_the_tables_of_the_models(two_empty):
    migrated, modelled = two_empty
    upgrade(migrated)
    with migrated.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    with modelled.write() as connection:
        SQLModel.metadata.create_all(connection)
    # Alembic does not compare the condition of a partial index.
    assert indexes(migrated) == indexes(modelled)


def indexes(database: Database) -> set[tuple[str, str]]:
    query = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        if database.is_sqlite
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
    )
    with database.read() as session:
        rows = session.connection().execute(text(query)).all()
    return {(name, sql) for name, sql in rows if not name.startswith("alembic")}


@pytest.mark.thorough
def test_of_processes_that_migrate_at_once_one_does_and_the_others_wait(two_empty):
    address = two_empty[0].url.render_as_string(hide_password=False)
    databases = [Database(address) for _ in range(3)]
    with ThreadPoolExecutor(len(databases)) as pool:
        list(pool.map(upgrade, databases))  # raises what any of them raises
    assert all(is_current(database) for database in databases)
    for database in databases:
        database.close()


def test_migrating_twice_is_harmless(two_empty):
    database = two_empty[0]
    assert not is_current(database)
    upgrade(database)
    with database.write() as connection:
        connection.execute(text("INSERT INTO counter (name, value) VALUES ('kept', 7)"))
    upgrade(database)
    assert is_current(database)
    with database.read() as session:
        kept = session.connection().execute(text("SELECT value FROM counter WHERE name = 'kept'"))
        assert kept.scalar() == 7


# What is written down agrees with what is done.


def settings_read() -> set[str]:
    """The settings by name: of the class, of a channel's ``env``, and those messages name."""
    found = {PREFIX + name.upper() for name in Settings.model_fields}
    for _, node in nodes():
        name: ast.expr | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            if node.func.attr == "get" and ast.unparse(node.func.value).split(".")[-1] == "env":
                name = node.args[0]
        elif isinstance(node, ast.Subscript):
            if ast.unparse(node.value).split(".")[-1] == "env":
                name = node.slice
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(re.findall(r"HUIYIN_[A-Z_]*[A-Z]\b(?!_)", node.value))
        if isinstance(name, ast.Constant):
            found.add(PREFIX + str(name.value))
    return found


def test_every_setting_is_in_the_readme_and_nothing_else():
    documented = set(re.findall(r"HUIYIN_[A-Z_]*[A-Z]\b", README))
    assert settings_read() == documented


def test_every_command_and_profile_is_in_the_readme():
    names = set(commands(command_line.app))
    assert {name for name in names if f"`huiyin {name}" not in README} == set()
    assert {name for name in profiles() if f"`{name}`" not in README} == set()


def commands(app, before: str = ""):
    for command in app.registered_commands:
        yield f"{before}{command.name or command.callback.__name__}"
    for group in app.registered_groups:
        yield from commands(group.typer_instance, f"{group.name} ")


# Every sentence has its words.

SPEAKERS = {
    "Say": slice(0, 1),
    "_phrase": slice(0, 1),
    "_say": slice(0, 1),
    "say": slice(None),
    "post": slice(None),
    "tell_staff": slice(2, 3),
    "_ask": slice(1, None),
}
"""Who speaks, and at which positions its phrases stand."""
KEY = re.compile(r"[a-z][a-z0-9_]*(?:\.[A-Za-z0-9_-]+)*\Z")


def strings(node: ast.expr) -> Iterator[str]:
    """The texts that an argument may be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from strings(node.body)
        yield from strings(node.orelse)


def phrases_named(book: frozenset[str]) -> Iterator[tuple[str, str]]:
    """(where, key) of every phrase that code or a template asks for by name."""
    spaces = {key.partition(".")[0] for key in book if "." in key}
    columns = {f"{t.name}.{c.name}" for t in SQLModel.metadata.sorted_tables for c in t.columns}
    dotted = re.compile(
        rf"(?:{'|'.join(sorted(spaces))})\.[A-Za-z0-9_.-]*[A-Za-z0-9](?<!\.html)(?<!\.csv)(?<!\.toml)\Z"
    )
    for path, node in nodes():
        if isinstance(node, ast.Call):
            positions = SPEAKERS.get(ast.unparse(node.func).split(".")[-1], slice(0))
            for argument in node.args[positions]:
                for key in strings(argument):
                    if KEY.match(key) and len(key) > 2:  # a longer word than "en"
                        yield f"{path}:{node.lineno}", key
        elif (
            isinstance(node, ast.Constant)
            and dotted.match(str(node.value))
            and node.value not in columns
        ):
            yield f"{path}:{node.lineno}", node.value
    for path in sorted(ROOT.glob("gateway/web/templates/**/*.html")):
        source = path.read_text("utf-8")
        for found in re.findall(r"\bt\(\s*\"([^\"]+)\"\s*[,)]", source):
            yield path.name, found
        for found in re.findall(r"\"([^\"]+)\"", source):
            if dotted.match(found):
                yield path.name, found


def test_every_phrase_that_is_said_exists():
    book = shipped.phrases().keys()
    named = set(phrases_named(book))
    assert len(named) > 50, "the search found what it looks for"
    assert sorted(f"{where}: {key}" for where, key in named if key not in book) == []


def test_phrases_that_are_put_together_have_words_for_some_value():
    book = shipped.phrases().keys()
    spaces = {key.partition(".")[0] for key in book if "." in key}
    unknown = []
    for path, node in nodes():
        if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
            begins = str(node.values[0].value)
            named = begins.partition(".")[0] in spaces and "." in begins and " " not in begins
            if named and not any(key.startswith(begins) for key in book):
                unknown.append(f"{path}:{node.lineno}: {begins}")
    assert unknown == []


@pytest.mark.thorough  # a process for each; read quickly in test_policy.py
@pytest.mark.parametrize("profile", profiles())
def test_every_shipped_profile_is_sound(profile, tmp_path):
    found = run("gateway", "check", HUIYIN_PROFILE=profile, HUIYIN_DATA_DIR=str(tmp_path))
    assert (found.returncode, found.stderr) == (0, "")
    assert found.stdout.startswith(f"{profile}: ")


def test_the_four_profiles_are_shipped():
    assert profiles() == (
        "dezhou", "heihe", "huzhou", "linfen", "national_baseline", "taian", "weihai_shandong",
        "yuanjiang",
    )  # fmt: skip


# A channel is one file and one name.

PIGEON = '''\
"""Carrier pigeons: one line of text each, the sender's ring on the first."""

from channels import Channel
from models.messages import Forged, Inbound, Unreadable


class Pigeon(Channel):
    name = "pigeon"
    address_kind = "ring"

    def __init__(self, settings):
        self.loft = settings.env["PIGEON_LOFT"]
        self.flown = []

    def verify(self, raw):
        if raw.headers.get("loft") != self.loft:
            raise Forged("a stranger's pigeon")

    def key(self, raw):
        return raw.headers.get("flight")

    def parse(self, raw):
        ring, newline, words = raw.body.decode().partition("\\n")
        if not newline:
            raise Unreadable("a pigeon carries a ring and words")
        return [Inbound(self.key(raw), ring, words)]

    async def send(self, message):
        self.flown.append(message)
        return f"flight-{message.key}"


def channel(settings):
    return Pigeon(settings)
'''


@contextmanager
def one_more_channel(folder: Path) -> Iterator[None]:
    (folder / "pigeon.py").write_text(PIGEON, "utf-8")
    ways_in_and_out.__path__.append(str(folder))
    try:
        yield
    finally:
        ways_in_and_out.__path__.remove(str(folder))
        sys.modules.pop("channels.pigeon", None)


def test_a_channel_is_one_file_and_one_name(settings, now, tmp_path):
    assert PIGEON.count("\n") <= 40
    (tmp_path / "huiyin.env").write_text("HUIYIN_PIGEON_LOFT=county\n", "utf-8")
    with one_more_channel(tmp_path):
        chosen = settings.model_copy(update={"channels": "web,console,pigeon"})
        state = wire(chosen, kind="test", now=now)
        try:
            asyncio.run(a_pigeon_is_answered(state, now))
        finally:
            state.close()


async def a_pigeon_is_answered(state, now: Clock) -> None:
    transport = httpx2.ASGITransport(create_app(state))
    async with httpx2.AsyncClient(transport=transport, base_url="http://here") as client:
        words = "A-17\n家里断粮两天了，孩子饿得直哭".encode()
        strange = await client.post("/hook/pigeon", content=words, headers={"flight": "1"})
        assert strange.status_code == 403
        ours = {"loft": "county", "flight": "1"}
        for _ in range(2):
            answer = await client.post("/hook/pigeon", content=words, headers=ours)
            assert answer.status_code == 200
        empty = await client.post("/hook/pigeon", content=b"A-17", headers={**ours, "flight": "2"})
        assert (empty.status_code, empty.text) == (400, "a pigeon carries a ring and words\n")
    with state.database.read() as session:
        (request,) = session.scalars(select(HelpRequest)).all()
        said = session.scalars(select(Outgoing).where(col(Outgoing.channel) == "pigeon")).all()
    assert (request.channel, request.level) == ("pigeon", "urgent")
    assert {row.address for row in said} == {"A-17"}
    assert "receipt" in {row.phrase for row in said}
    ticks = Ticks(
        state.database,
        state.mint,
        channels=state.channels,
        offices=state.offices,
        intake=state.intake,
        now=now,
    )
    await ticks.deliver()
    flown = state.channels["pigeon"].flown
    assert {message.key for message in flown} == {str(row.id) for row in said}
    assert any(request.number in message.text for message in flown)
