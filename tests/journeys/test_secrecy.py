"""Who asks not to be named is known to the desk alone, whenever they ask (AS-05)."""

import pytest

from gateway import access
from gateway.ledger_audit import disagreements
from gateway.state import State
from models.requests import HelpRequest
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.journeys.county import County

BEATEN = "楼上孩子天天被打,现在还在哭,地址滨河街道临江社区"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    return County(state, now)


def knows_who(county: County, login: str, number: str) -> bool:
    """Whether this person may see who the requester is."""
    return access.sight(county.actor(login), county.request(number)._mapping).person


@pytest.mark.parametrize("minutes", [0, 10])
@pytest.mark.parametrize(
    "words", ["别问我是谁,请替我保密", "别让社区的人知道是我说的", "千万不要告诉他们是我打的电话"]
)
def test_secrecy_asked_for_later_holds_for_the_request(
    county: County, now: Watch, words: str, minutes: int
) -> None:
    number = county.call("first", BEATEN)
    lead = county.lead(number).bureau
    assert knows_who(county, f"{lead}.1", number)
    now.forward(minutes=minutes)
    assert county.call("second", words) == number
    assert county.request(number).confidential
    assert not knows_who(county, f"{lead}.1", number)
    assert knows_who(county, "op01", number)
    assert "kept_confidential" in county.kinds(number)
    with county.state.database.read() as session:
        assert list(disagreements(session)) == []


def test_other_further_words_make_nothing_secret(county: County, now: Watch) -> None:
    number = county.call("first", BEATEN)
    now.forward(minutes=10)
    assert county.call("second", "三楼左边那家,孩子五六岁") == number
    assert not county.request(number).confidential
    assert "kept_confidential" not in county.kinds(number)


def test_the_desk_keeps_a_requester_secret_and_nobody_else_can(county: County) -> None:
    number = county.call("first", BEATEN)
    lead = county.lead(number).bureau
    with pytest.raises(Refusal):
        county.do(f"{lead}.1", "keep_confidential", number, reason="来电人要求")
    county.do("op01", "keep_confidential", number, reason="来电人要求")
    assert not knows_who(county, f"{lead}.1", number)
    with pytest.raises(Refusal):
        county.do("op01", "keep_confidential", number, reason="来电人要求")


def test_the_part_of_a_secret_request_is_secret(county: County) -> None:
    whole = county.call("first", "我想申请临时救助,房子漏雨,滨河街道临江社区,别说是我说的")
    county.do("lead01", "split_off", whole, part="老人高烧两天没饭吃", level="urgent")
    part = next(row.number for row in county.every(HelpRequest) if row.number != whole)
    assert county.request(part).confidential
    assert not knows_who(county, "civil_affairs.1", part)


def test_who_is_kept_from_a_request_is_kept_from_its_part(county: County) -> None:
    whole = county.call("first", "我想申请低保,我住在滨河街道临江社区")
    county.do("dispatch01", "bar", whole, unit="civil_affairs", reason="来电人说与经办人有纠纷")
    county.do("lead01", "split_off", whole, part="老人高烧两天没饭吃", level="urgent")
    part = next(row.number for row in county.every(HelpRequest) if row.number != whole)
    assert not county.sees("civil_affairs.1", part)
    assert county.sees("op01", part)


OTHER = "+8613800000002"
ASKS = "千万不要告诉他们是我打的电话"


def parted(county: County, older: str, newer: str) -> None:
    county.now.forward(minutes=5)
    county.do("lead01", "undo_merge", newer, other=older, reason="是两户")
    with county.state.database.read() as session:
        assert list(disagreements(session)) == []


@pytest.mark.parametrize("who", ["the older", "the newer", "the desk"])
def test_secrecy_asked_for_while_two_were_one_holds_for_both_parts(
    county: County, who: str
) -> None:
    older = county.call("one", BEATEN)
    newer = county.call("other", BEATEN, OTHER)
    county.do("lead01", "merge", newer, other=older, reason="同一户")
    county.now.forward(minutes=5)
    if who == "the desk":
        county.do("op01", "keep_confidential", older, reason="来电人要求")
    else:
        county.call("asks", ASKS, OTHER if who == "the newer" else "+8613812345678")
    parted(county, older, newer)
    for number in (older, newer):
        assert not knows_who(county, f"{county.lead(number).bureau}.1", number), number


@pytest.mark.parametrize("first", [True, False])
def test_who_asked_for_it_where_it_was_secret_already_is_secret_when_parted(
    county: County, first: bool
) -> None:
    secret = f"{BEATEN},{ASKS}"
    older = county.call("one", secret if first else BEATEN)
    newer = county.call("other", BEATEN if first else secret, OTHER)
    county.do("lead01", "merge", newer, other=older, reason="同一户")
    assert county.request(older).confidential
    county.now.forward(minutes=5)
    county.call("asks", ASKS, OTHER if first else "+8613812345678")
    parted(county, older, newer)
    assert county.request(older).confidential
    assert county.request(newer).confidential


def test_what_was_secret_with_another_stays_so_and_who_asked_for_nothing_is_not_made_secret(
    county: County,
) -> None:
    older = county.call("one", BEATEN)
    newer = county.call("other", f"{BEATEN},{ASKS}", OTHER)
    county.do("lead01", "merge", newer, other=older, reason="同一户")
    parted(county, older, newer)
    assert county.request(older).confidential, "software makes nothing less secret"
    third = county.call("third", BEATEN, "+8613800000003")
    county.do("lead01", "merge", third, other=older, reason="同一户")
    parted(county, older, third)
    assert not county.request(third).confidential
