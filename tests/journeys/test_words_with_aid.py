"""N11: who was helped hears what it was, that it is no loan, and what is still owed."""

from datetime import UTC, datetime

import pytest

from gateway.entering import Entry, enter
from gateway.state import State
from models.outbox import Outgoing
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD
from tests.journeys.aid import TOWN, Aid


@pytest.fixture
def county(state: State, now: Watch) -> Aid:
    now.at = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
    return Aid(state, now)


def told(county: Aid, number: str) -> list[str]:
    return [row.text for row in county.rows(Outgoing, number) if row.phrase == "aid_given"]


def test_who_was_helped_hears_what_it_is_and_is_not(county: Aid) -> None:
    number = county.call("food", FOOD)
    county.given(TOWN, number, goods="米面油一份", received_by="本人")
    [words] = told(county, number)
    assert "米面油一份" in words
    assert "不是低保" in words
    assert "不用还" in words
    row = next(one for one in county.rows(Outgoing, number) if one.phrase == "aid_given")
    assert row.params["long"] == "5个工作日", "from the clock of the profile, not from the code"
    assert row.params["unit"]


def test_money_is_said_as_a_sum_and_only_when_it_is_there(county: Aid) -> None:
    number = county.call("food", FOOD)
    aid = county.propose(TOWN, number, amount="300.50", need="living")
    assert told(county, number) == [], "a promise is no aid"
    county.on(TOWN, "authorise", aid, reason="断粮，先给", agreed_by="civil_affairs.head")
    county.on(TOWN, "deliver", aid, received_by="本人")
    [words] = told(county, number)
    assert "300.5元" in words


def test_who_only_reported_it_hears_no_private_details(county: Aid) -> None:
    entry = Entry(text="老人瘫在床上，家里断粮", place="滨河街道临江社区")
    outcome = enter(county.state, county.actor("village_w0101.1"), entry, now=county.now())
    number = outcome.number or ""
    county.given("village_w0101.1", number, goods="棉被一床", recipient="老人", proof="照片")
    assert told(county, number) == []
