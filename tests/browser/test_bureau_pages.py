"""A bureau's day, and the citizen at the other end of it, in a real browser."""

import re
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from gateway import sessions
from gateway.acts import ACTS, perform
from gateway.state import State
from models.transaction import acting
from models.vocabulary import Role
from referral.casework import Actor
from tests.browser.conftest import DESK, Visitor, telephone

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
SMALL = {"width": 390, "height": 844}
LONG_NAME = ("阿卜杜热依木·" * 8)[:50]
OFFICER = "civil_affairs.1"
WORDS = "请问低保要带哪些材料，我住在柳湾镇柳湾村"


def at_work(visitor: Visitor, state: State, login: str) -> None:
    """A member of staff who is signed in."""
    with acting(state.database, state.mint) as tx:
        key = sessions.open_session(tx, login, state.now(), passed=True)
    cookie = {
        "name": sessions.cookie_name(state.settings),
        "value": key,
        "url": state.settings.public_url,
    }
    visitor.context.add_cookies([cookie])  # type: ignore[list-item]


def do(state: State, login: str, act: str, number: str, **body: Any) -> None:
    """What a member of staff does elsewhere."""
    officer = state.offices.current().directory.officer[login]
    actor = Actor(officer.login, Role(officer.role), officer.unit, officer.area)
    chosen = ACTS[act]
    perform(state, actor, number, chosen, chosen.body.model_validate(body), now=state.now())


def asked(visitor: Visitor, state: State, *, phone: str = "", name: str = "") -> str:
    """A citizen asks, the desk confirms; the number."""
    page = visitor.page
    page.goto("/help")
    page.get_by_label("发生了什么事").fill(WORDS)
    page.get_by_label("手机号").fill(phone or telephone())
    if name:
        page.get_by_text("更多（可以不填）").click()
        page.get_by_label("姓名").fill(name)
    page.get_by_role("button", name="提交").click()
    number = page.locator("#number").inner_text()
    do(state, "dispatch01", "confirm", number)
    return number


def fold(page: Page, act: str) -> Any:
    """An act's form, opened."""
    found = page.locator(f"#act-{act}")
    if found.get_attribute("open") is None:
        found.locator("summary").click()
    return found


def test_a_citizen_without_script_sends_a_photograph_reads_the_answer_and_gives_it_back(
    visit: Visit, site_state: State
) -> None:
    citizen = visit(SMALL, script=False)
    page = citizen.page
    page.goto("/help")
    picture = BytesIO()
    Image.new("RGB", (300, 200), "teal").save(picture, "PNG")
    page.get_by_label("发生了什么事").fill(WORDS)
    page.get_by_label("手机号").fill(telephone())
    page.get_by_label("照片（可以不选）").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": picture.getvalue()}
    )
    page.get_by_label("录音（可以不选）").set_input_files(
        {"name": "a.mp3", "mimeType": "audio/mpeg", "buffer": b"no recording"}
    )
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("照片和录音收下 1 个")).to_be_visible()
    expect(page.get_by_text("这个文件不是录音")).to_be_visible()
    citizen.look("received-files-phone")
    number = page.locator("#number").inner_text()
    do(site_state, "dispatch01", "confirm", number)
    do(site_state, OFFICER, "sign", number)
    do(site_state, OFFICER, "record_contact", number, who="本人", outcome="reached")
    do(
        site_state, OFFICER, "feedback", number, found="已核对您家的情况", contacted="reached",
        result="请带户口本到镇里申请", basis="《社会救助法》第十一条",
    )  # fmt: skip
    page.get_by_role("link", name="现在查进度").click()
    expect(page.get_by_text("处理结果：请带户口本到镇里申请").first).to_be_visible()
    citizen.look("case-answered-phone")
    page.get_by_role("button", name="提交评价").click()
    expect(page.locator("[role=alert]")).to_be_focused()
    citizen.look("case-unrated-phone")
    page.get_by_label("没有解决，请重办").check()
    page.get_by_label("不满意", exact=True).check()
    page.get_by_label("想说的话").fill("镇里说还要别的材料")
    page.get_by_role("button", name="提交评价").click()
    expect(page.get_by_text("已退回望河县民政局重新办理")).to_be_visible()
    citizen.look("case-given-back-phone")
    page.get_by_text("不需要帮助了，撤回").click()
    page.get_by_role("button", name="确认撤回").click()
    expect(page.get_by_text("已按您的意思撤回").first).to_be_visible()
    citizen.look("case-withdrawn-phone")


def test_without_a_network_nothing_is_lost_and_nothing_is_sent_twice(visit: Visit) -> None:
    citizen = visit(SMALL)
    page = citizen.page
    page.goto("/help")
    page.get_by_label("发生了什么事").fill("桥断了，老人过不了河")
    citizen.context.set_offline(True)
    page.get_by_role("button", name="提交").click()
    expect(page.locator("#offline")).to_be_focused()
    citizen.look("help-offline-phone")
    citizen.context.set_offline(False)
    page.get_by_role("button", name="提交").dblclick()
    expect(page.locator("#number")).to_be_visible()
    page.get_by_role("link", name="现在查进度").click()
    assert page.locator(".said .theirs").count() == 1
    page.goto("/help")
    expect(page.get_by_label("发生了什么事")).to_have_value("")


