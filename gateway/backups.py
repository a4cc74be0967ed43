"""Everything that is kept, in one encrypted file, and back again on an empty machine.

In the file: every row (but not who is signed in), the settings of ``huiyin.env`` with their secrets
(without them sealed fields, sessions of providers and the county's own choices would be lost), the
heads of ledger and counters. Not in it: the key of the file itself, the address and the key of the
database (a new machine has its own), the county's profile folder, learned models and logs.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import orjson
from sqlalchemy import Connection, inspect, text

from gateway import backup_file, erased_again
from gateway.accounting import account
from gateway.backup_file import BadBackup
from gateway.ledger_audit import prove
from gateway.ledger_keys import keys_of
from gateway.settings import FILE, PREFIX, BadSettings, Settings, from_environment, load, of_file
from gateway.state import open_database
from models import dumping
from models.db import Database
from models.dumping import Contents
from models.migrations import knows, upgrade_to
from models.processes import enlist
from models.transaction import acting

NOT_IN_FILE = frozenset({"DATA_DIR", "DATABASE_URL", "DATABASE_KEY", "BACKUP_KEY", "BACKUP_DIR"})
_NAME = "huiyin-%Y%m%dT%H%M%SZ.backup"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Written:
    """A backup that is complete and on the disk."""

    path: Path
    size: int
    rows: int
    seq: int
    key: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, what is wrong with it, one sentence each, and how many requests or
    people were erased again."""

    rows: int
    seq: int
    seconds: float
    faults: list[str]
    erased: int = 0


def key_of(settings: Settings, file: Path | None) -> bytes:
    """The key of backups: the file's 64 hex digits, else the setting. Raises ``BadSettings``."""
    said = file.read_text("ascii", "replace").strip() if file else settings.backup_key
    if not said:
        raise BadSettings(
            "there is no key for backups; set HUIYIN_BACKUP_KEY to 64 random hex digits, or name "
            "a file that holds them with --key-file"
        )
    try:
        key = bytes.fromhex(said)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise BadSettings(f"{file or 'HUIYIN_BACKUP_KEY'}: a key is 64 hex digits")
    return key


def write(settings: Settings, database: Database, path: Path, key: bytes, now: datetime) -> Written:
    """Write a backup of this moment while everything goes on. Raises ``Busy``, ``OSError``."""
    begun = monotonic()
    with dumping.one_moment(database) as connection:
        contents = dumping.snapshot(connection)
        heading = {
            "written_at": now,
            "from": connection.dialect.name,
            "revision": contents.revision,
            "counts": contents.counts,
            "seq": contents.seq,
            "head": contents.head,
        }
        frames = _frames(settings, dumping.dump(connection, contents))
        size = backup_file.write(path, key, heading, frames)
    rows = sum(contents.counts.values())
    mark = backup_file.key_mark(key)
    return Written(path, size, rows, contents.seq, mark, monotonic() - begun)


def _frames(settings: Settings, rows: Iterator[bytes]) -> Iterator[bytes]:
    kept = {name: value for name, value in settings.env.items() if name not in NOT_IN_FILE}
    yield orjson.dumps(kept)
    yield from rows


def check(path: Path, key: bytes) -> Contents:
    """Read the whole file and count its rows, without a database. Raises ``BadBackup``."""
    contents = _contents(path)
    frames = backup_file.frames_of(path, key)
    next(frames, b"")
    found: dict[str, int] = {}
    for heading in frames:
        table = orjson.loads(heading)["table"]
        found[table] = sum(frame.count(b"\n") for frame in iter(lambda: next(frames, b""), b""))
    if found != contents.counts:
        raise BadBackup(f"{path} does not hold the rows that its heading names")
    return contents


def _contents(path: Path) -> Contents:
    heading = backup_file.heading_of(path)
    try:
        contents = Contents(heading["revision"], heading["counts"], heading["seq"], heading["head"])
    except KeyError:
        raise BadBackup(f"{path} is damaged in its heading") from None
    if not knows(contents.revision):
        raise BadBackup(
            f"{path} was written by a newer huiyin (its database is at {contents.revision}); "
            "restore it with that version"
        )
    return contents


def restore(path: Path, key: bytes, now: Callable[[], datetime]) -> Restored:
    """Fill an empty machine: settings that it lacks, the database, both proofs. All rows or none;
    one that was killed after the rows were in is gone on with when it is run again.

    Raises ``BadBackup`` or ``Undumpable`` in one sentence; then nothing was changed but the
    settings file.
    """
    begun = monotonic()
    contents = _contents(path)
    frames = backup_file.frames_of(path, key)
    first = next(frames, b"{}")
    is_in = _require_empty(load(), contents)
    kept = orjson.loads(first)
    _require_same_keys(path, kept)
    settings = _furnish(kept, key)
    database = open_database(settings)
    try:
        if not is_in:
            with database.write() as connection:
                dumping.load(connection, contents, frames)
                upgrade_to(connection, "head")
        mint = enlist(database, "restore", now())
        with acting(database, mint) as tx:  # no entry yet: killed here, it is gone on with
            again = erased_again.apply(tx, path.parent / erased_again.NAME, now())
        faults = proofs(database, settings)
        with acting(database, mint) as tx:
            tx.event("restored", at=now(), seq=contents.seq, head=contents.head, erased=again)
    finally:
        database.close()
    return Restored(sum(contents.counts.values()), contents.seq, monotonic() - begun, faults, again)


