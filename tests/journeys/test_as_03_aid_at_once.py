"""AS-03: a grid worker finds an old man where no network is, gives at once, records it later."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi import FastAPI

from gateway.entering import Entry, enter
from gateway.state import State
from models.clocks import Clock
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.gateway.people import application
from tests.journeys.aid import TOWN, Aid

SEEN = datetime(2026, 11, 24, 8, 5, tzinfo=UTC)  # 16:05 in China
BACK = datetime(2026, 11, 24, 9, 20, tzinfo=UTC)  # 17:20, the network is back
WORDS = "老人瘫在床上，屋里没有火，儿子去世了，家里断粮"
CADRE = "village_w0101.1"


@pytest.fixture
def county(state: State, now: Watch) -> Aid:
    now.at = BACK
    return Aid(state, now)


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def case(county: Aid) -> str:
    entry = Entry(text=WORDS, place="滨河街道临江社区")
    outcome = enter(county.state, county.actor(CADRE), entry, now=county.now())
    return outcome.number or ""


def test_what_was_given_at_once_is_recorded_as_delivered_without_a_yes_before(
    county: Aid, case: str
) -> None:
    number = county.given(
        CADRE, case, need="clothing", cause="neglect", goods="棉被一床、面条五斤",
        recipient="瘫床老人", proof="照片 IMG-1605", at=SEEN,
    )  # fmt: skip
    row = county.aid(number)
    assert (row.state, row.green, row.authorised_how) == ("delivered", True, "green_channel")
    assert (row.delivered_at, row.proposed_at) == (SEEN, BACK), "given when seen, known when told"
    assert {one["at"] for one in row.judgements} == {SEEN.isoformat()}
    assert row.unit == "township_w01", "the township hears of it and owes the explanation"
    assert county.request(case).level in ("urgent", "life_threat")
    stopped = [c for c in county.rows(Clock, case) if c.name == "CLK-RELIEF"]
    assert stopped
    assert all(clock.stopped_at is not None for clock in stopped)


def test_the_one_who_gave_and_is_away_does_not_end_it(county: Aid, case: str) -> None:
    number = county.given(CADRE, case, recipient="瘫床老人", proof="照片", at=SEEN)
    county.now.forward(days=1)
    assert county.aid(number).state == "delivered"
    assert county.request(case).closed_at is None
    assert county.request(case).first_responder == CADRE
    county.on("township_w01.2", "lift", number)
    county.on("township_w01.2", "explain", number, explanation="绿色通道，村里先给",
              signatures="彭宁、姚文勇")  # fmt: skip
    assert county.aid(number).explained_by == "township_w01.2"


def test_nobody_gives_in_the_future(county: Aid, case: str) -> None:
    with pytest.raises(Exception, match="relief_time"):
        county.given(CADRE, case, proof="照片", at=BACK + timedelta(minutes=1))


def test_by_the_national_opinion_small_fast_aid_is_not_announced(county: Aid) -> None:
    number = county.given(TOWN, goods="米面", recipient="壬", proof="照片")
    assert county.aid(number).notice == "none"
    with pytest.raises(Refusal, match="no_notice"):
        county.on(TOWN, "publish", number, place="公开栏")
