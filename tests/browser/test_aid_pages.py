"""Aid as a township officer meets it: three presses, on a desk's screen and on a telephone, with
and without script."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from gateway import sessions
from gateway.acts import ACTS, perform
from gateway.state import State
from models.transaction import acting
from models.vocabulary import Role
from referral.casework import Actor
from tests.browser.conftest import DESK, Visitor, telephone

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

Visit = Callable[..., Visitor]
PHONE = {"width": 390, "height": 844}
TOWN = "township_w01.1"
HUNGRY = "我母亲断粮两天了，她一个人在滨河街道临江社区"
WINDOWS = [
    pytest.param(DESK, True, id="desk-script"),
    pytest.param(PHONE, False, id="phone-plain"),
]


def sign_in(state: State, visitor: Visitor, login: str) -> None:
    """Whose session it is, is tested elsewhere; here somebody is at work."""
    with acting(state.database, state.mint) as tx:
        key = sessions.open_session(tx, login, state.now(), passed=True)
    name, url = sessions.cookie_name(state.settings), state.settings.public_url
    visitor.context.add_cookies([{"name": name, "value": key, "url": url}])


def asked(visitor: Visitor) -> str:
    """The number of a request."""
    where = "滨河街道临江社区"
    visitor.ask(HUNGRY, urgent="有危险，等不了", 在哪里=where, 手机号=telephone())
    return visitor.page.locator("#number").inner_text()


@pytest.mark.parametrize(("size", "script"), WINDOWS)
def test_three_presses_put_help_into_their_hands(
    visit: Visit, site_state: State, size: dict[str, int], script: bool
) -> None:
    number = asked(visit(size, script=script))
    officer = visit(size, script=script)
    page = officer.page
    name = "desk" if size is DESK else "phone"
    sign_in(site_state, officer, TOWN)
    page.goto(f"/inbox/{number}")
    officer.look(f"aid-first-{name}")
    block = page.locator("#aid")
    for box in ("情况紧急", "金额较小", "需立即采取救助措施"):
        block.get_by_label(box).check()
    block.get_by_label("用途").select_option("food")
    block.get_by_label("事由").select_option("income_lost")
    block.get_by_label("物资").fill("米面油、棉被")
    officer.look(f"aid-judge-{name}")
    assert officer.unfit() == [] if script else True
    block.get_by_role("button", name="判断并提出").click()
    officer.look(f"aid-authorise-{name}")
    page.locator("#aid").get_by_role("button", name="同意").click()
    block = page.locator("#aid")
    block.get_by_text("谁收到、见证和证明").click()
    block.get_by_label("见证人").fill("邻居李姐")
    officer.look(f"aid-deliver-{name}")
    block.get_by_role("button", name="送到了").click()
    expect(page.locator("#aid")).to_contain_text("已送达")
    assert officer.overflow() == 0
    officer.look(f"aid-done-{name}")
    grant = page.locator("#aid a").filter(has_text=re.compile(r"^JZ")).first.inner_text()
    for path, shot in (
        (f"/relief/{grant}", "one"),
        ("/relief", "ledger"),
        ("/relief/new", "new"),
        ("", "new-found"),
        ("/relief/new?household=HH00001", "new-chosen"),
        ("/relief/reserves/township_w01", "reserve"),
        ("/relief/report", "report"),
        ("/events", "events"),
    ):
        if path:
            page.goto(path)
        else:
            page.locator("#whose-name").fill("贺芳")
            page.locator("#whose-address").fill("滨江路18号院2号楼3单元301")
            page.locator("#whose .search button").click()
            expect(page.locator("#whose .rows a").first).to_be_visible()
        assert officer.overflow() == 0, path
        if script:
            assert officer.unfit() == [], path
        officer.look(f"aid-{shot}-{name}")


def test_a_warning_asks_for_a_reason_and_says_who_decides(visit: Visit, site_state: State) -> None:
    number = asked(visit(DESK))
    officer = visit(DESK)
    page = officer.page
    sign_in(site_state, officer, TOWN)
    page.goto(f"/inbox/{number}")
    block = page.locator("#aid")
    for box in ("情况紧急", "金额较小", "需立即采取救助措施"):
        block.get_by_label(box).check()
    block.get_by_label("用途").select_option("living")
    block.get_by_label("事由").select_option("illness")
    block.get_by_label("形式").select_option("money")
    block.get_by_label("资金来源").select_option("reserve")
    block.get_by_label("金额（元）").fill("800")
    block.get_by_role("button", name="判断并提出").click()
    block = page.locator("#aid")
    expect(block).to_contain_text("备用金余额不够")
    expect(block).to_contain_text("由民政局决定")
    assert officer.unfit() == []
    officer.look("aid-warning-desk")
    block.get_by_label("理由").fill("住院押金今天要交")
    block.get_by_role("button", name="同意").click()
    expect(page.locator("#aid")).to_contain_text("已报望河县民政局")
    officer.look("aid-asked-desk")


def test_a_disaster_shows_each_household_and_what_it_lacks(visit: Visit, site_state: State) -> None:
    numbers = [asked(visit(DESK)) for _ in range(3)]
    directory = site_state.offices.current().directory
    known = directory.officer["dispatch01"]
    desk = Actor(known.login, Role(known.role), known.unit, known.area)
    link = ACTS["link"]
    body = link.body.model_validate({"others": " ".join(numbers[1:]), "relation": "event"})
    perform(site_state, desk, numbers[0], link, body, now=site_state.now())
    for size, name in ((DESK, "desk"), (PHONE, "phone")):
        officer = visit(size)
        page = officer.page
        sign_in(site_state, officer, "super01")
        page.goto("/events")
        page.locator("main li a").first.click()
        expect(page.locator("article.household")).to_have_count(3)
        household = page.locator("article.household").first
        household.locator("summary").click()
        household.get_by_label("由谁送").fill("滨河街道")
        household.locator("select[name=need_state]").select_option("promised")
        household.get_by_role("button").click()
        expect(page.locator("article.household").first).to_contain_text("滨河街道")
        assert officer.overflow() == 0
        assert officer.unfit() == []
        officer.look(f"aid-event-{name}")
