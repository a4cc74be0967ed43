"""Yuanjiang: 12345 takes every request of people in difficulty and passes it on by duty; small sums
first, explained afterwards; people are looked for by everybody on the ground and by other bodies'
lists; 25 working days."""

import pytest

from gateway.state import State
from models.outbox import Outgoing
from models.vocabulary import Status
from tests.journeys.aid import TOWN
from tests.journeys.city import TYPES, City

PROFILE = "yuanjiang"

SIX = ("dibao", "education", "medical", "housing", "employment", "disaster")
STOPPED = "病人急救欠了医院的钱，医院要停药，在县医院住院，柳湾镇柳湾村"


@pytest.mark.parametrize("service", SIX)
def test_12345_takes_every_kind_and_transfers_it_by_duty(county: City, service: str) -> None:
    number = county.asked(service)
    assert county.lead(number).bureau == TYPES[service][1]
    county.held(number)


def test_helpers_are_those_of_the_document(county: City) -> None:
    orders = county.orders(county.asked("dibao"))
    helpers = {name for name, one in orders.items() if one.role == "cooperating"}
    assert helpers >= {"health", "medical_insurance", "disabled_federation"}


def test_review_and_confirmation_take_25_working_days(county: City) -> None:
    number = county.asked("dibao")
    county.do("civil_affairs.1", "sign", number)
    assert county.workdays(number, "CLK-DIBAO") == 25


def test_nothing_is_asked_that_sharing_supplies(county: City, state: State) -> None:
    number = county.asked("dibao")
    told = "".join(row.text for row in county.rows(Outgoing, number) if row.phrase == "notice_part")
    supplied = [p for p in state.offices.current().policy.papers.values() if p.supplied_by_zh]
    assert supplied
    assert [one.name_zh for one in supplied if one.name_zh in told] == []


def test_a_small_sum_first_explained_afterwards_one_case_one_decision(county: City) -> None:
    county.keep(TOWN, "township_w01", "top_up", amount=50_000, voucher="拨款")
    number = county.propose(TOWN, amount=800, need="living", cause="accident", fund="reserve",
                            recipient="丁")  # fmt: skip
    county.on(TOWN, "authorise", number)
    county.on(TOWN, "deliver", number, received_by="丁")
    assert county.entries(number) == [("grant", -80_000)], "the books know it at once"
    county.on(TOWN, "lift", number)
    assert county.aid(number).explain_due_at > county.now()
    county.on(TOWN, "explain", number, explanation="车祸，先给800元", signatures="文晓娥")
    follow = county.propose(TOWN, amount=3000, need="living", cause="accident", fund="reserve",
                            follows=number)  # fmt: skip
    county.on("civil_affairs.head", "decide", follow, words="重大困难一事一议", present="三人",
              amount=3000, stages="1500 十月\n1500 十一月")  # fmt: skip
    county.on(TOWN, "authorise", follow, reason="按决定跟进救助")
    assert county.aid(follow).follows_id == county.aid(number).id
    assert county.aid(follow).stage == 1


def test_whoever_finds_somebody_at_risk_reports_and_hears_what_became_of_it(county: City) -> None:
    for login in ("grid_w0403", "village_w0101.1", TOWN):
        kept = county.report(login, what="老人瘫在床上，屋里没生火，两天没吃饭",
                             where="石桥镇张庄村三组")  # fmt: skip
        assert county.request(kept.number).level in ("urgent", "life_threat")


def test_a_list_of_another_body_is_pushed_to_a_person_with_a_time(county: City) -> None:
    home = next(one for one in county.homes().values() if "elderly_alone" in one.categories)
    county.listed({"kind": "utility_arrears", "source": "供电公司", "value": 1,
                   "household_id": home.id})  # fmt: skip
    [warning] = county.warnings()
    assert warning.household_id == home.id
    kept = county.door(warning.holder, warning, "needs_help", what="warning", note="交不起电费")
    assert county.request(kept.number).status != Status.CLOSED


def test_the_hospital_treats_first_and_health_leads_or_helps(county: City) -> None:
    number = county.call("stopped", STOPPED)
    assert county.request(number).level == "urgent"
    assert county.notices(number) == 0
    assert {"medical_insurance", "civil_affairs"} <= set(county.orders(number))
