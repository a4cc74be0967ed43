"""The quarter of visits, warnings and aid in writing: its sums are those of the rows."""

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest

from gateway import discovery_quarter
from tests.gateway.people import application, signed_in
from tests.journeys.aid import TOWN
from tests.journeys.city import City

ASKED = "/discovery/report?year=2026&quarter=4"


@pytest.fixture
def county(state, now):
    """A quarter with seen and shut doors, warnings of two kinds, aid of two townships."""
    now.at = datetime(2026, 10, 20, 2, 0, tzinfo=UTC)
    made = City(state, now)
    made.reach_out()
    for place, one in enumerate(made.visits()[:6]):
        made.door(one.holder, one, "nobody" if place % 3 else "well")
    homes = [home.id for home in made.homes().values() if home.categories]
    for kind, home in (("death", homes[0]), ("death", homes[1]), ("disaster_damage", homes[2])):
        made.listed({"kind": kind, "source": "县局", "value": 1, "household_id": home})
    first = made.warnings()[0]
    made.door(first.holder, first, "gets_by", what="warning", note="儿女按月寄钱")
    made.given(TOWN, amount=300, need="living", cause="illness", fund="temp_aid",
               recipient="甲", received_by="甲")  # fmt: skip
    return made


def written(county, login="super01", year=2026, quarter=4):
    office = county.state.offices.current()
    with county.state.database.read() as session:
        return discovery_quarter.written(
            session, county.actor(login), office, year=year, quarter=quarter, now=county.now()
        )


def test_visits_by_rule_and_by_place_add_up_to_the_same(county):
    found = written(county)
    assert found.whole.planned == len(county.visits())
    assert sum(one.planned for one in found.rounds) == found.whole.planned
    seen = sum(one.seen for one in county.visits())
    assert seen == 3, "two opened, and one was met about a warning"
    assert (found.whole.seen, sum(one.seen for one in found.rounds)) == (seen, seen)


def test_warnings_are_counted_by_what_was_found(county):
    found = written(county)
    assert sum(one.warned for one in found.lists) == len(county.warnings()) == 3
    assert sum(one.outcomes.get("gets_by", 0) for one in found.lists) == 1
    assert found.aid.whole.yuan == "300"


def test_another_quarter_counts_nothing_of_this_one(county):
    before = written(county, quarter=3)
    assert (before.rounds, before.whole, before.lists) == ((), None, ())
    assert before.aid.whole.grants == 0


def test_a_township_reads_its_own_quarter(county):
    found = written(county, TOWN)
    assert {one.code for one in found.places} == {"W01"}
    assert found.whole.planned < written(county).whole.planned


def test_page_print_and_workbook_say_the_same(county, state):
    desk = signed_in(state, application(state), "super01")
    page = desk.get(ASKED).text
    assert f"<td>{written(county).whole.planned}</td>" in page
    assert "data-worker=" in page
    assert "printing" in desk.get(f"{ASKED}&print=1").text
    book = desk.get("/discovery/report.xlsx?year=2026&quarter=4")
    with zipfile.ZipFile(BytesIO(book.content)) as sheets:
        assert len([n for n in sheets.namelist() if n.startswith("xl/worksheets/")]) == 9
        assert "滨河街道" in sheets.read("xl/sharedStrings.xml").decode()


@pytest.mark.parametrize("wrong", ["year=2026&quarter=5", "year=x&quarter=1"])
def test_what_is_no_quarter_is_said(county, state, wrong):
    desk = signed_in(state, application(state), "super01")
    assert desk.get(f"/discovery/report?{wrong}").status_code == 422


def test_who_may_not_see_rounds_has_no_report(county, state):
    desk = signed_in(state, application(state), "op01")
    assert desk.get(ASKED).status_code == 403
