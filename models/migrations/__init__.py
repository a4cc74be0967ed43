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
        if _standing(connection) != _scripts().get_current_head():
            command.upgrade(_config(connection), "head")


def is_current(database: Database) -> bool:
    """Whether the database is at the newest version."""
    with database.read() as session:
        return _standing(session.connection()) == _scripts().get_current_head()


def _standing(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(__file__).parent))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config
