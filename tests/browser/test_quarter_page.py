"""A unit's quarter on a page: read, closed and printed, on a desk's screen and on a phone."""

import re
from collections.abc import Callable
from datetime import datetime
from typing import Literal

import pytest
from playwright.sync_api import expect

from gateway.quarter import Quarter
from gateway.state import State
from gateway.web import relief
from tests.browser.conftest import DESK, Visitor
from tests.browser.test_bureau_pages import OFFICER, SMALL, asked, at_work, do

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

Visit = Callable[..., Visitor]
A4 = {"width": 794, "height": 1123}


@pytest.mark.parametrize(
    "size",
    [pytest.param(DESK, id="desk"), pytest.param(SMALL, id="phone", marks=pytest.mark.thorough)],
)
def test_the_quarter_is_read_closed_and_printed_by_everybody(
    visit: Visit, site_state: State, size: dict[str, int]
) -> None:
    name, unit = ("desk", "civil_affairs") if size is DESK else ("phone", "housing")
    now = site_state.now()
    number = asked(visit(SMALL), site_state)
    do(site_state, OFFICER, "sign", number)
    last = Quarter(*relief.last_quarter(now))
    desk = visit(size)
    at_work(desk, site_state, "super01")
    page = desk.page
    page.goto(f"/reports/quarter?unit=civil_affairs&quarter={_quarter_of(now)}")
    expect(page.get_by_text("本季度还没有结束")).to_be_visible()
    for summary in page.locator("table details > summary").all():
        summary.click()
    expect(page.get_by_role("link", name=number).first).to_be_visible()
    _fit(desk, f"quarter-open-{name}")

    page.goto(f"/reports/quarter?unit={unit}&quarter={last}")
    page.get_by_role("button", name="定稿", exact=True).click()
    expect(page.get_by_text("与定稿一致")).to_be_visible()
    expect(page.get_by_text(re.compile("^已定稿的单位"))).to_be_visible()
    _fit(desk, f"quarter-closed-{name}")
    page.get_by_role("link", name="打印").click()
    _fit(desk, f"quarter-paper-{name}")
    page.goto(f"/reports/quarter?unit={unit}&quarter={last}&lang=en")
    _fit(desk, f"quarter-en-{name}")


@pytest.mark.parametrize("media", ["screen", "print"])
def test_a_list_of_many_numbers_lies_on_the_paper(
    visit: Visit, site_state: State, media: Literal["screen", "print"]
) -> None:
    asked(visit(SMALL), site_state)
    desk = visit(A4)
    at_work(desk, site_state, "super01")
    page, quarter = desk.page, _quarter_of(site_state.now())
    page.goto(f"/reports/quarter?unit=civil_affairs&quarter={quarter}&print=1")
    page.emulate_media(media=media)
    page.evaluate(
        """() => { for (const list of document.querySelectorAll("table td p")) {
            const one = list.querySelector("a");
            for (let n = 0; n < 60; n++) list.append("、", one.cloneNode(true)); } }"""
    )
    desk.look(f"quarter-many-{media}")
    off = "[...document.querySelectorAll('table a')].filter(one => {"
    off += "const box = one.getBoundingClientRect(); return box.right > innerWidth"
    assert page.evaluate(f"{off} || box.height > 30 }}).length") == 0, "on the paper, and whole"
    assert page.locator("table td p a").count() > 60


def _quarter_of(now: datetime) -> Quarter:
    """The quarter that is not over: the one after the last that is."""
    last = Quarter(*relief.last_quarter(now))
    return Quarter(last.year + last.number // 4, last.number % 4 + 1)


def _fit(visitor: Visitor, name: str) -> None:
    visitor.look(name)
    assert visitor.unfit() == [], name
    assert visitor.overflow() <= 0, name
