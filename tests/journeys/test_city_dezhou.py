"""Dezhou: many lines in, one door of feedback; aid of charities reported and counted with that of
the bureaus; every township has its reserve; who is worse off is looked after more often."""

import pytest

from gateway import aid_filing, aid_report, purses
from gateway.access import Partner
from gateway.aid_bodies import FiledBody
from gateway.state import State
from referral.casework import Refusal
from tests.gateway.people import application, partner
from tests.journeys.city import City
from tests.journeys.same_matter import compared, proposals, said_to, told

PROFILE = "dezhou"

MOTHER = "张桂英，和平路 12 号院 3 单元 501，老人一个人住，女儿电话13800001111，请来看看"
DAUGHTER = "我妈张桂英（章桂英）住平安里和平路十二号 3-501，家里断粮两天了"


def test_many_lines_in_one_door_of_feedback(county: City, state: State) -> None:
    phone = told(state, "phone", "+8613900002222", MOTHER).number or ""
    county.now.forward(minutes=40)
    sms = told(state, "sms", "+8613800001111", DAUGHTER).number or ""
    compared(state)
    assert (sms, phone) in proposals(state), "proposed, and merged by a person"
    county.do("dispatch01", "merge", sms, other=phone, reason="同一户")
    county.do("dispatch01", "confirm", phone)
    lead = county.lead(phone).bureau
    county.do(f"{lead}.1", "sign", phone)
    with pytest.raises(Refusal):
        county.do("education.1", "reply", phone, text="我们也答一句")
    county.do(f"{lead}.1", "reply", phone, text="米面已送到，低保明天上门办。")
    for number in (phone, sms):
        assert "reply_to_citizen" in said_to(state, number), "each by the door they came by"


def test_aid_of_charities_is_filed_beside_that_of_the_bureaus(county: City, state: State) -> None:
    body = FiledBody(
        kind="social", service="charity", need="food", amount="500", fund="donation",
        standard="慈善会标准", given_at=county.now(), recipient="戊", area="W0101",
    )  # fmt: skip
    charity = Partner("慈善会", frozenset({"relief:write"}))
    row, new = aid_filing.file(state, charity, body, key="1", now=county.now())
    assert new
    county.given("township_w01.1", amount=100, need="living", fund="temp_aid", recipient="戊",
                 area="W0101", received_by="戊")  # fmt: skip
    assert county.aid(row["number"]).kind == "social"
    with state.database.read() as session:
        found = aid_report.report(
            session, county.actor("super01"), state.offices.current(), year=2026, quarter=4,
            now=county.now(),
        )  # fmt: skip
    assert {one.code: one.yuan for one in found.kinds} == {"social": "500", "advance": "100"}
    assert found.whole.yuan == "600", "one picture"


def test_every_township_has_its_reserve_and_sees_no_other(county: City, state: State) -> None:
    office = state.offices.current()
    towns = [unit.code for unit in office.directory.units if unit.code.startswith("township_")]
    assert len(towns) == 10
    for town in towns:
        county.keep(f"{town}.1", town, "top_up", amount=50_000, voucher="拨款")
    with state.database.read() as session:
        every = purses.every(session, county.actor("super01"), office, county.now())
        mine = purses.every(session, county.actor("township_w01.1"), office, county.now())
    assert {one.unit for one in every} >= set(towns)
    assert {one.unit for one in mine} == {"township_w01"}


def test_who_is_worse_off_is_seen_more_often(county: City, state: State) -> None:
    county.reach_out()
    rules = {rule.code: rule for rule in state.offices.current().policy.outreach.visits}
    homes = county.homes()
    by = {one.household_id: rules[one.rule].measure for one in county.visits()}
    ill = [by[home.id] for home in homes.values() if "serious_illness" in home.categories]
    assert ill
    assert set(ill) == {"month"}
    assert "quarter" in by.values()


def test_a_partner_platform_reads_the_course_and_nobody_else_does(
    county: City, state: State
) -> None:
    app = application(state)
    mobile = partner(state, app, "掌上办", "contacts:write requests:read")
    sent = {"channel": "web_form", "external_id": "app-1", "sender": "+8613611110000",
            "text": "住院自费花了三万多，想申请医疗救助，住在柳湾镇柳湾村"}  # fmt: skip
    number = mobile.post("/api/v1/contacts", sent, headers={"idempotency-key": "1"}).json()[
        "number"
    ]
    assert mobile.get(f"/api/v1/requests/{number}").json()["number"] == number
    foreign = partner(state, app, "另一平台", "requests:read")
    assert foreign.get(f"/api/v1/requests/{number}").status_code == 404


def test_the_citys_numbers_are_in_its_profile(state: State) -> None:
    values = state.offices.current().policy.values
    assert values["dibao_phase_out_months_max"].value == 3
    assert values["social_work_posts_per_township"].value == 3
