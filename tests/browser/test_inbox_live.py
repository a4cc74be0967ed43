"""The inbox of a bureau while it is open: what comes stands there, what is urgent is told."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from gateway.state import State
from tests.browser.conftest import DESK, Visitor
from tests.browser.test_bureau_pages import OFFICER, asked, at_work
from tests.browser.test_desk import say

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

Visit = Callable[..., Visitor]
SMALL = {"width": 390, "height": 844}
FAKE = """
window.said = [];
window.Notification = function (title, more) { window.said.push([title, more.body]); };
window.Notification.permission = "granted";
"""


def sign_all(page: Page) -> None:
    """The open inbox, with nothing to sign: it shows fifty, and other tests have filled it."""
    page.goto("/inbox?tab=to_sign")
    while page.locator(".pick input:not([disabled])").count():
        page.locator("#pick-all").check()
        page.locator("#sign-picked").click()
        page.wait_for_load_state()
        page.goto("/inbox?tab=to_sign")


def test_what_comes_stands_in_the_open_inbox_and_only_what_is_urgent_is_told(
    visit: Visit, site_state: State
) -> None:
    officer = visit(DESK)
    officer.context.add_init_script(FAKE)
    at_work(officer, site_state, OFFICER)
    page = officer.page
    sign_all(page)
    expect(page.locator("#live")).to_have_class("live on")
    calm = asked(visit(SMALL, script=False), site_state)
    expect(page.get_by_role("link", name=calm)).to_be_visible(timeout=40_000)
    assert page.evaluate("window.said") == []
    urgent = say(site_state, "told", "家里断粮两天了，孩子饿得直哭，我在滨河街道临江社区")
    expect(page.get_by_role("link", name=urgent)).to_be_visible(timeout=40_000)
    assert page.evaluate("window.said") == [["新的紧急转办单，请尽快签收", urgent]]
    assert officer.faults == []


def test_who_picks_what_to_sign_is_not_disturbed(visit: Visit, site_state: State) -> None:
    officer = visit(DESK)
    at_work(officer, site_state, OFFICER)
    asked(visit(SMALL, script=False), site_state)
    page = officer.page
    page.goto("/inbox?tab=to_sign")
    expect(page.locator("#live")).to_have_class("live on")
    first = page.locator(".pick input:not([disabled])").first
    first.check()
    asks: list[str] = []
    page.on("requestfinished", lambda one: asks.append(one.url))
    asked(visit(SMALL, script=False), site_state)
    page.wait_for_timeout(18_000)
    assert any("/inbox" in url for url in asks), "it has looked"
    assert first.is_checked()


def test_arrows_go_through_the_table_of_heat(visit: Visit, site_state: State) -> None:
    for mark in ("heat-1", "heat-2"):
        say(site_state, mark, "村里路灯坏了三天，柳湾镇柳湾村")
    supervisor = visit(DESK)
    at_work(supervisor, site_state, "super01")
    page = supervisor.page
    page.goto("/board")
    links = page.locator("table.heat td a")
    assert links.count() >= 2
    links.first.focus()
    before = page.evaluate("document.activeElement.href")
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.href") != before
    target = page.evaluate("document.activeElement.href")
    page.keyboard.press("Enter")
    page.wait_for_url(target)
