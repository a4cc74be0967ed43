"""Tibet 2008: temporary aid is neither regular nor fixed, its manner, sum and length are set case
by case; children on the street are found early; the township is the main door; the leading group's
office reads what was done."""

from gateway import aid_report
from gateway.state import State
from models.relief import Decision
from tests.journeys.aid import TOWN
from tests.journeys.city import City

STREET = "街上有两个没人管的孩子在讨钱，晚上睡桥洞，滨河街道临江社区"


def test_manner_amount_and_duration_are_set_case_by_case(county: City) -> None:
    number = county.propose(TOWN, amount=900, need="living", cause="illness", fund="temp_aid")
    county.on("civil_affairs.head", "decide", number, words="每月300元，三个月", present="三人",
              amount=900, stages="300 十月\n300 十一月\n300 十二月")  # fmt: skip
    (decision,) = county.every(Decision)
    assert decision.stages == [[30_000, "十月"], [30_000, "十一月"], [30_000, "十二月"]]
    assert decision.present == "三人"


def test_aid_once_in_goods_needs_no_decision(county: City) -> None:
    number = county.given(TOWN, need="heating", cause="cold", goods="牛粪饼两袋、毡毯一条",
                          recipient="甲", proof="照片")  # fmt: skip
    assert (county.aid(number).state, county.every(Decision)) == ("delivered", [])


def test_children_on_the_street_are_urgent_and_nobody_asks_for_a_paper(county: City) -> None:
    number = county.call("street", STREET)
    assert county.request(number).level == "urgent"
    assert county.held(number)[0] == "township_w01"
    assert county.lead(number).bureau == "civil_affairs"
    assert county.notices(number) == 0, "no list of papers where help comes first"


def test_legal_aid_goes_to_the_justice_bureau_with_civil_affairs_beside_it(county: City) -> None:
    orders = county.orders(county.asked("legal_aid"))
    assert {name: one.role for name, one in orders.items()} == {
        "justice": "lead", "civil_affairs": "cooperating",
    }  # fmt: skip


def test_the_township_enters_what_people_say_at_its_window(county: City) -> None:
    what = "牧民巴桑家遭雪灾，羊死了大半，想申请救助"
    kept = county.report(TOWN, what=what, where="滨河街道临江社区", category="disaster")
    assert county.request(kept.number).area == "W0101"
    county.held(kept.number)


def test_the_leading_groups_office_reads_the_quarter(county: City, state: State) -> None:
    county.given(TOWN, need="food", cause="natural_disaster", goods="糌粑", recipient="乙",
                 proof="照片")  # fmt: skip
    county.given("township_w02.1", amount=200, need="living", cause="illness", fund="temp_aid",
                 recipient="丙", received_by="丙")  # fmt: skip
    with state.database.read() as session:
        found = aid_report.report(
            session, county.actor("super01"), state.offices.current(), year=2026, quarter=4,
            now=county.now(),
        )  # fmt: skip
    assert {row.code: row.grants for row in found.units} == {"township_w01": 1, "township_w02": 1}
    assert found.whole.yuan == "200"
