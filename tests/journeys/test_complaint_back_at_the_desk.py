"""The result of a complaint comes back to the line's desk: to somebody it is not about (I9)."""

from datetime import UTC, datetime

import pytest

from gateway.state import State
from models.bars import Bar
from models.vocabulary import Status, Track
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.gateway.people import COMPLAINT
from tests.journeys.county import County

PHONE = "+8613800000021"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
    return County(state, now)


def answered(county: County, number: str) -> None:
    """Whoever leads answers and hands in the result."""
    lead = f"{county.lead(number).bureau}.1"
    county.do(lead, "sign", number)
    county.do(lead, "reply", number, text="已经查过，结果书面答复。")
    county.do(lead, "report_result", number, result="已查", absent="其他单位未反馈")
    assert county.request(number).status == Status.RESULT_REPORTED


def barred(county: County, number: str) -> set[str]:
    return {str(row.unit or row.login) for row in county.rows(Bar, number)}


def test_the_desk_that_had_it_first_still_rings_back(county: County) -> None:
    number = county.call("complaint", COMPLAINT, PHONE)
    county.do("super01", "correct_route", number, bureau="hotline", reason="先由热线核实来电")
    row = county.request(number)
    assert (row.track, row.lead_bureau) == (Track.GRIEVANCE, "hotline")
    county.do("op01", "take_upward", number, reason="请上一级看看")
    assert county.request(number).lead_bureau != "hotline"
    assert "hotline" not in barred(county, number)
    answered(county, number)
    assert county.held(number)[0] == "hotline"


def test_whoever_of_the_desk_is_complained_about_does_not_ring_back(county: County) -> None:
    number = county.call("complaint", COMPLAINT, PHONE)
    directory = county.state.offices.current().directory
    desk = directory.unit["hotline"]
    named = directory.answerable(desk, county.now()).officer.login
    county.do("lead01", "bar", number, login=named, reason="态度恶劣")
    answered(county, number)
    unit, person = county.held(number)
    assert unit == "hotline"
    assert person != named
    county.do("lead01", "record_contact", number, who="本人", outcome="reached")


def test_the_desk_as_a_whole_is_not_kept_out(county: County) -> None:
    number = county.call("complaint", COMPLAINT, PHONE)
    with pytest.raises(Refusal, match="bar_desk"):
        county.do("lead01", "bar", number, unit="hotline", reason="态度恶劣")
    assert "hotline" not in barred(county, number)
