"""What each city's document demands of such software about aid (domain note 1.2), walked through
with its own numbers. Beijing's text is an abstract and demands nothing."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import aid_filing, purses
from gateway.access import Partner
from gateway.aid_bodies import FiledBody, KinEntry
from gateway.settings import Settings
from gateway.state import State
from models.relief import Decision
from models.tasks import Task
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.journeys.aid import TOWN, Aid

OWN = {
    "taian": '[[value]]\nkey = "advance_relief_notice"\nvalue = "after"\n'
    'source = "泰安六（四）：事后公示、事实证明、集体研判"\ntag = "S"\n',
    "huzhou": '[[value]]\nkey = "filed_with"\nvalue = "coordination_office"\n'
    'source = "湖州二（三）：向领导小组办公室备案"\ntag = "S"\n',
}
"""Cities without a profile of their own bring their sentence as a county's folder would."""
SHIPPED = {"weihai": "weihai_shandong", "linfen": "linfen", "yuanjiang": "yuanjiang"}


@pytest.fixture
def settings(settings: Settings, request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    city = request.node.name.split("_")[1]
    if city in SHIPPED:
        return settings.model_copy(update={"profile": SHIPPED[city]})
    if city in OWN:
        folder = tmp_path / city
        folder.mkdir()
        (folder / "values.toml").write_text(OWN[city], "utf-8")
        return settings.model_copy(update={"profile_dir": folder})
    return settings


@pytest.fixture
def county(state: State, now: Watch) -> Aid:
    now.at = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
    return Aid(state, now)


def test_huzhou_every_item_is_filed_when_it_is_given(county: Aid) -> None:
    number = county.file("education.1", amount=1000, recipient="贺小满", standard="高中每年1000元",
                         service="education", need="schooling", fund="own_budget")  # fmt: skip
    row = county.aid(number)
    assert (row.filed_at, row.filed_with) == (county.now(), "coordination_office")
    assert (row.service, row.amount_fen, row.standard, row.recipient) == (
        "education", 100_000, "高中每年1000元", "贺小满",
    )  # fmt: skip
    with pytest.raises(Refusal, match="standard_missing"):
        county.file("education.1", amount=1000, standard=" ")


def test_heihe_helps_whose_identity_cannot_be_established(county: Aid) -> None:
    number = county.given(TOWN, need="shelter", cause="stranded", goods="旅店一晚",
                          recipient="不明身份男子，约40岁", proof="值班照片")  # fmt: skip
    assert county.aid(number).state == "delivered"
    causes = [one.code for one in county.state.offices.current().policy.grounds
              if one.act == "aid_cause" and "黑河三（八）" in one.source]  # fmt: skip
    assert {"fire", "natural_disaster", "illness", "accident", "schooling_cost"} <= set(causes)


def test_weihai_limit_3000_reserve_50000_and_the_second_aid_of_a_type(
    county: Aid, state: State
) -> None:
    county.keep(TOWN, "township_w01", "top_up", amount=49_999, voucher="拨款 1")
    office = state.offices.current()
    with state.database.read() as session:
        purse, _ = purses.one(session, county.actor(TOWN), office, "township_w01", county.now())
    assert purse.least is not None
    assert (purse.least.yuan, purse.short) == ("50000", True)
    assert purse.least.source.startswith("威海二（四）1")
    at = county.propose(TOWN, amount=3000, need="living", fund="reserve", recipient="甲")
    county.on(TOWN, "authorise", at)
    assert county.aid(at).state == "authorized", "3000 is the township's own"
    above = county.propose(TOWN, amount=3000.01, need="living", fund="reserve", recipient="乙")
    county.on(TOWN, "authorise", above, reason="两户合并安置")
    assert county.aid(above).asked_unit == "civil_affairs"
    second = county.propose(TOWN, amount=100, need="living", cause="fire", fund="reserve",
                            recipient="甲")  # fmt: skip
    county.on(TOWN, "authorise", second, reason="又失火")
    assert county.aid(second).asked_unit == "coordination_office", "the leading group"


def test_weihai_county_reserve_is_five_yuan_a_resident(county: Aid, state: State) -> None:
    county.keep("civil_affairs.1", "civil_affairs", "top_up", amount=100, voucher="拨款")
    county.keep("civil_affairs.1", "civil_affairs", "set_residents", residents=420_000)
    office = state.offices.current()
    with state.database.read() as session:
        purse, _ = purses.one(
            session, county.actor("civil_affairs.1"), office, "civil_affairs", county.now()
        )
    assert purse.least is not None
    assert purse.least.yuan == "2100000"


def test_jilin_goods_in_kind_on_sudden_difficulty(county: Aid) -> None:
    number = county.given(TOWN, need="clothing", cause="fire", goods="“阳光超市”棉衣四件",
                          recipient="丙", proof="照片")  # fmt: skip
    row = county.aid(number)
    assert (row.form, row.fund, row.amount_fen) == ("goods", "goods_store", 0)
    assert county.entries(number) == []


def test_tibet_manner_amount_and_duration_are_set_case_by_case(county: Aid) -> None:
    number = county.propose(TOWN, amount=900, need="living", cause="illness", fund="temp_aid")
    county.on("civil_affairs.head", "decide", number, words="每月300元，三个月", present="三人",
              amount=900, stages="300 十月\n300 十一月\n300 十二月")  # fmt: skip
    (decision,) = county.every(Decision)
    assert decision.stages == [[30_000, "十月"], [30_000, "十一月"], [30_000, "十二月"]]


def test_yuanjiang_small_sum_first_explained_afterwards_one_case_one_decision(county: Aid) -> None:
    county.keep(TOWN, "township_w01", "top_up", amount=50_000, voucher="拨款")
    number = county.propose(TOWN, amount=800, need="living", cause="accident", fund="reserve",
                            recipient="丁")  # fmt: skip
    county.on(TOWN, "authorise", number)
    county.on(TOWN, "deliver", number, received_by="丁")
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


def test_dezhou_aid_of_charities_is_filed_beside_that_of_the_bureaus(
    county: Aid, state: State
) -> None:
    body = FiledBody(
        kind="social", service="charity", need="food", amount="500", fund="donation",
        standard="慈善会标准", given_at=county.now(), recipient="戊", area="W0101",
    )  # fmt: skip
    charity = Partner("慈善会", frozenset({"relief:write"}))
    row, new = aid_filing.file(state, charity, body, key="1", now=county.now())
    assert new
    mine = county.propose(TOWN, amount=100, need="living", fund="temp_aid", recipient="戊",
                          area="W0101")  # fmt: skip
    found = county.aid(mine)
    assert (found.recipient, found.area) == ("戊", "W0101")
    assert county.aid(row["number"]).kind == "social"


def test_linfen_near_relatives_are_marked_for_filing_and_helped(county: Aid, state: State) -> None:
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


def test_taian_the_village_gives_at_once_and_the_notice_comes_afterwards(
    county: Aid, state: State
) -> None:
    number = county.given("village_w0101.1", need="food", cause="fire", goods="米面",
                          recipient="己庚辛", proof="现场照片")  # fmt: skip
    row = county.aid(number)
    assert (row.green, row.notice, row.published_at) == (True, "after", None)
    assert row.notice_source.startswith("泰安六（四）")
    county.on(TOWN, "publish", number, place="村务公开栏")
    assert county.aid(number).published_by == TOWN
    assert [t for t in county.every(Task) if t.kind == "decide_relief"] == [], "nobody's yes needed"


def test_by_the_national_opinion_small_fast_aid_is_not_announced(county: Aid) -> None:
    number = county.given(TOWN, goods="米面", recipient="壬", proof="照片")
    assert county.aid(number).notice == "none"
    with pytest.raises(Refusal, match="no_notice"):
        county.on(TOWN, "publish", number, place="公开栏")
