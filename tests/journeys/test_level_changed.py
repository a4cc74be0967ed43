"""A person changes the level: everybody who now has something else to expect or to do is told."""

from datetime import UTC, datetime

import pytest

from gateway.state import State
from models.outbox import Outgoing
from models.referrals import Referral
from referral.casework import GONE
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD
from tests.journeys.county import County
from tests.journeys.same_matter import told

LAMP = "小区楼道的灯坏了两个月，请派人修，南门街道和平社区"
PHONE = "+8613800000009"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
    return County(state, now)


def lowered(county: County, number: str, level: str = "standard") -> list[str]:
    """Confirmed, spoken with, lowered; the phrases said by the lowering."""
    county.do("op04", "confirm", number)
    county.do("township_w01.2", "record_contact", number, who="本人", outcome="reached")
    before = len(county.said_to_citizen(number))
    county.do("lead01", "lower_urgency", number, level=level, reason="电话核实家里有饭吃")
    return county.said_to_citizen(number)[before:]


def test_who_was_promised_urgent_help_hears_that_it_is_handled_as_standard(
    county: County,
) -> None:
    number = county.call("food", FOOD, PHONE)
    said = lowered(county, number)
    assert said[:2] == ["no_longer_urgent", "standard_accepted"], "the standard date, and N4"
    assert "data_rights" in said
    rows = county.rows(Outgoing, number)
    words = next(row for row in rows if row.phrase == "no_longer_urgent")
    assert "电话核实" not in words.text
    assert words.params["due"]


def test_what_is_needed_is_told_once_however_often_the_level_changes(county: County) -> None:
    number = county.call("food", FOOD, PHONE)
    lowered(county, number)
    county.do("op04", "raise_urgency", number, level="urgent", reason="又断粮了")
    county.do("lead01", "lower_urgency", number, level="standard", reason="有饭吃")
    said = county.said_to_citizen(number)
    assert said.count("standard_accepted") == 1
    assert said.count("no_longer_urgent") == 2


def test_a_reporter_hears_that_it_is_no_longer_urgent_and_no_papers(county: County) -> None:
    number = told(county.state, "sms", PHONE, FOOD, reporter="grid_w010401").number
    assert lowered(county, number) == ["no_longer_urgent"]


def test_lowering_that_leaves_it_urgent_changes_no_promise(county: County) -> None:
    number = county.call("jump", "有人要跳楼，在南门街道和平社区，快来人", PHONE)
    county.do("lead01", "record_contact", number, who="报警人", outcome="reached")
    before = county.said_to_citizen(number)
    for lead in ("lead01", "lead02"):
        county.do(lead, "lower_urgency", number, level="urgent", reason="人已下来")
    assert county.said_to_citizen(number) == before


def test_whoever_must_act_on_what_a_person_made_urgent_is_told_at_once(county: County) -> None:
    number = county.call("lamp", LAMP, PHONE)
    county.do("dispatch01", "confirm", number)
    county.do("dispatch01", "correct_route", number, bureau="housing", reason="住建职责")
    county.do("housing.1", "sign", number)
    told_before = len(county.rows(Outgoing, number))
    county.do("op04", "raise_urgency", number, level="urgent", reason="电话里说两天没吃饭")
    orders = county.orders(number)
    assert set(orders) == {"housing", "civil_affairs", "township_w02"}, "who is told can sign"
    new = county.rows(Outgoing, number)[told_before:]
    readers = [row.staff for row in new if row.phrase == "staff_new_referral"]
    units = county.state.offices.current().directory.officer
    assert {units[login].unit for login in readers} == {
        "housing",
        "civil_affairs",
        "township_w02",
    }, "the holder, the lead of the urgent route, the township that acts first"
    assert len(readers) == len(set(readers)), "each once"


def test_the_township_that_acts_first_is_told_when_a_person_makes_it_urgent(
    county: County,
) -> None:
    number = county.call("dibao", "临江社区的低保怎么申请，我住滨河街道临江社区", PHONE)
    told_before = len(county.rows(Outgoing, number))
    county.do("op04", "raise_urgency", number, level="urgent", reason="电话里说两天没吃饭")
    new = county.rows(Outgoing, number)[told_before:]
    readers = {row.staff for row in new if row.phrase == "staff_new_referral"}
    units = county.state.offices.current().directory.officer
    assert "township_w01" in {units[login].unit for login in readers}, readers
    county.do("township_w01.2", "record_contact", number, who="本人", outcome="on_site")


COMPLAINT = "滨河街道办的人把救济粮给了自己亲戚，不给我家，在滨河街道临江社区"


def repaired_by_housing(county: County) -> str:
    number = county.call("lamp", LAMP, PHONE)
    county.do("dispatch01", "confirm", number)
    county.do("dispatch01", "correct_route", number, bureau="housing", reason="住建职责")
    county.do("housing.1", "sign", number)
    return number


def told_units(county: County, number: str, since: int) -> set[str]:
    known = county.state.offices.current().directory.officer
    return {known[row.staff].unit for row in county.rows(Outgoing, number)[since:] if row.staff}


def test_whom_a_complaint_keeps_out_is_not_told_when_it_becomes_urgent(county: County) -> None:
    number = county.call("complaint", COMPLAINT, PHONE)
    county.do("lead01", "bar", number, unit="township_w01", reason="投诉街道办")
    since = len(county.rows(Outgoing, number))
    county.do("op04", "raise_urgency", number, level="urgent", reason="两天没吃饭")
    told_now = told_units(county, number, since)
    assert "township_w01" not in told_now
    assert {county.held(number)[0], *county.orders(number)} <= told_now


def test_whom_a_complaint_keeps_out_is_not_told_what_the_requester_adds(county: County) -> None:
    number = county.call("complaint", COMPLAINT, PHONE)
    county.do("lead01", "bar", number, unit="township_w01", reason="投诉街道办")
    since = len(county.rows(Outgoing, number))
    added = f"{number} 我家断粮两天了，在滨河街道临江社区"
    assert county.call("more", added, PHONE) == number
    assert county.request(number).level == "urgent"
    told_now = told_units(county, number, since)
    assert told_now, "somebody acts"
    assert "township_w01" not in told_now


def test_in_place_of_a_bureau_that_is_kept_out_the_level_above_helps(county: County) -> None:
    number = repaired_by_housing(county)
    county.do("lead01", "bar", number, unit="civil_affairs", reason="投诉民政局")
    since = len(county.rows(Outgoing, number))
    county.do("op04", "raise_urgency", number, level="urgent", reason="两天没吃饭")
    others = set(county.orders(number)) - {"housing", "township_w02"}
    assert len(others) == 1
    assert "civil_affairs" not in others
    told_now = told_units(county, number, since)
    assert others < told_now
    assert "civil_affairs" not in told_now


def test_a_bureau_that_helps_already_gets_no_second_order(county: County) -> None:
    number = repaired_by_housing(county)
    county.do("housing.1", "record_contact", number, who="本人", outcome="reached")
    county.do("op04", "raise_urgency", number, level="urgent", reason="两天没吃饭")
    county.do("lead01", "lower_urgency", number, level="standard", reason="有饭吃")
    county.do("op04", "raise_urgency", number, level="urgent", reason="又断粮了")
    live = [row.bureau for row in county.rows(Referral, number) if row.status not in GONE]
    assert sorted(live) == ["civil_affairs", "housing", "township_w02"]
