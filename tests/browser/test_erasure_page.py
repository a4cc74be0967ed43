"""A person asks on the page of their request to be erased; two people decide one by one."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import update
from sqlmodel import col

from gateway.state import State
from models.requests import HelpRequest
from models.transaction import acting
from tests.browser.conftest import DESK, Visitor, telephone
from tests.browser.test_bureau_pages import SMALL, at_work

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

Visit = Callable[..., Visitor]
LAMP = "公园的长椅坏了一个月，请派人修"


@pytest.mark.parametrize(
    ("size", "script"),
    [pytest.param(SMALL, False, id="phone-plain"), pytest.param(DESK, True, id="desk-script")],
)
def test_a_person_is_erased_by_two_and_told_what_stays(
    visit: Visit, site_state: State, size: dict[str, int], script: bool
) -> None:
    name, citizen = "desk" if size is DESK else "phone", visit(size, script=script)
    page = citizen.page
    citizen.ask(LAMP, 在哪里="南门街道和平社区", 手机号=telephone())
    number = page.locator("#number").inner_text()
    page.get_by_role("link", name="现在查进度").click()
    page.get_by_text("我要求删除我的信息").click()
    page.get_by_role("button", name="提交删除要求").click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_attribute("href", "#sure")
    _fit(citizen, f"erase-fault-{name}")
    page.get_by_label("我明白").check()
    page.get_by_role("button", name="提交删除要求").click()
    expect(page.get_by_text("两位工作人员先后核实").first).to_be_visible()
    _fit(citizen, f"erase-waits-{name}")

    first, second = visit(size), visit(size)
    at_work(first, site_state, "lead01")
    first.page.goto("/erasures")
    _fit(first, f"erasures-{name}")
    first.page.get_by_role("link", name=number).click()
    expect(first.page.get_by_text("现在还不能删除")).to_be_visible()
    _fit(first, f"erasure-hindered-{name}")
    with acting(site_state.database, site_state.mint) as tx:
        over = update(HelpRequest).where(col(HelpRequest.number) == number)
        tx.execute(over.values(status="closed", closed_at=site_state.now()))
    first.page.reload()
    _fit(first, f"erasure-first-{name}")
    first.page.get_by_label("怎么核实的").fill("回拨登记的电话，是本人")
    first.page.get_by_role("button", name="提出删除").click()
    _again(first)
    expect(first.page.get_by_text("要由另一位")).to_be_visible()

    at_work(second, site_state, "super01")
    second.page.goto("/erasures")
    second.page.get_by_role("link", name=number).click()
    _fit(second, f"erasure-second-{name}")
    second.page.get_by_role("button", name="同意并删除").click()
    _again(second)
    expect(second.page.get_by_text("您要求删除个人信息的申请已经办理")).to_be_visible()
    _fit(second, f"erasure-done-{name}")
    page.goto("/status/case")
    assert LAMP not in page.content()


def _again(visitor: Visitor) -> None:
    """A sign-in of a test has just proved who it is; nothing is asked once more."""
    assert "/account/confirm" not in visitor.page.url


def _fit(visitor: Visitor, name: str) -> None:
    visitor.look(name)
    if visitor.script:
        assert visitor.unfit() == [], name
        assert visitor.overflow() <= 0, name
