"""The desk in a real browser: a day by keyboard, two seats at once, the stream up and down."""

import re
from collections.abc import Callable
from hashlib import sha256
from urllib.parse import unquote_plus

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlmodel import col

from gateway import house, sessions
from gateway.recorded import Recorded, call_of
from gateway.state import State
from models.requests import HelpRequest
from tests.browser.conftest import DESK, PHONE, Visitor

pytestmark = pytest.mark.browser

DAY = (
    "我母亲断粮两天了，一个人在滨河街道临江社区",
    "有人要跳楼，在南门街道和平社区，快来人",
    "请问低保要带哪些材料，我住在柳湾镇柳湾村",
    "家里孩子要上学，学费交不上，在滨河街道临江社区",
    "村里路灯坏了三天，柳湾镇柳湾村",
    "房子漏雨，老人没地方住，在南门街道和平社区",
    "想问残疾人两项补贴什么时候发，柳湾镇柳湾村",
    "煤气味很重，头晕，滨河街道临江社区",
    "医保报销被退回来了，不知道为什么，南门街道和平社区",
    "邻居老人三天没出门了，敲门没人应，柳湾镇柳湾村",
)
LONG_NAME = "阿卜杜热依木·" * 7 + "买买提"


def say(state: State, mark: str, text: str, name: str = "") -> str:
    """Somebody writes; the number of the request."""
    number = int(sha256(mark.encode()).hexdigest(), 16) % 10**8
    record = Recorded(
        channel="sms", external_id=f"browser-{mark}", sender=f"139{number:08d}", text=text,
        name=name or None,
    )  # fmt: skip
    outcome = state.intake.submit(call_of(record, b"{}", state.now())).result(30)
    assert outcome.number
    return outcome.number


def sit_down(visitor: Visitor, state: State, login: str) -> Page:
    """A member of staff with a signed-in browser at the queue."""
    key = sessions.sign_in(state, login, house.DEMO_PASSWORD, f"10.1.0.{len(login)}")
    address = state.settings.public_url
    visitor.context.add_cookies(
        [{"name": sessions.cookie_name(state.settings), "value": key, "url": address}]
    )
    visitor.page.set_default_timeout(30_000)
    visitor.page.goto("/desk")
    return visitor.page


def chosen(page: Page) -> str:
    return str(page.locator("tr.chosen").get_attribute("data-number"))


@pytest.mark.quick
@pytest.mark.parametrize("many", [4, pytest.param(len(DAY), marks=pytest.mark.thorough)])
def test_mixed_requests_are_handled_with_the_keyboard_only(
    visit: Callable[..., Visitor], site_state: State, many: int
) -> None:
    made = {say(site_state, f"day-{many}-{nth}", text) for nth, text in enumerate(DAY[:many])}
    visitor = visit(DESK)
    page = sit_down(visitor, site_state, "op01")
    expect(page.locator("#live")).to_have_class("live on")
    keys = page.keyboard
    keys.press("j")
    expect(page.locator("#panel b").first).to_have_text(chosen(page))
    visitor.look("desk")
    rows = page.locator("tr[data-number]")
    shown = page.evaluate(
        "[...document.querySelectorAll('tr[data-number]')]"
        ".map(r => r.getBoundingClientRect().height)"
    )
    bars = page.evaluate("document.querySelector('tr[data-number]').getBoundingClientRect().top")
    assert bars + 14 * max(shown) <= DESK["height"], "fourteen rows in sight"
    keys.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    keys.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()  # the browser closes it in its own time
    keys.press("Enter")
    page.wait_for_url(re.compile(r"/desk/HY"))
    visitor.look("desk-case")
    assert visitor.unfit() == []
    handled: list[str] = []  # what others have asked in this county may stand between
    raised = False
    while re.search(r"/desk/HY", page.url) and not made.issubset(handled):
        number = re.findall(r"HY\d{8}-\d{5}-\d", page.url)[0]
        assert number not in handled, "what was handled comes again"
        by_queue = len(handled) % 2 == 0
        if not raised and page.locator('[data-key="e"]').count():
            # One is raised on the way, with a text module in the reason.
            raised = True
            keys.press("e")
            page.keyboard.press("ArrowDown")
            keys.press("Tab")
            keys.type("//安抚")
            keys.press("Enter")
            expect(page.locator("#raise_urgency-reason")).to_have_value(re.compile("您别着急"))
            keys.press("Escape")
        else:
            keys.press("l")
            keys.type("本人")
            keys.press("Tab")
            keys.press("ArrowDown")
            keys.press("Escape")
        keys.press("a") if by_queue else keys.press("Control+Enter")
        handled.append(number)
        if by_queue:
            page.wait_for_url(re.compile("done=confirm"))
            keys.press("q")
            page.wait_for_url(re.compile(r"/desk\?"))
            if made.issubset(handled):
                break
            keys.press("j")
            keys.press("Enter")
            page.wait_for_url(lambda url, seen=number: "/desk/HY" in url and seen not in url)
        page.wait_for_url(lambda url, seen=number: seen not in url)
        page.wait_for_load_state()
    page.goto("/desk")
    left = {str(one.get_attribute("data-number")) for one in rows.all()}
    assert raised
    assert made <= set(handled)
    assert len(made & left) <= 1, "what was handled has left the tab"