@pytest.mark.quick
def test_a_day_at_the_bureau(visit: Visit, site_state: State) -> None:
    citizen = visit(SMALL, script=False)
    phone = telephone()
    mine = [
        asked(citizen, site_state, phone=phone, name=LONG_NAME),
        asked(citizen, site_state),
    ]
    officer = visit(DESK)
    page = officer.page
    at_work(officer, site_state, OFFICER)
    page.goto("/inbox")
    officer.look("inbox-full-desk")
    for number in mine:
        page.get_by_label(f"选中 {number}").check()
    page.get_by_role("button", name="签收选中的工单").click()
    expect(page.get_by_text("已签收 2 件")).to_be_visible()
    page.goto(f"/inbox/{mine[0]}")
    page.locator("#person button").click()
    expect(page.get_by_text(LONG_NAME).first).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("拨打"))).to_have_attribute(
        "href", f"tel:+86{phone}"
    )
    officer.look("order-revealed-desk")
    form = fold(page, "feedback")
    form.get_by_label("核实情况").fill("打过 138 0000 2100")
    check = page.locator("#check")
    expect(check.get_by_text(re.compile("有电话或证件号码"))).to_be_visible()
    form.get_by_role("button", name="提交反馈").click()
    expect(page.locator("#summary")).to_be_focused()
    expect(page.get_by_label("核实情况")).to_have_value("打过 138 0000 2100")
    officer.look("order-error-desk")
    page.get_by_role("link", name=re.compile("^依据：")).click()
    expect(page.locator("#feedback-basis")).to_be_focused()
    contact = fold(page, "record_contact")
    contact.get_by_label("结果").select_option("reached")
    contact.locator("button[type=submit]").dblclick()
    expect(page.get_by_text("已办：联系记录")).to_be_visible()
    assert page.locator("details li").filter(has_text="诉求人本人").count() == 1
    form = fold(page, "feedback")
    form.get_by_label("核实情况").fill("已电话核对家庭情况")
    form.get_by_label("处理结果").fill("请带户口本到镇里办理")
    form.get_by_label("依据").fill("《社会救助法》第十一条")
    form.get_by_label("是否已联系").select_option("reached")
    expect(check.get_by_text("检查通过")).to_be_visible()
    form.get_by_role("button", name="提交反馈").click()
    expect(page.get_by_text("已办：反馈")).to_be_visible()

    page.goto(f"/inbox/{mine[1]}")
    longer = fold(page, "extend")
    longer.get_by_label("工作日").fill("3")
    longer.get_by_label("理由").fill("要等镇里的入户结果")
    longer.get_by_role("button", name="看看诉求人会收到什么").click()
    expect(page.locator("#preview")).to_be_focused()
    expect(page.locator("#preview blockquote")).to_contain_text("要等镇里的入户结果")
    officer.look("order-preview-desk")
    page.get_by_role("button", name="照此提交申请").click()
    expect(page.get_by_text("已办：延期")).to_be_visible()

    fold(page, "print").get_by_role("button", name="打印").click()
    expect(page.get_by_role("heading", name="转办单")).to_be_visible()
    page.locator("img.code").evaluate("(code) => code.decode()")  # waits; raises for a broken one
    assert page.locator("img.code").evaluate("(code) => code.naturalWidth") > 0
    officer.look("paper-desk")
    sheets = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", sheets)) == 1


@pytest.mark.parametrize(
    ("size", "language"),
    [
        pytest.param(DESK, "zh-CN", id="desk-zh-CN"),
        pytest.param(SMALL, "en", id="phone-en"),
        pytest.param(DESK, "en", id="desk-en", marks=pytest.mark.thorough),
        pytest.param(SMALL, "zh-CN", id="phone-zh-CN", marks=pytest.mark.thorough),
    ],
)
def test_every_page_of_the_bureau_is_fit_for_everybody(
    visit: Visit, site_state: State, size: dict[str, int], language: str
) -> None:
    name = f"{'desk' if size is DESK else 'phone'}-{language}"
    number = asked(visit(SMALL, script=False), site_state)
    officer = visit(size)
    page = officer.page
    at_work(officer, site_state, OFFICER)
    page.goto(f"/inbox?lang={language}")
    empty, full = "/inbox?tab=yellow", "/inbox"
    for path in (full, empty, "/inbox?tab=sent_back", f"/inbox/{number}"):
        page.goto(path)
        shown = path.partition("=")[2] or ("order" if number in path else "full")
        officer.look(f"inbox-{shown}-{name}")
        assert officer.unfit() == [], path
        assert officer.overflow() <= 0, path
    page.locator("button.big-act").click()
    form = fold(page, "feedback")
    form.locator("button[type=submit]").click()
    expect(page.locator("#summary")).to_be_focused()
    officer.look(f"order-error-{name}")
    assert officer.unfit() == []
    assert officer.overflow() <= 0
    fold(page, "print").locator("button[type=submit]").click()
    expect(page.locator("article.sheet")).to_be_visible()
    officer.look(f"paper-{name}")
    assert officer.unfit() == []
    assert officer.overflow() <= 0
