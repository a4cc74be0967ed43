"""A database that a newer program has made is left as it is, and one sentence says so."""

from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import text

from models import migrations
from models.db import Database
from models.migrations import Newer, is_current, standing, upgrade, versions
from tests.conftest import FIELD_KEY, KEY
from tests.gateway.test_cli import huiyin, refused
from tests.gateway.world import free_port

NEWER = "9999_of_next_year"


@pytest.fixture
def newer(database_url):
    """The database as the next version of this program would leave it."""
    database = Database(database_url, key=KEY if database_url.startswith("sqlite") else "")
    with database.write() as connection:
        known = standing(connection)
        connection.execute(text("UPDATE alembic_version SET version_num = :n"), {"n": NEWER})
    yield database
    with database.write() as connection:  # the next test has it lent
        connection.execute(text("UPDATE alembic_version SET version_num = :n"), {"n": known})
    database.close()


@pytest.mark.parametrize("command", ["up", "serve", "work", "migrate", "check", "verify intake"])
@pytest.mark.thorough
def test_a_command_on_a_database_of_a_newer_program_is_refused_in_one_sentence(
    newer, database_url, tmp_path, command
):
    env = {
        "DATABASE_URL": database_url,
        "DATABASE_KEY": KEY if newer.is_sqlite else "",
        "FIELD_KEY": FIELD_KEY,
        "SECRET_KEY": "a-secret-of-the-tests-" * 2,
    }
    data = tmp_path / "data"
    data.mkdir()
    (data / "huiyin.env").touch()
    port = ["--port", str(free_port())] if command in ("up", "serve") else []
    said = refused(huiyin(*command.split(), *port, data=data, **env))
    assert NEWER in said, "what stands there"
    assert newer.url.database in said, "where"
    assert "start the newer program" in said, "how to mend it"
    assert not newer.url.password or newer.url.password not in said
    with newer.read() as session:
        assert standing(session.connection()) == NEWER, "nothing was changed"


def test_neither_looking_nor_bringing_up_to_date_touches_it(newer):
    for act in (is_current, upgrade):
        with pytest.raises(Newer, match="newer Huiyin"):
            act(newer)


def test_the_versions_are_those_of_the_chain_of_migrations_the_newest_last():
    chain = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert versions() == [one.revision for one in chain.walk_revisions()][::-1]