def test_a_new_request_comes_by_itself_and_neither_choice_nor_caret_moves(
    visit: Callable[..., Visitor], site_state: State
) -> None:
    for nth in range(3):
        say(site_state, f"calm-{nth}", f"请问低保要带哪些材料，我住在柳湾镇柳湾村{nth}组")
    page = sit_down(visit(DESK), site_state, "op02")
    expect(page.locator("#live")).to_have_class("live on")
    page.keyboard.press("j")
    mine, focus = chosen(page), page.evaluate("document.activeElement.id")
    new = say(site_state, "comes", "有人要跳楼，在南门街道和平社区，快来人啊")
    expect(page.locator(f"#row-{new}")).to_be_visible()
    page.wait_for_timeout(500)  # whatever still settles after the swap may not undo the choice
    assert page.locator("tr.chosen").count() == 1
    assert chosen(page) == mine
    assert page.evaluate("document.activeElement.id") == focus
    page.locator("#q").fill("低保材料")
    page.evaluate("document.getElementById('q').setSelectionRange(1, 2)")
    other = say(site_state, "comes-too", "家里断粮三天了，在滨河街道临江社区")
    expect(page.locator(f"#row-{other}")).to_be_visible()
    place = "[document.getElementById('q').selectionStart, document.activeElement.id]"
    assert page.evaluate(place) == [1, "q"]
    assert page.locator("#q").input_value() == "低保材料"


