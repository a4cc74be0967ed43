"""Linfen 2015: who handles it signs for it; what passes between departments has its times and comes
back; 5000 and 10 000 yuan a year; relatives of staff are registered; each complaint is verified and
answered."""

from datetime import timedelta

from gateway import aid_filing
from gateway.aid_bodies import KinEntry
from gateway.state import State
from models.clocks import Clock
from tests.journeys.aid import TOWN
from tests.journeys.city import City

PROFILE = "linfen"

CADRE = "我要举报，柳湾镇柳湾村村主任的小舅子开车还吃低保"
SLEEPER = "汽车站有个流浪的老人，没有身份证，想请救助站来看看"


def test_a_person_has_5000_and_a_family_10000_a_year(county: City) -> None:
    home = next(one.id for one in county.homes().values() if (one.area or "").startswith("W0101"))
    causes = iter(("illness", "fire", "accident", "death"))

    def warned(amount: float, recipient: str) -> set[str]:
        at = county.propose(TOWN, amount=amount, need="living", fund="temp_aid", area="W0101",
                            household_id=home, recipient=recipient, cause=next(causes))  # fmt: skip
        county.on(TOWN, "authorise", at, reason="另一原因", agreed_by="civil_affairs.head")
        county.on(TOWN, "deliver", at, received_by=recipient)
        return county.warned(at) & {"cap_person_year", "cap_family_year"}

    assert warned(5000, "甲") == set()
    assert warned(5000, "乙") == set(), "each at the cap, the family at its own"
    assert warned(0.01, "甲") == {"cap_person_year", "cap_family_year"}
    assert warned(0.01, "丙") == {"cap_family_year"}


def test_handover_between_departments_has_its_times(county: City) -> None:
    number = county.asked("housing")
    assert county.workdays(number, "CLK-SIGN") == 1
    assert county.workdays(number, "CLK-CONTACT") == 1
    urgent = county.call("sleeper", SLEEPER)
    assert county.span(urgent, "CLK-SIGN") == timedelta(minutes=30)
    assert county.span(urgent, "CLK-URGENT-CONTACT") == timedelta(hours=1)


def test_who_receives_a_part_returns_its_result_to_the_one_who_answers(county: City) -> None:
    number = county.asked("housing")
    county.do("dispatch01", "bring_in", number, bureau="education", reason="孩子要转学")
    order = county.orders(number)["education"].id
    clocks = county.rows(Clock, number)
    [part] = [row for row in clocks if (row.name, row.referral_id) == ("CLK-COOP", order)]
    assert part.due_at < county.lead(number).due_at
    county.do("education.1", "sign", number)
    county.do("education.1", "submit_part", number, result="已联系学校接收。")
    assert county.orders(number)["education"].status == "result_submitted"


def test_who_handled_it_is_named_at_every_step(county: City) -> None:
    number = county.asked("housing")
    county.do("housing.1", "sign", number)
    county.do("housing.1", "reply", number, text="周四上门鉴定。")
    assert county.lead(number).signed_by == "housing.1"
    assert county.held(number) == ("housing", "housing.1")


def test_a_complaint_is_verified_by_others_and_answered(county: City) -> None:
    number = county.call("cadre", CADRE)
    assert "grievance_received" in county.said_to_citizen(number)
    lead = county.lead(number).bureau
    assert not lead.startswith(("township_", "village_"))
    county.do(f"{lead}.1", "sign", number)
    county.do(f"{lead}.1", "reply", number, text="已核实：该户不符合条件，低保已停。")
    county.do(f"{lead}.1", "report_result", number, result="查实")
    assert "reply_to_citizen" in county.said_to_citizen(number)


def test_near_relatives_are_marked_for_filing_and_helped(county: City, state: State) -> None:
    entry = KinEntry(login="village_w0101.1", name="姚小妹", relation="妹妹")
    aid_filing.register_kin(state, county.actor("civil_affairs.1"), entry, now=county.now())
    number = county.given(TOWN, amount=300, need="living", cause="illness", fund="temp_aid",
                          recipient="姚小妹", area="W0101", received_by="本人")  # fmt: skip
    row = county.aid(number)
    assert (row.kin, row.kin_of) == ("matched", "village_w0101.1")
    assert "near_relative" in county.warned(number)
    assert row.state == "delivered"
    own = county.given(TOWN, amount=300, need="living", cause="illness", fund="temp_aid",
                       recipient="姚文勇", area="W0101", received_by="本人")  # fmt: skip
    assert county.aid(own).kin == "matched", "the cadre himself"
    away = county.given("township_w03.1", amount=300, need="living", cause="illness",
                        fund="temp_aid", recipient="姚小妹", area="W0301",
                        received_by="本人")  # fmt: skip
    assert county.aid(away).kin == "", "a namesake in another township is nobody's sister"


def test_police_city_management_and_health_stand_beside_the_homeless(county: City) -> None:
    number = county.call("sleeper", SLEEPER)
    assert county.request(number).level == "urgent"
    beside = {"public_security", "urban_management", "health", "rescue_station"}
    assert beside <= set(county.orders(number))
