"""The liaison officer's quarter: figures from the ledger, each with the requests behind it."""

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.board import read as read_board
from gateway.commands import report as report_command
from gateway.quarter import Quarter, report
from gateway.settings import Settings
from gateway.state import State
from gateway.unit_month import rates as rates_of
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD, application, signed_in
from tests.journeys.county import County

LAMP = "小区路灯坏了，请派人来修，南门街道和平社区"
SOLD = "我要投诉望河县住房和城乡建设局的人收了钱才办"


@pytest.fixture
def county(state: State, now: Watch) -> County:
    now.at = datetime(2026, 8, 4, 2, 0, tzinfo=UTC)
    return County(state, now)


def handled(county: County, mark: str, sender: str) -> str:
    return county.led_by_housing(mark, LAMP, sender)


def test_figures_follow_from_what_was_done_and_open_their_list(
    county: County, state: State
) -> None:
    good = handled(county, "good", "+8613600000001")
    county.do("housing.1", "sign", good)
    county.do("housing.1", "record_contact", good, who="本人", outcome="reached")
    county.do("housing.1", "reply", good, text="路灯已经修好了。")
    county.do("housing.1", "report_result", good, result="已修")
    county.do("op01", "callback", good, outcome="reached", resolved=True, view="satisfied")
    silent = handled(county, "silent", "+8613600000002")
    returned = handled(county, "returned", "+8613600000003")
    county.do(
        "housing.1", "request_return", returned, rule="三定方案第四条", right_unit="health",
        reason="不属住建",
    )  # fmt: skip
    county.do("dispatch01", "refuse_return", returned, reason="属住建")
    complaint = county.call("sold", SOLD, "+8613600000004")
    county.now.forward(days=30)
    county.tick()

    desk = signed_in(state, application(state), "super01")
    path = "/api/v1/reports/quarter?unit=housing&quarter=2026Q3"
    found = desk.get(path).json()
    by = {one["code"]: one for one in found["rates"]}
    assert found["requests"] == 3
    assert by["signed_in_time"]["missed"] == [silent]
    assert (by["signed_in_time"]["met"], by["signed_in_time"]["counted"]) == (2, 3)
    assert by["contacted_in_time"]["numbers"]
    assert good not in by["contacted_in_time"]["missed"]
    assert set(by["done_in_time"]["missed"]) == {silent, returned}
    assert by["resolved"]["numbers"] == [good]
    assert by["satisfied"]["share"] == 1
    assert by["returned"]["met"] == 1
    assert by["return_upheld"]["share"] == 0
    assert by["breached"]["met"] == 2
    assert by["done_in_time"]["small"]
    assert complaint not in str(found)
    for number in by["done_in_time"]["missed"]:
        assert desk.get(f"/api/v1/requests/{number}").status_code == 200, "each opens"
    assert desk.get("/api/v1/reports/quarter?unit=housing&quarter=2026Q4").json()["orders"] == 0
    assert desk.get("/api/v1/reports/quarter?unit=housing&quarter=soon").status_code == 422

    own = signed_in(state, application(state), "housing.1")
    assert own.get(path).json()["requests"] == 3
    assert own.get(path.replace("housing", "health")).status_code == 403


def test_a_joined_request_is_counted_once_and_an_order_that_is_gone_is_no_miss(
    county: County, state: State
) -> None:
    first, second = handled(county, "first", "+8613600000001"), handled(county, "again", "+86136")
    county.do("lead01", "merge", second, other=first, reason="同一盏灯")
    passed_on = handled(county, "passed", "+8613600000003")
    county.do(
        "housing.1", "request_return", passed_on, rule="三定方案第四条", right_unit="health",
        reason="不属住建",
    )  # fmt: skip
    county.do("dispatch01", "uphold_return", passed_on, reason="属卫健")
    county.now.forward(days=20)
    office, span = state.offices.current(), Quarter.parse("2026Q3")
    with state.database.read() as session:
        found = report(session, office, "housing", span, now=county.now())
        health = report(session, office, "health", span, now=county.now())
        board = read_board(session, county.actor("super01"), office, county.now())
        month = rates_of(session, county.actor("housing.1"), office, county.now())
    for code in ("signed_in_time", "done_in_time", "breached"):
        assert found.rate(code).counted == (first,)
        assert health.rate(code).counted == (passed_on,)
    assert found.rate("returned").met == (passed_on,)
    assert len(found.rate("returned").counted) == 3, "of all that were dispatched"
    assert (found.rate("return_upheld").share, found.doors) == (1, {"recording": 1})
    told = found.as_json()
    assert (told["orders"], told["requests"]) == (1, 1)
    bars = {bar.unit: bar.rate.counted for bar in (*board.bars, *board.small)}
    assert bars == {"housing": (first,), "health": (passed_on,)}
    assert {one.name: (one.part, one.whole) for one in month} == {
        "signed": (0, 1), "in_time": (0, 1), "returned": (1, 3),
    }  # fmt: skip


def test_urgent_relief_and_told_again_are_counted(county: County, state: State) -> None:
    number = county.call("food", FOOD)
    county.now.forward(days=2)
    office, span = state.offices.current(), Quarter.parse("2026Q3")
    with state.database.read() as session:
        found = report(session, office, "civil_affairs", span, now=county.now())
    assert found.rate("relief_24h").missed == (number,)
    assert found.rate("danger_by_person").share == 0
    assert found.doors == {"recording": 1}


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [("2026Q3", (2026, 7), (2026, 10)), ("2026q4", (2026, 10), (2027, 1))],
)
def test_a_quarter_is_three_months(text: str, begin: tuple[int, int], end: tuple[int, int]) -> None:
    first, after = Quarter.parse(text).span
    assert (first.year, first.month) == begin
    assert (after.year, after.month) == end


@pytest.mark.parametrize("text", ["2026Q5", "Q3", "2026-Q3", "1026Q1", ""])
def test_what_is_no_quarter_is_said_in_one_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="write 2026Q3"):
        Quarter.parse(text)


def test_the_report_is_written_as_a_spreadsheet_and_as_json(
    county: County, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = county.call("food", FOOD)
    county.now.forward(days=2)
    for name in ("data_dir", "database_url", "database_key", "secret_key", "field_key"):
        monkeypatch.setenv(f"HUIYIN_{name.upper()}", str(getattr(settings, name)))
    for name in ("out.json", "out.xlsx"):
        out = tmp_path / name
        assert report_command.run(unit="civil_affairs", quarter="2026Q3", output=out) == 0
    found = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert found["requests"] == 1
    by = {one["code"]: one for one in found["rates"]}
    assert by["relief_24h"]["missed"] == [number]
    with zipfile.ZipFile(tmp_path / "out.xlsx") as book:
        words = book.read("xl/sharedStrings.xml").decode()
    assert number in words
    assert "及时签收率" in words
    with pytest.raises(ValueError, match="there is no unit 'nobody'"):
        report_command.run(unit="nobody", quarter="2026Q3", output=tmp_path / "x.json")
