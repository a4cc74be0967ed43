"""A quarter that a named person closed stays as told; what is found out later stands beside it."""

from datetime import UTC, datetime

import orjson
import pytest
from sqlalchemy import delete, select, update
from sqlmodel import col

from gateway.ledger_audit import altered
from gateway.quarter import Quarter
from gateway.quarter_closing import kept
from gateway.state import State
from models.events import Event
from models.quarters import ClosedQuarter
from tests.conftest import Clock as Watch
from tests.gateway.people import application, signed_in
from tests.gateway.test_quarter import handled
from tests.journeys.county import County

HOUSING = {"unit": "housing", "quarter": "2026Q3"}
API = "/api/v1/reports/quarter"
ASKED = f"{API}?unit=housing&quarter=2026Q3"
PAGE = "/reports/quarter?unit=housing&quarter=2026Q3"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 9, 28, 2, 0, tzinfo=UTC)
    return County(state, now)


def rate(figures: dict[str, object], code: str) -> dict[str, object]:
    rates: list[dict[str, object]] = figures["rates"]  # type: ignore[assignment]
    return next(one for one in rates if one["code"] == code)


def test_what_was_told_stays_and_a_later_finding_is_listed_beside_it(
    county: County, state: State
) -> None:
    number = handled(county, "lamp", "+8613600000001")
    county.do("housing.1", "sign", number)
    county.now.at = datetime(2026, 10, 8, 2, 0, tzinfo=UTC)
    head = signed_in(state, application(state), "housing.head")
    told = head.post(API, HOUSING)
    assert told.status_code == 201
    assert (told.json()["by"], told.json()["intact"]) == ("housing.head", True)
    assert rate(told.json()["figures"], "done_in_time")["counted"] == 0

    county.do("housing.1", "record_contact", number, who="本人", outcome="reached")
    county.do("housing.1", "reply", number, text="路灯已经修好了。")
    county.do("housing.1", "report_result", number, result="已修")
    found = head.get(ASKED).json()
    assert rate(found, "done_in_time")["counted"] == 1, "the figures of now move on"
    closed = found["closed"]
    assert closed["figures"] == told.json()["figures"], "what was told does not"
    changed = {one["code"]: one for one in closed["differences"]}
    assert changed["done_in_time"] == {
        "code": "done_in_time", "then": [0, 0], "now": [1, 1], "more": [number], "fewer": [],
    }  # fmt: skip
    event = next(one for one in county.every(Event) if one.kind == "quarter_closed")
    assert event.by == "housing.head"
    assert orjson.loads(event.detail)["policy"] == state.offices.current().policy.hash


def test_a_quarter_is_closed_once_by_its_own_unit_and_when_it_is_over(
    county: County, state: State
) -> None:
    app = application(state)
    head = signed_in(state, app, "housing.head")
    early = head.post(API, HOUSING)
    assert (early.status_code, early.json()["key"]) == (422, "refusal.quarter_not_over")
    county.now.at = datetime(2026, 10, 8, 2, 0, tzinfo=UTC)
    head = signed_in(state, app, "housing.head")
    assert signed_in(state, app, "health.1").post(API, HOUSING).status_code == 403
    assert signed_in(state, app, "lead01").post(API, HOUSING).status_code == 403
    assert head.post(API, {**HOUSING, "quarter": "soon"}).status_code == 422
    assert head.post(API, {**HOUSING, "unit": "nobody"}).status_code in (403, 422)
    assert head.post(API, HOUSING).status_code == 201
    again = signed_in(state, app, "super01").post(API, HOUSING)
    assert (again.status_code, again.json()["key"]) == (409, "refusal.quarter_closed")


