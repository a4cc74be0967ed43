"""A correction of one's own data, asked for on the page of the request and decided at the desk."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from gateway.state import State
from tests.browser.conftest import DESK, Visitor, telephone
from tests.browser.test_bureau_pages import SMALL, at_work

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

Visit = Callable[..., Visitor]
LAMP = "小区楼道的灯坏了两个月，请派人修"


@pytest.mark.parametrize(
    ("size", "script"),
    [pytest.param(SMALL, False, id="phone-plain"), pytest.param(DESK, True, id="desk-script")],
)
def test_a_correction_is_asked_for_and_decided(
    visit: Visit, site_state: State, size: dict[str, int], script: bool
) -> None:
    name, phone = "desk" if size is DESK else "phone", telephone()
    citizen = visit(size, script=script)
    page = citizen.page
    citizen.ask(LAMP, 在哪里="南门街道和平社区", 手机号=phone)
    number = page.locator("#number").inner_text()
    page.get_by_role("link", name="现在查进度").click()
    page.get_by_text("要更正").click()
    expect(page.get_by_text(f"{phone[:3]}****{phone[-4:]}")).to_be_visible()
    assert phone not in page.content()
    _fit(citizen, f"correct-empty-{name}")
    page.get_by_role("button", name="提交更正").click()
    expect(page.get_by_role("alert").get_by_role("link")).to_have_attribute("href", "#right_name")
    page.get_by_label("姓名").fill("欧阳晓禾")
    page.get_by_label("电话", exact=True).fill("没有")
    page.get_by_role("button", name="提交更正").click()
    expect(page.locator("#right_phone-error")).to_be_visible()
    expect(page.get_by_label("姓名")).to_have_value("欧阳晓禾")
    _fit(citizen, f"correct-fault-{name}")
    page.get_by_label("电话", exact=True).fill(telephone())
    page.get_by_role("button", name="提交更正").click()
    expect(page.get_by_text("工作人员正在核实")).to_be_visible()
    assert re.search(r"/status/case\?done=corrected#correct$", page.url)
    _fit(citizen, f"correct-waits-{name}")
    page.goto("/status/case?lang=en")
    page.get_by_text("My name, address or telephone is wrong").click()
    _fit(citizen, f"correct-en-{name}")

    desk = visit(size)
    at_work(desk, site_state, "op01")
    desk.page.goto(f"/desk/{number}")
    block = desk.page.locator("#correction")
    expect(block.get_by_text("欧阳**")).to_be_visible()
    block.get_by_text("同意更正").click()
    _fit(desk, f"correct-desk-{name}")
    block.get_by_label("怎么核实的").fill("打原来的电话问过，是本人")
    block.get_by_role("button").first.click()
    expect(desk.page.locator("#correction")).to_have_count(0)
    page.goto("/status/case?lang=zh-CN")
    expect(page.get_by_text("您要求更正的信息已").first).to_be_visible()


def _fit(visitor: Visitor, name: str) -> None:
    visitor.look(name)
    if visitor.script:
        assert visitor.unfit() == [], name
        assert visitor.overflow() <= 0, name
