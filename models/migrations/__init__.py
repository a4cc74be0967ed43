"""Bring a database up to date: Alembic, configured in code, the same result on both databases."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from models.db import Database

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
    command.upgrade(_config(connection), revision)


def knows(revision: str) -> bool:
    """Whether this program can work with a database of that version."""
    return revision in {script.revision for script in _scripts().walk_revisions()}


def is_current(database: Database) -> bool:
    """Whether the database is at the newest version. Raises ``Newer``."""
    with database.read() as session:
        return not _is_behind(session.connection())


def standing(connection: Connection) -> str | None:
    """The version of a database; None when it has no tables of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def _is_behind(connection: Connection) -> bool:
    found, newest = standing(connection), _scripts().get_current_head()
    if found is not None and found != newest and not knows(found):
        url = connection.engine.url
        sqlite = url.get_backend_name() == "sqlite"
        place = url.database if sqlite else url.render_as_string(hide_password=True)
        raise Newer(
            f"the database {place} was made by a newer Huiyin: its version is {found}, this "
            f"program ends at {newest}; start the newer program, or name another database in "
            "HUIYIN_DATABASE_URL or another HUIYIN_DATA_DIR"
        )
    return found != newest


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