def test_the_page_closes_shows_differences_and_prints(county: County, state: State) -> None:
    number = handled(county, "lamp", "+8613600000001")
    county.now.at = datetime(2026, 10, 8, 2, 0, tzinfo=UTC)
    desk = signed_in(state, application(state), "super01")
    assert "尚未定稿" in desk.get(PAGE).text
    assert desk.form("/reports/quarter/close", **HOUSING).status_code == 303
    page = desk.get(PAGE).text
    assert "定稿，以下为定稿数字" in page
    assert f'href="/desk/{number}"' in page, "each number opens the list behind it"
    assert "与定稿一致" in page
    county.now.forward(days=30)
    county.tick()
    desk = signed_in(state, application(state), "super01")
    assert f'增加： <a href="/desk/{number}">' in desk.get(PAGE).text
    assert "printing" in desk.get(f"{PAGE}&print=1").text
    twice = desk.form("/reports/quarter/close", **HOUSING)
    assert twice.status_code == 409
    assert "定稿不再改动" in twice.text
    own = signed_in(state, application(state), "housing.1")
    assert f'href="/inbox/{number}"' in own.get("/reports/quarter").text, "last quarter, own unit"
    assert own.get(PAGE.replace("housing", "health")).status_code == 403


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ({"orders": 99}, "has figures that nobody told"),
        ({"closed_by": "super02"}, "says something else than the ledger"),
        ({"digest": "0" * 64}, "says something else than the ledger"),
        ({"closed_at": datetime(2026, 10, 1, tzinfo=UTC)}, "says something else than the ledger"),
        ({"unit": "health"}, "is in no entry of the ledger"),
        (None, "its row is gone"),
    ],
)
def test_a_closed_quarter_that_sql_changed_is_named(
    county: County, state: State, harm: dict[str, object] | None, words: str
) -> None:
    county.now.at = datetime(2026, 10, 8, 2, 0, tzinfo=UTC)
    desk = signed_in(state, application(state), "super01")
    for unit in ("housing", "education"):
        assert desk.post(API, {**HOUSING, "unit": unit}).status_code == 201
    with state.database.read() as session:
        assert list(altered(session)) == []
    of_housing = col(ClosedQuarter.unit) == "housing"
    with state.database.write() as connection:
        if harm is None:
            connection.execute(delete(ClosedQuarter).where(of_housing))
        elif "orders" in harm:
            query = select(ClosedQuarter.__table__.c.figures).where(of_housing)
            figures = {**connection.execute(query).scalar_one(), **harm}
            connection.execute(update(ClosedQuarter).where(of_housing).values(figures=figures))
        else:
            connection.execute(update(ClosedQuarter).where(of_housing).values(**harm))
    with state.database.read() as session:
        found = list(altered(session))
    assert any("2026Q3" in one and words in one for one in found), found
    assert not any("education" in one for one in found), "nobody touched the other"


def test_figures_that_are_no_figures_any_more_are_named(county: County, state: State) -> None:
    county.now.at = datetime(2026, 10, 8, 2, 0, tzinfo=UTC)
    signed_in(state, application(state), "super01").post(API, HOUSING)
    with state.database.write() as connection:
        connection.exec_driver_sql("UPDATE closed_quarter SET figures = '[1]'")
    with state.database.read() as session:
        [found] = altered(session)
    assert found == "the closed quarter 2026Q3 of housing has figures that nobody told"


def test_figures_changed_behind_the_ledger_are_named(county: County, state: State) -> None:
    county.now.at = datetime(2026, 10, 8, 2, 0, tzinfo=UTC)
    desk = signed_in(state, application(state), "super01")
    desk.post(API, HOUSING)
    with state.database.write() as connection:
        row = connection.execute(select(*ClosedQuarter.__table__.columns)).one()
        connection.execute(
            update(ClosedQuarter)
            .where(col(ClosedQuarter.id) == row.id)
            .values(figures={**row.figures, "orders": 99})
        )
    with state.database.read() as session:
        found = kept(session, "housing", Quarter(2026, 3))
    assert found is not None
    assert not found.intact
    assert "台账记录不符" in desk.get(PAGE).text


def test_who_closes_for_the_first_time_finds_the_units_that_had_orders(
    county: County, state: State
) -> None:
    """A hundred villages without an order stood between them, and the page began with a unit that
    had none."""
    number = handled(county, "lamp", "+8613600000001")
    county.do("housing.1", "sign", number)
    county.now.at = datetime(2026, 10, 8, 2, 0, tzinfo=UTC)
    caller = signed_in(state, application(state), "super01")
    page = caller.get("/reports/quarter").text
    assert "民政局 2026Q3" in page.split("</h1>")[0], "the first that had any: it sent it on"
    owed, idle = page.split("没有工单、也还没有定稿的单位")
    assert "unit=housing&amp;quarter=2026Q3" in owed
    assert "unit=village_w0101" not in owed.split("还没有定稿的单位和联络员")[1]
    assert "unit=village_w0101" in idle
    assert '<option value="2026Q3" selected>' in page, "chosen, not typed"
    assert '<option value="2026Q4">' in page
    assert '<option value="2021Q2" selected>' in caller.get(f"{PAGE[:-6]}2021Q2").text
