"""Bring a database up to date: Alembic, configured in code, the same result on both databases.

Every process asks at its start whether its database is up to date. That needs no Alembic, whose
import takes long: a version is named like the file that leads to it, and the names are numbered.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from models.db import Database

_FOLDER = Path(__file__).parent
_STANDING = text("SELECT version_num FROM alembic_version")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('huiyin migrate'))")


class Newer(ValueError):
    """A newer program has made this database; this one would spoil what it cannot read."""


def upgrade(database: Database) -> None:
    """Apply what is missing, in one transaction behind the writers' lock; who comes meanwhile, from
    any process, waits and finds it done. Raises ``Busy`` and ``Newer``."""
    with database.write() as connection:
        if not database.is_sqlite:  # there the writers' lock is for one process only
            connection.execute(_LOCK)
        if _is_behind(connection):
            upgrade_to(connection, "head")


def upgrade_to(connection: Connection, revision: str) -> None:
    """Apply what is missing up to one version, in the transaction of the connection."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def versions() -> list[str]:
    """Every version that this program knows, the newest last."""
    return sorted(file.stem for file in (_FOLDER / "versions").glob("[0-9]*.py"))


def knows(revision: str) -> bool:
    """Whether this program can work with a database of that version."""
    return revision in versions()


def is_current(database: Database) -> bool:
    """Whether the database is at the newest version. Raises ``Newer``."""
    with database.read() as session:
        return not _is_behind(session.connection())


def standing(connection: Connection) -> str | None:
    """The version of a database; None when it has no tables of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(_STANDING)
    return found


def _is_behind(connection: Connection) -> bool:
    found, known = standing(connection), versions()
    newest = known[-1]
    if found is not None and found not in known:
        url = connection.engine.url
        sqlite = url.get_backend_name() == "sqlite"
        place = url.database if sqlite else url.render_as_string(hide_password=True)
        raise Newer(
            f"the database {place} was made by a newer Huiyin: its version is {found}, this "
            f"program ends at {newest}; start the newer program, or name another database in "
            "HUIYIN_DATABASE_URL or another HUIYIN_DATA_DIR"
        )
    return found != newest
