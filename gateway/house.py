"""Making a data directory fit to take a message: migrated, with units and somebody to answer."""

import fcntl
import os
import secrets
import sqlite3
import stat
from contextlib import closing, suppress
from pathlib import Path

from sqlalchemy import select
from sqlmodel import col

from gateway import accounts, county, demo_marks, naming
from gateway.offices import Rules
from gateway.settings import (
    FILE,
    PREFIX,
    BadSettings,
    Settings,
    from_environment,
    load,
    of_file,
    utc_now,
)
from gateway.state import open_database, seal_from_now_on
from models.migrations import standing, upgrade
from models.places import Staff
from models.processes import enlist
from models.transaction import acting
from models.vocabulary import Role
from referral.directory import HOTLINE

DEMO_PASSWORD = "huiyin-demo"  # noqa: S105 known on purpose; `huiyin serve` refuses such accounts
ADMINISTRATOR = "admin"
SECRETS = {
    "SECRET_KEY": 32,
    "DATABASE_KEY": 32,
    "FIELD_KEY": 32,
    "BACKUP_KEY": 32,
    "CONSOLE_TOKEN": 24,
}
"""What is made up at random, with its length in bytes."""


def furnish(*, demo: bool = False, address: str = "") -> Settings:
    """The settings, with random secrets (a file of mode 600) written the first time anything is
    put into this data directory, once, however many begin at the same moment. A database that is
    already there keeps its form: without a key it stays without. A file without a table is none,
    and makes room. A settings file that somebody wrote beforehand is given the secrets that it does
    not name, as long as nothing is kept that other ones could have sealed."""
    settings = load()
    _shut(settings.data_dir)
    path = settings.data_dir / FILE
    if path.exists():
        _complete(path)
        return load()  # it may have come a moment ago
    sizes = dict(SECRETS)
    file = settings.data_dir / "huiyin.db"
    if _is_empty(file) and not path.exists():  # else another one has just begun it
        file.unlink(missing_ok=True)
    if file.exists():
        del sizes["DATABASE_KEY"]
    lines = ["# Written by huiyin. Keep it: without these keys the data cannot be read."]
    lines += [f"{PREFIX}{name}={secrets.token_hex(size)}" for name, size in sizes.items()]
    if address:
        lines.append(f"{PREFIX}PUBLIC_URL={address}")
    if demo:
        lines += [f"{PREFIX}DEMO=1", f"{PREFIX}HOTLINE=望河12345"]
        lines.append(f"{PREFIX}SECOND_FACTOR=not_demo")
    _write_once(path, "\n".join(lines) + "\n")
    return load()


def _complete(path: Path) -> None:
    """Add the secrets that the settings do not name, where the database holds nothing yet; of those
    who do so at once one adds them. A file that lacks none is only read: it may be shut, or lie
    where nothing can be written."""
    settings = load()
    if not _lacking(settings) or not _holds_nothing(settings):
        return
    with path.open("r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if not (lacking := _lacking(settings)):
            return  # somebody was quicker
        lines = ["", "# Written by huiyin. Keep it: without these keys the data cannot be read."]
        lines += [f"{PREFIX}{name}={secrets.token_hex(size)}" for name, size in lacking.items()]
        file.seek(0, os.SEEK_END)
        file.write(("\n".join(lines) + "\n").encode())
        file.flush()
        os.fchmod(file.fileno(), 0o600)
        os.fsync(file.fileno())


def _lacking(settings: Settings) -> dict[str, int]:
    """The secrets that nothing names at this moment, with their sizes."""
    named = {**of_file(settings.data_dir), **from_environment()}
    return {name: size for name, size in SECRETS.items() if name not in named}


def _holds_nothing(settings: Settings) -> bool:
    """Whether the database was never made. Raises ``Busy`` when its server is away."""
    if (file := settings.database_file) is not None:
        return not file.exists() or _is_empty(file)
    database = open_database(settings)
    try:
        with database.read() as session:
            return standing(session.connection()) is None
    finally:
        database.close()


def _shut(folder: Path) -> None:
    """A folder that nobody else can read, also where it was made beforehand. Raises ``BadSettings``
    for one that cannot be shut, or that holds other things than ours: it may be everybody's."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return
    names = {one.name for one in folder.iterdir()} - {"lost+found"}
    if names and not names & {FILE, "huiyin.db"}:
        raise BadSettings(
            f"{folder} can be read by others and holds other things; make it readable by its owner "
            "alone (chmod 700) or name another folder with HUIYIN_DATA_DIR"
        )
    try:
        folder.chmod(0o700)
    except PermissionError:
        raise BadSettings(
            f"{folder} can be read by others and belongs to somebody else; let its owner make it "
            "readable by the user of huiyin alone (chown, chmod 700)"
        ) from None


def _write_once(path: Path, words: str) -> None:
    """On the disk before it has its name; who comes second finds what the first one wrote."""
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("x", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(words)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            naming.once(part, path)
    finally:
        part.unlink(missing_ok=True)


def _is_empty(file: Path) -> bool:
    """Whether it is a database in which nothing was ever made. An encrypted one is not."""
    if not file.is_file():
        return False
    try:
        with closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as found:
            return not found.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    except sqlite3.Error:
        return False


def prepare(settings: Settings, rules: Rules, *, demo: bool = False) -> None:
    """Bring the database up to date and, the first time, say who is there.

    Without the demonstration there is one unit an authority and one administrator, who answers
    for everything until the county's own units and staff are loaded.
    """
    _shut(settings.data_dir)
    database = open_database(settings)
    upgrade(database)
    mint = enlist(database, "prepare", utc_now())
    seal_from_now_on(settings, database, mint, utc_now())
    with acting(database, mint) as tx:
        fresh = not county.has_units(tx)
        if fresh and demo:
            county.seed_demo(tx, accounts.hash_password(DEMO_PASSWORD), utc_now())
            demo_marks.owe(tx, utc_now())
        elif fresh:
            county.seed_baseline(tx, rules.policy)
    with acting(database, mint) as tx:
        if tx.execute(select(col(Staff.login)).limit(1)).first() is None:
            accounts.add_staff(
                tx,
                login=ADMINISTRATOR,
                name="管理员",
                role=Role.ADMINISTRATOR,
                unit=HOTLINE,
                area=None,
                now=utc_now(),
            )
    database.close()


def is_locked(settings: Settings) -> bool:
    """Whether nobody has a password yet, so that only a one-time link lets anybody in."""
    database = open_database(settings)
    with database.read() as session:
        query = select(col(Staff.login)).where(col(Staff.password).is_not(None)).limit(1)
        locked = session.connection().execute(query).first() is None
    database.close()
    return locked


def sign_in_link(settings: Settings, login: str = ADMINISTRATOR) -> str:
    """A one-time address at which an account is taken into use."""
    database = open_database(settings)
    mint = enlist(database, "prepare", utc_now())
    with acting(database, mint) as tx:
        token = accounts.one_time_link(tx, login, utc_now())
    database.close()
    return link_of(settings, token)


def link_of(settings: Settings, token: str) -> str:
    """The address of a one-time link."""
    return f"{settings.public_url.rstrip('/')}/sign-in/{token}"
