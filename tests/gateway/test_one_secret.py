"""All machines of a database have one HUIYIN_SECRET_KEY: with another second factors, passes and
forms of the others do not open, so no process begins with it."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway import one_secret
from gateway.ledger_audit import prove
from gateway.settings import BadSettings, load
from gateway.state import open_database, wire
from models.events import Event, Ledger
from models.processes import Process
from tests.gateway.test_cli import huiyin, refused

OTHER = "another-secret-" * 4


def begun(database) -> int:
    with database.read() as session:
        return len(session.scalars(select(col(Process.id))).all())


@pytest.fixture
def other(state, settings):
    """The settings of a second machine, whose secret somebody made up anew."""
    return settings.model_copy(update={"secret_key": OTHER})


def begin(state, settings):
    wire(settings, kind="serve", now=state.now, channels=state.channels).close()


def test_a_machine_with_another_secret_does_not_begin(state, other):
    before = begun(state.database)
    with pytest.raises(BadSettings, match=r"HUIYIN_SECRET_KEY is not the one.*--new-secret"):
        begin(state, other)
    assert begun(state.database) == before, "nothing was written"


def test_one_with_the_same_secret_begins(state, settings):
    begin(state, settings)


def test_a_database_from_before_takes_the_secret_of_who_begins_first(state, settings, other):
    with state.database.write() as connection:
        connection.execute(update(Ledger).values(secret_mark=None))
    begin(state, settings)
    with pytest.raises(BadSettings):
        begin(state, other)


def test_a_command_without_a_secret_leaves_no_mark_that_shuts_the_others_out(state, settings):
    """As 'huiyin replay' in a shell, where the service alone is given the secret."""
    with state.database.write() as connection:
        connection.execute(update(Ledger).values(secret_mark=None))
    begin(state, settings.model_copy(update={"secret_key": ""}))
    begin(state, settings)


def test_a_secret_that_was_changed_on_purpose_is_the_one_from_then_on(state, settings, other):
    one_secret.replace(state.database, state.mint, other, state.now())
    begin(state, other)
    with pytest.raises(BadSettings):
        begin(state, settings)


def test_that_it_was_changed_is_entered_in_the_ledger_once(state, settings, other):
    def entered() -> int:
        with state.database.read() as session:
            kinds = session.scalars(select(col(Event.kind))).all()
            assert prove(session, most=5)[1] == []
        return kinds.count(one_secret.REPLACED)

    begin(state, settings)
    assert entered() == 0
    for often in range(2):
        one_secret.replace(state.database, state.mint, other, state.now())
        assert entered() == 1, often


def test_the_mark_says_nothing_of_the_secret_and_nothing_of_the_keys_made_from_it(state, settings):
    with state.database.read() as session:
        mark = session.scalar(select(col(Ledger.secret_mark)))
    assert len(mark) == 16
    assert mark not in settings.secret_key
    assert mark not in state.offices.current().guessing_key


@pytest.mark.thorough
def test_check_names_another_secret_and_migrate_takes_it_when_told(tmp_path):
    assert huiyin("migrate", data=tmp_path).returncode == 0
    assert huiyin("users", "add", "wang", "--role", "administrator", data=tmp_path).returncode == 0
    settings = load(tmp_path)
    database = open_database(settings)
    one_secret.require_same(database, settings)
    database.close()
    for command, status in (("check", 1), ("work", 2)):
        found = huiyin(command, data=tmp_path, SECRET_KEY=OTHER)
        assert "--new-secret" in found.stderr
        assert found.returncode == status
    assert huiyin("migrate", "--new-secret", data=tmp_path, SECRET_KEY=OTHER).returncode == 0
    assert huiyin("check", data=tmp_path, SECRET_KEY=OTHER).returncode == 0
    assert "--new-secret" in refused(huiyin("work", data=tmp_path))