@pytest.mark.parametrize("script", [True, False])
def test_back_from_a_request_leads_to_what_was_looked_for_and_no_address_says_it(
    visit: Callable[..., Visitor], site_state: State, script: bool
) -> None:
    words = f"路灯坏了{script}"
    made = [say(site_state, f"sought-{script}-{n}", f"{words}，柳湾镇柳湾村") for n in (1, 2)]
    visitor = visit(DESK, script=script)
    addresses: list[str] = []
    visitor.page.on("request", lambda request: addresses.append(unquote_plus(request.url)))
    page = sit_down(visitor, site_state, "op02")
    page.locator("#q").fill(words)
    page.locator("#q").press("Enter")
    page.wait_for_url(re.compile("search="))
    for number in made:
        expect(page.locator(f"#row-{number}")).to_be_visible()
    page.locator(f"#to-{made[0]}").click()
    page.wait_for_url(re.compile(made[0]))
    page.go_back()
    expect(page.locator(f"#row-{made[1]}")).to_be_visible()
    assert page.locator("#q").input_value() == words
    if script:
        expect(page.locator("#live")).to_have_class("live on")
        with page.expect_response(re.compile("/desk/rows")) as heard:
            page.evaluate(
                "htmx.ajax('GET', document.querySelector('#queue').dataset.url, '#queue')"
            )
        assert made[1] in heard.value.text()
    page.get_by_role("link", name="English").click()
    expect(page.locator(f"#row-{made[1]}")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"
    assert [one for one in addresses if words in one] == []


def test_what_is_typed_in_the_queue_stays_while_new_requests_come_in_around_it(
    visit: Callable[..., Visitor], site_state: State
) -> None:
    mine = say(site_state, "typed", "请问低保要带哪些材料，我住在柳湾镇柳湾村二组")
    with site_state.database.read() as session:
        own = select(col(HelpRequest.first_responder)).where(col(HelpRequest.number) == mine)
        login = str(session.connection().execute(own).scalar_one())
    page = sit_down(visit(DESK), site_state, login)
    expect(page.locator("#live")).to_have_class("live on")
    page.evaluate(
        "document.body.addEventListener('huiyin:changed', (e) => { window.came = e.detail; })"
    )
    page.locator("details.shift").evaluate("(one) => { one.open = true; }")
    note = page.locator(f"#say-{mine}")
    note.fill("家属已联系")
    note.blur()
    new = say(site_state, "typed-on", "家里断粮三天了，在滨河街道临江社区")
    page.wait_for_function("(n) => window.came && window.came.includes(n)", arg=new)
    expect(page.locator(f"#row-{new}")).to_be_visible()  # nobody waits unseen for a note
    assert note.input_value() == "家属已联系"


def test_of_two_seats_that_claim_at_once_one_gets_it_and_the_other_reads_who(
    visit: Callable[..., Visitor], site_state: State
) -> None:
    number = say(site_state, "race", "家里断粮五天了，老人没吃的，在滨河街道临江社区")
    seats = [sit_down(visit(DESK), site_state, login) for login in ("op03", "op04")]
    for page in seats:
        page.goto(f"/desk/{number}")
    for page in seats:
        page.evaluate("document.querySelector('form[action$=\"/claim\"]').requestSubmit()")
    for page in seats:
        page.wait_for_load_state()
        page.wait_for_function(
            "/claim/.test(location.href) || document.querySelector('.presence .lamp')"
        )
    told = [page.locator("main").inner_text() for page in seats]
    assert sum("您正在处理" in text for text in told) == 1
    assert sum("正由" in text for text in told) == 1


def test_with_the_stream_down_the_page_says_so_and_what_is_typed_stays(
    visit: Callable[..., Visitor], site_state: State
) -> None:
    number = say(site_state, "down", "请问低保要带哪些材料，我住在柳湾镇柳湾村八组")
    visitor = visit(DESK)
    visitor.context.route("**/static/live-worker.js*", lambda route: route.abort())
    page = sit_down(visitor, site_state, "op05")
    expect(page.locator("#live")).to_have_text(re.compile("实时已断开，每 15 秒刷新"))
    page.goto(f"/desk/{number}")
    page.keyboard.press("d")
    page.keyboard.type("请带户口本到镇里办理")
    expect(page.locator("#act-reply .draft-state")).to_have_text("已自动保存")
    visitor.context.clear_cookies()
    page.locator("#act-reply button:not([name])").last.click()
    page.wait_for_timeout(300)
    sit_down(visitor, site_state, "op05")
    page.goto(f"/desk/{number}")
    expect(page.locator("#reply-text")).to_have_value("请带户口本到镇里办理")
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


def test_single_letters_do_nothing_in_a_field_or_while_composing(
    visit: Callable[..., Visitor], site_state: State
) -> None:
    number = say(site_state, "letters", "请问低保要带哪些材料，我住在柳湾镇柳湾村九组")
    page = sit_down(visit(DESK), site_state, "op06")
    page.goto(f"/desk/{number}")
    page.evaluate(
        "document.dispatchEvent(new KeyboardEvent('keydown',"
        "{key: 'a', isComposing: true, bubbles: true}))"
    )
    page.locator("#beside, #purpose").first.click()
    page.keyboard.type("adfen")
    page.wait_for_timeout(200)
    assert page.url.endswith(number)
    assert "adfen" in str(page.locator("#beside, #purpose").first.input_value())


@pytest.mark.parametrize(
    ("key", "field"),
    [("f", "correct_route-bureau"), ("r", "correct_route-service"), ("p", "print-paper")],
)
def test_a_letter_does_the_same_from_the_queue_as_on_the_page(
    visit: Callable[..., Visitor], site_state: State, key: str, field: str
) -> None:
    say(site_state, f"from-queue-{key}", f"请问低保要带哪些材料，我住在柳湾镇柳湾村{key}组")
    page = sit_down(visit(DESK), site_state, "op08")
    page.keyboard.press("j")
    number = chosen(page)
    expect(page.locator("#panel b").first).to_have_text(number)
    page.keyboard.press(key)
    page.wait_for_url(re.compile(f"/desk/{number}"))
    expect(page.locator(f"#{field}")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(f"#{field}")).not_to_be_focused()
    page.keyboard.press(key)
    expect(page.locator(f"#{field}")).to_be_focused()


def test_the_desk_fits_twice_enlarged_and_on_a_telephone_with_the_longest_names(
    visit: Callable[..., Visitor], site_state: State
) -> None:
    number = say(
        site_state, "long", f"我叫{LONG_NAME}，家里断粮两天了，在滨河街道临江社区", LONG_NAME
    )
    for size, name in (({"width": 683, "height": 384}, "desk-200"), (PHONE, "desk-phone")):
        visitor = visit(size)
        page = sit_down(visitor, site_state, "op07")
        for path in ("/desk", f"/desk/{number}", "/desk/enter"):
            page.goto(path)
            assert visitor.overflow() <= 0, f"{path} at {size}"
        page.goto("/desk")
        visitor.look(name)
        assert visitor.unfit() == []


def test_script_and_style_of_the_desk_weigh_less_than_120_kb(
    visit: Callable[..., Visitor], site_state: State
) -> None:
    visitor = visit(DESK)
    weight: dict[str, int] = {}
    visitor.page.on(
        "response",
        lambda answer: (
            weight.__setitem__(answer.url, len(answer.body()))
            if re.search(r"\.(js|css)(\?|$)", answer.url)
            else None
        ),
    )
    page = sit_down(visitor, site_state, "op08")
    page.wait_for_timeout(1500)
    assert len(weight) >= 4
    assert sum(weight.values()) < 120_000