def _require_empty(settings: Settings, contents: Contents) -> bool:
    """Whether all rows of this very backup are in already, and nothing else. Raises ``BadBackup``
    where the database holds anything but them."""
    database = open_database(settings) if _is_there(settings) else None
    if database is None:
        return False
    with database.read() as session:
        held = inspect(session.connection()).get_table_names()
        is_in = "ledger" in held and _ends_with(session.connection(), contents)
    database.close()
    if held and not is_in:
        raise BadBackup(
            "the database already holds tables; a backup is restored only into an empty one: "
            "name another folder in HUIYIN_DATA_DIR, or another HUIYIN_DATABASE_URL"
        )
    return is_in


def _ends_with(connection: Connection, contents: Contents) -> bool:
    """The head of a ledger names every entry before it: nothing was entered since the backup."""
    found = connection.execute(text("SELECT seq, hash FROM ledger")).first()
    return found is not None and (found.seq, found.hash) == (contents.seq, contents.head)


def _is_there(settings: Settings) -> bool:
    return not settings.database.startswith("sqlite") or (
        Path(settings.database.removeprefix("sqlite:///")).exists()
    )


def _require_same_keys(path: Path, kept: dict[str, str]) -> None:
    """Raise ``BadSettings`` where this machine has keys of its own by which what comes back would
    not open: fields, the second factors of all accounts."""
    settings = load()
    mine = {
        "SECRET_KEY": {settings.secret_key},
        "FIELD_KEY": {settings.field_key, settings.field_key_previous},
    }
    for name, values in mine.items():
        if kept.get(name) and values != {""} and kept[name] not in values:
            raise BadSettings(
                f"{PREFIX}{name} of this machine is not the one that {path} was written with, and "
                f"what it sealed would not open; take it out of {settings.data_dir / FILE} and out "
                "of the environment (the backup brings its own), and restore again"
            )


def _furnish(kept: dict[str, str], key: bytes) -> Settings:
    """The settings of the backup where this machine has none of its own, in ``huiyin.env``."""
    settings = load()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = settings.data_dir / FILE
    known = {**of_file(settings.data_dir), **from_environment()}
    wanted = {**kept, "BACKUP_KEY": key.hex()}
    if settings.database.startswith("sqlite"):
        wanted["DATABASE_KEY"] = secrets.token_hex(32)
    lines = [
        f"{PREFIX}{name}={value}"
        for name, value in wanted.items()
        if name not in known and value and "\n" not in value
    ]
    if lines:
        path.touch(mode=0o600)
        with path.open("a", encoding="utf-8") as out:
            out.write("\n".join(["# From a backup.", *lines]) + "\n")
    return load()


def proofs(database: Database, settings: Settings) -> list[str]:
    """What is missing or altered, at most a screenful: the two ``verify`` commands in one."""
    with database.read() as session:
        missing = account(session).missing
        _, faults = prove(session, most=_SHOWN, keys=keys_of(settings))
    return missing[:_SHOWN] + faults


def name_of(at: datetime) -> str:
    """What a backup of the schedule is called."""
    return at.astimezone(UTC).strftime(_NAME)


def surplus(folder: Path, keep: str) -> list[Path]:
    """The backups of the schedule that need not be kept: all but the newest of each of the last so
    many days, weeks and months (``keep`` as "7,5,12"). The newest is always kept."""
    found: dict[Path, datetime] = {}
    for path in folder.iterdir():
        try:
            found[path] = datetime.strptime(path.name, _NAME).replace(tzinfo=UTC)
        except ValueError:
            continue  # not of the schedule: somebody put it there, somebody takes it away
    newest = sorted(found, key=lambda path: found[path], reverse=True)
    kept = set(newest[:1])
    for most, span in zip(map(int, keep.split(",")), (_day, _week, _month), strict=True):
        last: dict[Any, Path] = {}
        for path in newest:
            last.setdefault(span(found[path]), path)
        kept |= set(list(last.values())[:most])
    return [path for path in newest if path not in kept]


def _day(at: datetime) -> date:
    return at.date()


def _week(at: datetime) -> date:
    return at.date() - timedelta(days=at.weekday())


def _month(at: datetime) -> tuple[int, int]:
    return at.year, at.month
