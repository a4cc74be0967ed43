"""AS-08: where somebody is registered is no answer; another place needs its receipt."""

from datetime import UTC, datetime

import pytest

from gateway.state import State
from models.vocabulary import Status
from referral.casework import Refusal
from referral.lifecycle import Impossible
from tests.conftest import Clock as Watch
from tests.journeys.county import County

MIGRANT = "我是河南来打工的，没有居住证，房东赶人，没饭吃，没钱回家，在滨河街道临江社区"
SON = "我在深圳上班，我妈一个人在滨河街道临江社区，想给她申请低保"
ELSEWHERE = "我在深圳，我妈在外省老家，想问那边的低保怎么办"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
    return County(state, now)


def test_a_migrant_in_need_is_helped_where_the_emergency_is(county: County) -> None:
    row = county.request(county.call("migrant", MIGRANT))
    assert row.level in ("urgent", "life_threat")
    assert row.lead_bureau == "civil_affairs", "accepted here (Law Art. 37)"
    with pytest.raises((Refusal, Impossible)):
        county.do("op01", "close", row.number, reason="redirected")
    county.do("op01", "confirm", row.number)
    assert county.request(row.number).status in (Status.DISPATCHED, Status.IN_PROGRESS)


def test_a_son_in_another_city_speaks_for_his_mother_here(county: County) -> None:
    number = county.call("son", SON, "+8613500000001")
    row = county.request(number)
    assert row.track in ("standard", "consultation")
    assert str(row.area).startswith("W01"), "the mother's place decides"


def test_another_place_is_closed_only_with_its_receipt_and_the_caller_is_told(
    county: County,
) -> None:
    number = county.call("elsewhere", ELSEWHERE, "+8613500000002")
    with pytest.raises(Refusal, match="receipt"):
        county.do("op01", "close", number, reason="transferred_other_place")
    county.do("op01", "reply", number, text="您母亲户籍地的热线已经接单，会和您联系。")
    note = "当地12345已接单，单号LY-2026-118"
    county.do("op01", "close", number, reason="transferred_other_place", note=note)
    assert county.request(number).status == Status.CLOSED
    assert "redirected" in county.said_to_citizen(number), "N6 with the proof of transfer"
