"""Rules changed by two people at two browsers; the administrator's pages for everybody's eyes."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from gateway.state import State
from referral.directory import ZONE
from tests.browser.conftest import DESK, Visitor
from tests.browser.test_bureau_pages import SMALL, at_work

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

Visit = Callable[..., Visitor]
PAGES = {
    "first": "/admin",
    "units": "/admin/units",
    "unit": "/admin/units/one?code=education",
    "routes": "/admin/routes",
    "clocks": "/admin/clocks?at=2026-09-30T16:40",
    "route": "/admin/rule?kind=route&subject=RT-05",
    "clock": "/admin/rule?kind=clock&subject=CLK-DIBAO",
    "changes": "/admin/changes",
    "calendar": "/admin/calendar?year=2026",
    "users": "/admin/users",
    "user": "/admin/users/one?login=op01",
    "channels": "/admin/channels",
    "texts": "/admin/texts?q=staff_",
}


def test_a_clock_is_proposed_by_one_and_accepted_by_another(
    visit: Visit, site_state: State
) -> None:
    admin, supervisor = visit(DESK), visit(DESK)
    at_work(admin, site_state, "admin01")
    at_work(supervisor, site_state, "super01")
    page = admin.page
    today = site_state.now().astimezone(ZONE).date()
    page.goto("/admin/rule?kind=clock&subject=CLK-NOTICE")
    page.get_by_label("时长").fill("9")
    page.get_by_label("生效日期").fill(today.isoformat())
    page.get_by_label("依据", exact=True).fill("本县办法第十二条")
    page.get_by_label("理由（记入台账）").fill("与市里统一")
    page.get_by_role("button", name="看有什么变化").click()
    expect(page.locator("#preview ins").first).to_contain_text("9 ")
    admin.look("admin-difference-desk")
    page.get_by_role("button", name="提交，等第二个人同意").click()
    own = page.locator("article.change").filter(has_text="CLK-NOTICE").first
    expect(own).to_contain_text("这是您自己提出的")
    expect(own.get_by_role("button", name="同意", exact=True)).to_have_count(0)

    other = supervisor.page
    other.goto("/board")
    other.get_by_role("link", name="规则变更").click()
    waiting = other.locator("article.change").filter(has_text="CLK-NOTICE").first
    expect(waiting).to_contain_text("与市里统一")
    supervisor.look("admin-decide-desk")
    waiting.get_by_role("button", name="同意", exact=True).click()
    decided = other.locator("article.change").filter(has_text="CLK-NOTICE").first
    expect(decided).to_contain_text("已同意")
    expect(decided.get_by_role("button", name="同意", exact=True)).to_have_count(0)
    assert site_state.offices.current().policy.clock("CLK-NOTICE", "", today).amount == 9
    yesterday = today - timedelta(days=1)
    assert site_state.offices.current().policy.clock("CLK-NOTICE", "", yesterday).amount != 9
    page.goto("/admin/rule?kind=clock&subject=CLK-NOTICE")
    expect(page.get_by_text("本县办法第十二条")).to_be_visible()


def test_a_sentence_is_tried_without_script(visit: Visit, site_state: State) -> None:
    admin = visit(SMALL, script=False)
    at_work(admin, site_state, "admin01")
    admin.page.goto("/admin/routes")
    admin.page.get_by_label("群众会怎么说").fill("家里断粮两天了，孩子饿得直哭")
    admin.page.get_by_role("button", name="试一试").click()
    expect(admin.page.locator("#tried")).to_contain_text("RT-05")
    admin.look("admin-tried-phone")


@pytest.mark.parametrize(
    "size",
    [pytest.param(DESK, id="desk"), pytest.param(SMALL, id="phone", marks=pytest.mark.thorough)],
)
def test_every_page_of_the_administrator_is_fit_for_everybody(
    visit: Visit, site_state: State, size: dict[str, int]
) -> None:
    admin = visit(size)
    at_work(admin, site_state, "admin01")
    name = "desk" if size is DESK else "phone"
    for which, path in PAGES.items():
        admin.page.goto(path)
        admin.look(f"admin-{which}-{name}")
        assert admin.unfit() == [], path
        assert admin.overflow() <= 0, path
    admin.page.goto("/admin/units?lang=en")
    admin.look(f"admin-units-en-{name}")
    assert admin.overflow() <= 0
