"""The public pages as people meet them: small telephones, no script, large letters, mistakes."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, Visitor

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
HUNGRY = "我母亲一个人住，家里断粮两天了，摔了一跤下不了床"
CALM = "想问问高龄津贴怎么办理，要带什么去"
LONG = "村里的路被水冲坏了，车进不来。" * 400
OWN = {
    "phone-script": "13800001101",
    "phone-plain": "13800001102",
    "desk-script": "13800001103",
    "desk-plain": "13800001104",
}
WINDOWS = [
    pytest.param(PHONE, True, id="phone-script"),
    pytest.param(PHONE, False, id="phone-plain", marks=pytest.mark.thorough),
    pytest.param(DESK, True, id="desk-script", marks=pytest.mark.thorough),
    pytest.param(DESK, False, id="desk-plain"),
]


def number_and_code(visitor: Visitor) -> tuple[str, str]:
    """What the page of receipt shows in large letters."""
    number = visitor.page.locator("#number").inner_text()
    return number, visitor.page.locator("#code").inner_text()


@pytest.mark.quick
@pytest.mark.parametrize(("size", "script"), WINDOWS)
def test_help_is_asked_for_seen_and_followed(
    visit: Visit, size: dict[str, int], script: bool
) -> None:
    citizen = visit(size, script=script)
    page = citizen.page
    name = f"{'phone' if size is PHONE else 'desk'}-{'script' if script else 'plain'}"
    page.goto("/help")
    citizen.look(f"help-{name}")
    citizen.ask(HUNGRY, urgent="有危险，等不了", 在哪里="柳树乡河湾村三组", 手机号=OWN[name])
    expect(page.get_by_role("heading", name="已收到您的求助")).to_be_visible()
    assert re.search(r"/received$", page.url)
    expect(page.get_by_role("link", name="120")).to_have_attribute("href", "tel:120")
    number, code = number_and_code(citizen)
    citizen.look(f"received-{name}")
    page.get_by_role("link", name="现在查进度").click()
    expect(page.get_by_text(HUNGRY)).to_be_visible()
    citizen.look(f"case-{name}")
    page.get_by_label("补充情况").fill("住在三组最里面一家")
    page.get_by_role("button", name="提交补充").click()
    expect(page.get_by_text("补充的情况已经记下")).to_be_visible()
    assert page.get_by_text("住在三组最里面一家").count() == 1
    assert number in page.content()
    assert number not in page.url
    assert code not in page.url


@pytest.mark.parametrize("script", [True, False])
def test_an_empty_form_moves_the_focus_to_what_is_wrong(visit: Visit, script: bool) -> None:
    citizen = visit(PHONE, script=script)
    page = citizen.page
    page.goto("/help")
    page.get_by_role("button", name="提交").click()
    expect(page).to_have_title(re.compile("^请修改 – "))
    expect(page.locator("[role=alert]")).to_be_focused()
    citizen.look(f"help-empty-{'script' if script else 'plain'}")
    page.get_by_role("link", name=re.compile("请写下发生了什么事")).click()
    expect(page.get_by_label("发生了什么事")).to_be_focused()


def test_a_long_text_and_an_odd_number_are_taken(visit: Visit) -> None:
    citizen = visit(PHONE, script=False)
    citizen.ask(LONG, 手机号="12")
    page = citizen.page
    expect(page.get_by_label("发生了什么事")).to_have_value(LONG)
    citizen.look("help-phone-doubtful")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", name="已收到您的求助")).to_be_visible()


def test_number_and_code_open_the_case_and_a_wrong_code_does_not(visit: Visit) -> None:
    citizen = visit(DESK)
    citizen.ask(CALM)
    number, code = number_and_code(citizen)
    other = visit(PHONE, script=False)
    page = other.page
    page.goto("/status")
    other.look("status-phone")
    page.get_by_label("编号").fill(number)
    page.get_by_label("查询码").fill("000000" if code != "000000" else "000001")
    page.get_by_role("button", name="查询").click()
    expect(page.locator("[role=alert]")).to_be_focused()
    expect(page.get_by_text("编号和查询码对不上")).to_be_visible()
    other.look("status-wrong-phone")
    page.get_by_label("查询码").fill(code)
    page.get_by_role("button", name="查询").click()
    expect(page.get_by_text(CALM)).to_be_visible()
    other.look("case-calm-phone")


def test_the_draft_comes_back_and_goes_when_it_was_sent(visit: Visit) -> None:
    citizen = visit()
    page = citizen.page
    page.goto("/help")
    page.get_by_label("发生了什么事").fill(CALM)
    page.get_by_label("手机号").fill("13800001111")
    page.goto("/help")
    expect(page.get_by_label("发生了什么事")).to_have_value(CALM)
    expect(page.get_by_label("手机号")).to_have_value("")
    expect(page.get_by_text("已恢复您上次没有提交的内容")).to_be_visible()
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", name="已收到您的求助")).to_be_visible()
    page.goto("/help")
    expect(page.get_by_label("发生了什么事")).to_have_value("")


def test_a_double_click_is_one_request(visit: Visit) -> None:
    citizen = visit()
    page = citizen.page
    page.goto("/help")
    page.get_by_label("发生了什么事").fill("楼道的灯坏了两天没人修")
    page.get_by_role("button", name="提交").dblclick()
    expect(page.get_by_role("heading", name="已收到您的求助")).to_be_visible()
    page.get_by_role("link", name="现在查进度").click()
    assert page.locator(".said .theirs").count() == 1


def test_the_position_is_sent_only_when_the_person_presses(visit: Visit) -> None:
    citizen = visit()
    page = citizen.page
    page.goto("/help")
    page.get_by_text("更多（可以不填）").click()
    assert page.locator("[name=latitude]").input_value() == ""
    page.get_by_role("button", name="用我的位置").click()
    expect(page.get_by_text("已经带上您的位置")).to_be_visible()
    assert page.locator("[name=latitude]").input_value() == "30.500000"
    citizen.look("help-more-phone")


def test_without_script_nothing_is_offered_that_needs_it(visit: Visit) -> None:
    page = visit(script=False).page
    page.goto("/help")
    page.get_by_text("更多（可以不填）").click()
    expect(page.get_by_label("姓名")).to_be_visible()
    expect(page.get_by_text("用我的位置")).to_be_hidden()


@pytest.mark.quick
@pytest.mark.parametrize(
    ("edition", "language"),
    [
        ("standard", "en"),
        ("elder", "zh-CN"),
        pytest.param("standard", "zh-CN", marks=pytest.mark.thorough),
        pytest.param("elder", "en", marks=pytest.mark.thorough),
    ],
)
def test_every_page_is_fit_for_everybody(visit: Visit, edition: str, language: str) -> None:
    citizen = visit(PHONE)
    page = citizen.page
    citizen.ask(HUNGRY)
    expect(page.locator("#number")).to_be_visible()
    page.goto(f"/help?lang={language}")
    page.goto(f"/help?edition={edition}")
    for path in ("/help", "/status", "/received", "/status/case", "/nothing-here"):
        page.goto(path)
        citizen.look(f"fit-{path.strip('/').replace('/', '-')}-{edition}-{language}")
        assert citizen.unfit() == [], path
        assert citizen.overflow() <= 0, path
    page.goto("/help")
    page.locator("button[type=submit]").click()
    assert citizen.unfit() == []
    least = 60 if edition == "elder" else 44
    page.goto("/help")
    small = page.evaluate(
        """least => [...document.querySelectorAll(
            'button, .button, .call, .chip span, .top a, summary, [type=text], [type=tel]')]
            .filter(one => one.offsetParent && one.getBoundingClientRect().height < least)
            .map(one => one.outerHTML.slice(0, 80))""",
        least,
    )
    assert small == []
    size = page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)")
    assert size >= (20 if edition == "elder" else 16)


def test_twice_the_size_still_fits_a_small_window(visit: Visit) -> None:
    citizen = visit({"width": 640, "height": 740})
    citizen.ask(HUNGRY, 手机号="13800004444")
    # 200 % zoom of a 640 pixel window leaves 320 pixels for the page (WCAG 1.4.10).
    citizen.page.set_viewport_size({"width": 320, "height": 370})
    for path in ("/help?edition=elder", "/status", "/received", "/status/case"):
        citizen.page.goto(path)
        assert citizen.overflow() <= 0, path
    citizen.look("case-zoomed")
