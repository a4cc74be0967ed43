"""AS-19: one family, several bureaus, one answer; a late part is named and not waited for."""

from datetime import UTC, datetime

import pytest

from gateway.state import State
from models.clocks import Clock
from models.outbox import Outgoing
from models.vocabulary import Status
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.journeys.county import County

FAMILY = "我家低保想申请，爱人做透析医疗费报不了，两个孩子上学困难，房子漏雨要修，取暖费也没交"
TUESDAY = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
HELPERS = ("medical_insurance", "education", "housing")


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = TUESDAY
    return County(state, now)


@pytest.fixture
def case(county: County) -> str:
    number = county.call("family", FAMILY)
    county.do("dispatch01", "confirm", number)
    if county.request(number).lead_bureau != "civil_affairs":
        county.do("dispatch01", "correct_route", number, service="dibao", reason="民政牵头")
    for bureau in HELPERS:
        if bureau not in county.orders(number):
            county.do("dispatch01", "bring_in", number, bureau=bureau, reason="同一家的需要")
    return number


def test_each_part_is_due_at_the_lead_before_the_leads_own_date(county: County, case: str) -> None:
    lead, orders = county.lead(case), county.orders(case)
    assert lead.bureau == "civil_affairs"
    parts = {name: orders[name] for name in HELPERS}
    calendar = county.state.offices.current().policy.calendar
    for part in parts.values():
        assert part.role == "cooperating"
        days = calendar.between(calendar.day_of(part.due_at), calendar.day_of(lead.due_at))
        assert part.due_at < lead.due_at
        assert days == 1, "one working day before the lead's date"
    clocks = [row for row in county.rows(Clock, case) if row.name == "CLK-COOP"]
    assert {row.referral_id for row in clocks} >= {part.id for part in parts.values()}
    with pytest.raises(Refusal, match="has_order"):
        county.do("dispatch01", "bring_in", case, bureau="housing", reason="再派一次")


def test_one_answer_by_the_lead_names_the_part_that_did_not_come(county: County, case: str) -> None:
    for bureau in ("medical_insurance", "education"):
        county.do(f"{bureau}.1", "sign", case)
        county.do(f"{bureau}.1", "submit_part", case, result="本单位的部分已办妥。")
    with pytest.raises(Refusal, match="not_your_order"):
        county.do("education.1", "reply", case, text="我们单位已经办好了")
    county.do("civil_affairs.1", "sign", case)
    county.do("civil_affairs.1", "reply", case, text="低保已受理，学费和医疗费已按规定减免。")
    others = [
        name
        for name, order in county.orders(case).items()
        if order.role == "cooperating" and order.status == "dispatched"
    ]
    assert "housing" in others
    county.do("civil_affairs.1", "report_result", case, result="已办", absent="住建局排期下周")
    assert county.request(case).status == Status.RESULT_REPORTED, "it is not delayed"
    told = [row for row in county.rows(Outgoing, case) if row.phrase == "completed_in_part"]
    assert len(told) == 1
    unit = county.state.offices.current().directory.unit["housing"]
    assert unit.name_zh in told[0].params["open_parts"]
    assert told[0].params["why"] == "住建局排期下周"
    assert county.said_to_citizen(case).count("standard_accepted") <= 1, "everything told at once"


def test_danger_in_one_part_is_urgent_at_once_and_the_other_dates_stay(
    county: County, case: str
) -> None:
    before = {name: order.due_at for name, order in county.orders(case).items()}
    county.call("rain", "今晚下大雨，房顶塌了一半，我们一家没地方住")
    request = county.request(case)
    assert request.level in ("urgent", "life_threat")
    assert "CLK-URGENT-CONTACT" in county.running(case)
    after = {name: order.due_at for name, order in county.orders(case).items() if name in before}
    assert after == before
    county.held(case)
