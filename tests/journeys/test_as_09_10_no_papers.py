"""AS-09 and AS-10, the part of aid: a child and a man without a name are helped before papers."""

from datetime import UTC, datetime

import pytest

from gateway.state import State
from tests.conftest import Clock as Watch
from tests.journeys.aid import TOWN, Aid

CHILD = "我爸妈都被抓了 家里就我和妹妹 冰箱空了，滨河街道临江社区"
NIGHT = "公交站里躺着一个男的说不出名字，零下八度没有地方睡，滨河街道临江社区"


@pytest.fixture
def county(state: State, now: Watch) -> Aid:
    now.at = datetime(2026, 12, 1, 13, 0, tzinfo=UTC)
    return Aid(state, now)


def test_a_child_is_fed_before_any_form(county: Aid) -> None:
    case = county.call("child", CHILD)
    assert county.request(case).level in ("urgent", "life_threat")
    number = county.propose(TOWN, case, need="food", cause="neglect", goods="三天的饭菜")
    county.on(TOWN, "authorise", number)
    county.on(TOWN, "deliver", number, received_by="两个孩子", second_officer="彭宁")
    row = county.aid(number)
    assert (row.state, row.household_id, row.resident_id) == ("delivered", None, None)


def test_a_man_without_a_name_gets_a_blanket_and_is_asked_again(county: Aid) -> None:
    case = county.call("cold", NIGHT)
    unknown = "unknown-M-40 公交站 2026-12-01 21:00"
    bed = county.propose(TOWN, case, need="shelter", cause="stranded", goods="救助站床位",
                         recipient=unknown)  # fmt: skip
    county.on(TOWN, "decline", bed, note="他摇头，不肯去救助站")
    assert county.request(case).closed_at is None, "a refusal of a bed withdraws nothing"
    blanket = county.given(TOWN, case, need="clothing", cause="cold", goods="棉被、热粥",
                           recipient=unknown, witness="出租车司机")  # fmt: skip
    assert county.aid(blanket).recipient == unknown
    again = county.propose(TOWN, case, need="shelter", cause="stranded", goods="救助站床位",
                           recipient=unknown)  # fmt: skip
    county.on(TOWN, "authorise", again)
    assert county.aid(again).state == "authorized", "what he had earlier stops no bed tonight"
