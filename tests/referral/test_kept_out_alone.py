"""One person of a unit may be kept out of a request and the unit not: who came from where it
complains about. They neither hear of it nor hold it; a colleague does (I9)."""

from datetime import UTC, datetime

import pytest

from gateway.state import State
from models.outbox import Outgoing
from tests.conftest import Clock as Watch
from tests.journeys.county import County
from tests.referral.test_rungs import barred

TUESDAY = datetime(2026, 11, 3, 1, 0, tzinfo=UTC)
LAMP = "南门街道和平社区楼道的灯坏了两个月，请派人修"
BUREAU = "health"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = TUESDAY
    return County(state, now)


@pytest.fixture
def case(county: County) -> str:
    number = county.call("case", LAMP)
    county.do("dispatch01", "confirm", number)
    assert BUREAU not in county.orders(number)
    return number


def first(county: County) -> str:
    """Who would answer for the bureau."""
    directory = county.state.offices.current().directory
    return directory.answerable(directory.unit[BUREAU], county.now()).officer.login


def told(county: County, number: str) -> set[str]:
    return {row.staff for row in county.rows(Outgoing, number) if row.staff}


def of_the_bureau(county: County, logins: set[str]) -> set[str]:
    known = county.state.offices.current().directory.officer
    return {login for login in logins if known[login].unit == BUREAU}


def test_a_colleague_hears_that_the_bureau_has_a_part(county: County, case: str) -> None:
    barred(county, case, first(county))
    county.do("dispatch01", "bring_in", case, bureau=BUREAU, reason="有人摔伤")
    assert first(county) not in told(county, case)
    assert of_the_bureau(county, told(county, case))


def test_a_colleague_holds_what_the_bureau_leads(county: County, case: str) -> None:
    barred(county, case, first(county))
    county.do("dispatch01", "correct_route", case, bureau=BUREAU, reason="卫健职责")
    unit, holder = county.held(case)[:2]
    assert unit == BUREAU
    assert holder != first(county)
    assert first(county) not in told(county, case)
    assert county.sees(holder, case)


def test_where_all_of_the_bureau_are_kept_out_nobody_of_it_is_told(
    county: County, case: str
) -> None:
    officers = county.state.offices.current().directory.officers
    everybody = [one.login for one in officers if one.unit == BUREAU]
    barred(county, case, *everybody)
    county.do("dispatch01", "bring_in", case, bureau=BUREAU, reason="有人摔伤")
    assert not told(county, case) & set(everybody)
