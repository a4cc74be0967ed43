"""AS-14: the second aid of a family in one year: sums against the cap, same cause, same type.
Nobody is told no; who may decide is, and by when; food and the day's drug go out meanwhile."""

import re
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI

from gateway.settings import Settings
from gateway.state import State
from referral.casework import Refusal
from tests.conftest import Clock as Watch
from tests.gateway.people import Caller, application, signed_in
from tests.journeys.aid import TOWN, Aid

HOME = {"household_id": "HH00001", "recipient": "贺芳"}


@pytest.fixture(params=["linfen"])
def profile(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(settings: Settings, profile: str) -> Settings:
    return settings.model_copy(update={"profile": profile})


@pytest.fixture
def county(state: State, now: Watch) -> Aid:
    now.at = datetime(2026, 3, 5, 2, 0, tzinfo=UTC)
    return Aid(state, now)


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


def fire(county: Aid, yuan: int = 2000) -> str:
    return county.given(TOWN, amount=yuan, need="living", cause="fire", fund="temp_aid",
                        received_by="本人", **HOME)  # fmt: skip


def september(county: Aid, yuan: int, **more: str) -> str:
    county.now.at = datetime(2026, 9, 10, 2, 0, tzinfo=UTC)
    told = {"need": "living", "cause": "illness", "fund": "temp_aid", **HOME, **more}
    return county.propose(TOWN, amount=yuan, **told)


def test_another_cause_is_allowed_and_the_sum_is_shown_against_the_cap(county: Aid) -> None:
    fire(county)
    second = september(county, 3000)
    county.on(TOWN, "authorise", second, reason="孩子住院")
    assert county.aid(second).state == "authorized"
    assert "cap_person_year" not in county.warned(second), "2000 + 3000 is at the cap, not over"


def test_over_the_cap_it_needs_one_decision_for_the_case(county: Aid) -> None:
    fire(county)
    second = september(county, 3000.01)
    county.on(TOWN, "authorise", second, reason="孩子住院")
    assert county.aid(second).state == "proposed"
    assert "cap_person_year" in county.warned(second)
    cap = next(one for one in county.aid(second).guards if one["key"] == "cap_person_year")
    assert (cap["limit_fen"], cap["sum_fen"]) == (500_000, 500_001)
    assert cap["source"].startswith("临汾二（八）1")
    county.on("civil_affairs.head", "decide", second, words="同意", present="邹梓珍、萧家轩",
              amount=3000.01)  # fmt: skip
    county.on(TOWN, "authorise", second, reason="按一事一议决定")
    assert county.aid(second).state == "authorized"


def test_the_family_counts_together(county: Aid) -> None:
    fire(county, 5000)
    other = september(county, 5000.01, recipient="贺小满")
    county.on(TOWN, "authorise", other, reason="孩子住院")
    assert "cap_family_year" in county.warned(other)
    assert "cap_person_year" in county.warned(other), "one grant alone is over a person's cap"


def test_last_years_aid_counts_no_more(county: Aid) -> None:
    county.now.at = datetime(2025, 12, 31, 15, 59, tzinfo=UTC)  # the last minute of the year
    fire(county, 5000)
    county.now.at = datetime(2025, 12, 31, 16, 1, tzinfo=UTC)
    second = county.propose(TOWN, amount=5000, need="living", cause="illness", fund="temp_aid",
                            **HOME)  # fmt: skip
    county.on(TOWN, "authorise", second)
    assert county.warned(second) == set()


def test_the_same_bill_again_waits_for_a_decision_while_the_drug_is_given(county: Aid) -> None:
    fire(county)
    first = september(county, 1000)
    county.on(TOWN, "authorise", first, reason="孩子住院")
    county.on(TOWN, "deliver", first, received_by="本人")
    county.now.at = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
    again = county.propose(TOWN, amount=1000, need="living", cause="illness", fund="temp_aid",
                           **HOME)  # fmt: skip
    with pytest.raises(Refusal) as why:
        county.on(TOWN, "authorise", again)
    assert why.value.key == "refusal.relief_reason"
    county.on(TOWN, "authorise", again, reason="同一张住院单，还欠费")
    waiting = county.aid(again)
    assert (waiting.state, waiting.asked_unit) == ("proposed", "civil_affairs")
    assert county.warned(again) >= {"repeat_same_cause", "repeat_same_type_same_year"}
    drug = county.propose(TOWN, amount=80, need="medical", cause="illness", fund="temp_aid", **HOME)
    county.on(TOWN, "authorise", drug)
    county.on(TOWN, "deliver", drug, received_by="本人")
    assert county.aid(drug).state == "delivered", "the day's drug is given meanwhile"


@pytest.mark.parametrize("profile", ["weihai_shandong"], indirect=True)
def test_in_weihai_the_same_type_goes_to_the_leading_group(county: Aid) -> None:
    fire(county)
    second = september(county, 900)
    county.on(TOWN, "authorise", second, reason="住院")
    assert county.aid(second).asked_unit == "coordination_office"
    county.on("super01", "decide", second, words="领导小组同意", present="全体成员", amount=900)
    county.on(TOWN, "authorise", second, reason="按领导小组决定")
    assert county.aid(second).state == "authorized"


def test_the_page_says_who_decides_and_by_when_and_never_no(
    county: Aid, state: State, app: FastAPI
) -> None:
    fire(county)
    first = september(county, 1000)
    county.on(TOWN, "authorise", first, reason="住院")
    again = county.propose(TOWN, amount=4000, need="living", cause="illness", fund="temp_aid",
                           **HOME)  # fmt: skip
    desk: Caller = signed_in(state, app, TOWN)
    before = desk.get(f"/relief/{again}").text
    assert "由民政局决定" in before
    assert "同一事由今年已救助" in before
    answer = desk.form(f"/relief/{again}/authorise", reason="还欠住院费")
    assert answer.status_code == 303
    page = desk.get(f"/relief/{again}").text
    assert "望河县民政局" in page
    assert "9月10日" in page, "by when"
    ours = re.sub(r'<span class="quiet source">.*?</span>', "", page)  # a rule may be quoted
    for word in ("驳回", "拒绝", "不予", "rejected", "refused"):
        assert word not in ours
