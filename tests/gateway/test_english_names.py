"""Whoever reads English finds units, services and clocks by their English names."""

import pytest
from fastapi import FastAPI

from gateway.called import caller, reader
from gateway.state import State
from tests.conftest import Clock
from tests.gateway.people import QUESTION, application, said, signed_in

BUREAU = ("民政局", "Civil Affairs Bureau")


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.mark.parametrize(
    ("login", "page"),
    [
        ("super01", "/board"),
        ("super01", "/board/list?figure=waiting"),
        ("op01", "/desk"),
        ("op01", "/desk/{number}"),
        ("civil_affairs.1", "/inbox/{number}"),
        ("civil_affairs.1", "/relief"),
        ("civil_affairs.1", "/relief/reserves"),
        ("civil_affairs.1", "/reports/quarter"),
        ("admin01", "/admin/users"),
    ],
)
def test_no_unit_has_its_chinese_name_on_an_english_page(
    state: State, app: FastAPI, now: Clock, login: str, page: str
) -> None:
    number = said(state, "f", QUESTION).number
    now.forward(days=12)  # the board shows what is late
    address = page.format(number=number)
    reader = signed_in(state, app, login)
    mark = "&" if "?" in address else "?"
    chinese, english = (reader.get(f"{address}{mark}lang={tag}").text for tag in ("zh-CN", "en"))
    assert BUREAU[0] in chinese, "else the page shows no unit and the test proves nothing"
    assert BUREAU[1] in english
    if "{number}" not in page:  # there stands also what was said to the requester, in Chinese
        assert f"望河县{BUREAU[0]}" not in english


def test_what_has_no_row_is_shown_as_it_was_given(state: State) -> None:
    called = caller(state.offices.current(), "en")
    assert called("unit", "civil_affairs").endswith(BUREAU[1])
    assert called("unit", "某爱心人士") == "某爱心人士"
    assert called("service", "") == ""
    assert called("aid_need", None) == ""


def test_a_summary_opens_with_the_kind_of_help_in_its_readers_language(state: State) -> None:
    office = state.offices.current()
    row = next(one for one in office.policy.routes if one.service == "temp_emergency")
    english, chinese = (reader(office, tag) for tag in ("en", "zh-CN"))
    assert english(row.name_zh) == row.name_en
    assert english(f"{row.name_zh}：断粮两天") == f"{row.name_en}: 断粮两天"
    assert chinese(f"{row.name_en}：no food") == f"{row.name_zh}：no food"
    assert english("断粮两天") == "断粮两天"
    assert english("") == ""


def test_a_refusal_names_the_unit_in_its_readers_language(state: State, app: FastAPI) -> None:
    number = said(state, "f", QUESTION).number
    desk = signed_in(state, app, "dispatch01")
    assert desk.act(number, "confirm").status_code == 200
    wrong = {"right_unit": "civil_affairs", "rule": "三定规定第三条", "reason": "不归我们"}
    bureau = signed_in(state, app, "civil_affairs.1")
    answers = {
        tag: bureau.post(
            f"/api/v1/requests/{number}/request_return", wrong, headers={"accept-language": tag}
        ).json()["error"]
        for tag in ("zh-CN", "en")
    }
    assert BUREAU[0] in answers["zh-CN"]
    assert BUREAU[1] in answers["en"]
    assert BUREAU[0] not in answers["en"]


def test_the_desk_finds_a_matter_by_the_english_name_of_its_unit(
    state: State, app: FastAPI
) -> None:
    number = said(state, "f", QUESTION).number
    found = signed_in(state, app, "op01").search("/desk", q="civil affairs")
    assert number in found.headers["location"]
