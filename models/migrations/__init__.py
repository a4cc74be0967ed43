"""Bring a database up to date: Alembic, configured in code, the same result on both databases."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from models.db import Database


def upgrade(database: Database) -> None:
    """Apply what is missing, in one transaction behind the writers' lock. Raises ``Busy``."""
    with database.write() as connection:
        if standing(connection) != _scripts().get_current_head():
            upgrade_to(connection, "head")


def upgrade_to(connection: Connection, revision: str) -> None:
    """Apply what is missing up to one version, in the transaction of the connection."""
    command.upgrade(_config(connection), revision)


def knows(revision: str) -> bool:
    """Whether this program can work with a database of that version."""
    return revision in {script.revision for script in _scripts().walk_revisions()}


def is_current(database: Database) -> bool:
    """Whether the database is at the newest version."""
    with database.read() as session:
        return standing(session.connection()) == _scripts().get_current_head()


def standing(connection: Connection) -> str | None:
    """The version of a database; None when it has no tables of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
