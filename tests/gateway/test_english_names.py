"""Whoever reads English finds units, services and clocks by their English names."""

import pytest
from fastapi import FastAPI

from gateway.called import caller
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
