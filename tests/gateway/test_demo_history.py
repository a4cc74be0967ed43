"""The invented county is there at once and its history a little later, whatever cuts it off."""

from collections import Counter

import pytest
from sqlalchemy import func, select

from gateway import demo_cases, demo_history, demo_marks, house
from gateway.accounting import account
from gateway.app import create_app
from gateway.demo_history import STEPS, History
from gateway.ledger_audit import altered, walk
from gateway.offices import Rules
from gateway.settings import Settings
from gateway.state import wire
from models.db import Busy, Database
from models.discovery import DoorEntry
from models.events import Event
from models.households import Belonging
from models.kin import NearRelative
from models.relief import Relief
from models.requests import HelpRequest
from models.reserves import AidEntry
from models.transaction import Transaction
from tests.client import TestClient
from tests.conftest import KEY

FEW = 24
TABLES = (HelpRequest, Belonging, DoorEntry, Relief, AidEntry, NearRelative)


@pytest.fixture(autouse=True)
def few_cases(monkeypatch):
    """The same acts for a tenth of the cases."""
    monkeypatch.setattr(demo_cases, "HOW_MANY", FEW)


@pytest.fixture
def fresh(tmp_path):
    """Settings of a demonstration that has just been prepared."""

    def prepared(name: str) -> tuple[Settings, Rules]:
        settings = Settings(
            data_dir=tmp_path / name,
            database_key=KEY,
            secret_key="test-secret-" * 4,
            demo=True,
            second_factor="not_demo",
            channels="web,console",
        )
        rules = Rules.load(settings.profile)
        house.prepare(settings, rules, demo=True)
        return settings, rules

    return prepared


def counted(settings: Settings) -> dict[str, int]:
    """Rows of each table, entries of each kind; whatever the accounts say is held to."""
    database = Database(settings.database, key=KEY)
    with database.read() as session:
        found = {
            table.__name__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in TABLES
        }
        found |= Counter(session.scalars(select(Event.kind)))
        assert account(session).missing == []
        assert walk(session).fault == ""
        assert list(altered(session)) == []
    database.close()
    return found


class Cut:
    """Lets the process die, as it were, at its so-manieth transaction."""

    def __init__(self, monkeypatch) -> None:
        self.left = 10**9
        whole = Transaction.write

        def write(tx: Transaction) -> None:
            self.left -= 1
            if self.left < 0:
                raise Busy("killed")
            whole(tx)

        monkeypatch.setattr(Transaction, "write", write)


@pytest.mark.thorough
def test_cut_off_again_and_again_the_history_ends_as_if_nothing_had_happened(fresh, monkeypatch):
    settings, rules = fresh("whole")
    cut = Cut(monkeypatch)
    begun = demo_marks.datetime.now(demo_marks.UTC).replace(microsecond=0)
    monkeypatch.setattr(house, "utc_now", lambda: begun)
    History(settings, rules).write()
    expected = counted(settings)
    assert min(expected[table.__name__] for table in TABLES) > 0
    settings, rules = fresh("cut")
    starts = 0
    while True:
        cut.left = 10**9
        history = History(settings, rules)
        if not history.left():
            break
        starts += 1
        cut.left = 40 * starts
        history.write()
    assert starts >= 4, "it was cut off again and again"
    cut.left = 10**9
    assert counted(settings) == expected


def test_the_pages_say_that_the_history_is_still_written_and_answer_meanwhile(fresh, monkeypatch):
    settings, rules = fresh("pages")
    monkeypatch.setattr(demo_history, "STEPS", {"cases": STEPS["cases"]})
    history = History(settings, rules)
    state = wire(settings, kind="test", rules=rules)
    state.unwritten = history.left
    client = TestClient(create_app(state))
    assert 'id="unwritten"' in client.get("/help").text
    history.write()
    assert history.left() == 0
    assert 'id="unwritten"' not in client.get("/help").text
    state.close()


def test_no_history_is_owed_where_none_was_begun(settings):
    rules = Rules.load(settings.profile)
    history = History(settings, rules)
    assert history.left() == 0
    history.write()
