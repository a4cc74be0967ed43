"""AS-05: somebody nameless reports a beaten child; who called stays with the desk."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.state import State
from tests.conftest import Clock as Watch
from tests.gateway.people import application, signed_in
from tests.journeys.county import County

BEATEN = "南门街道和平社区3号楼，楼上孩子天天被打，现在还在哭，别问我是谁"
NUMBER = "+8613912345678"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 12, 0, tzinfo=UTC)
    return County(state, now)


def test_nothing_personal_is_asked_and_the_bureaus_never_learn_who_called(
    county: County, state: State
) -> None:
    number = county.call("beaten", BEATEN, NUMBER)
    row = county.request(number)
    assert row.level == "life_threat"
    assert row.confidential, "the caller asked not to be named"
    report = county.running(number)["CLK-MINOR-REPORT"]
    assert report.due_at - county.now() == timedelta(minutes=15)
    bureaus = county.orders(number)
    assert "civil_affairs" in bureaus, "minor protection is told at once"
    county.do("op01", "hand_off", number, line="110", receipt="110-5")

    app = application(state)
    officer = signed_in(state, app, "civil_affairs.1")
    page = officer.get(f"/api/v1/requests/{number}").json()
    assert NUMBER not in str(page)
    refused = officer.post(f"/api/v1/requests/{number}/reveal", {"purpose": "联系来电人"})
    assert refused.status_code == 403
    desk = signed_in(state, app, "op01")
    shown = desk.post(f"/api/v1/requests/{number}/reveal", {"purpose": "回电核实地址"})
    assert shown.status_code == 200


def test_without_any_number_it_is_accepted_all_the_same(county: County) -> None:
    number = county.call("nobody", BEATEN, "")
    assert county.request(number).level == "life_threat"
    assert county.orders(number)
