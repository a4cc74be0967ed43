"""AS-01: a night call with misheard words is urgent, goes to the township, nothing is asked."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.state import State
from models.clocks import Clock
from tests.conftest import Clock as Watch
from tests.journeys.county import County

MISHEARD = "屋里断凉了地保还没批娃没奶粉，住在滨河街道临江社区"
NIGHT = datetime(2026, 11, 3, 15, 40, tzinfo=UTC)
"""Tuesday, 23:40 in China."""


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = NIGHT
    return County(state, now)


def test_misheard_hunger_is_urgent_and_food_comes_before_papers(county: County) -> None:
    number = county.call("night", MISHEARD)
    row = county.request(number)
    assert row.level in ("urgent", "life_threat"), "断凉 is heard as 断粮"
    assert row.confirmed_at is None, "urgent at once, provisionally"
    assert county.held(number)[0].startswith("township"), "the township acts first"
    running = county.running(number)
    sign = next(c for c in running.values() if c.name == "CLK-SIGN")
    assert sign.due_at - NIGHT == timedelta(minutes=30)
    assert running["CLK-RELIEF"].due_at - NIGHT <= timedelta(days=3)
    relief = [c for c in county.rows(Clock, number) if c.name == "CLK-RELIEF"]
    assert min(c.due_at for c in relief) == NIGHT + timedelta(hours=24)

    county.now.forward(minutes=6)
    county.do("op01", "confirm", number)
    assert county.request(number).confirmed_by == "op01"
    said = county.said_to_citizen(number)
    assert {"receipt", "urgent_accepted"} <= set(said), "N1 and N3"
    assert "standard_accepted" not in said, "no papers are asked for"

    township, officer = county.held(number)
    county.now.forward(minutes=4)
    county.do(officer, "sign", number)
    county.do(officer, "record_contact", number, who="本人", outcome="reached")
    left = {(c.name, c.case) for c in county.rows(Clock, number) if not c.stopped_at}
    assert ("CLK-URGENT-CONTACT", "") not in left, "spoken with within the hour"
    county.do(officer, "record_contact", number, who="本人", outcome="on_site", by="visit")
    assert county.held(number) == (township, officer)
