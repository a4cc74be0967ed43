"""What goes wrong under somebody's hands: the sign-in runs out, the network goes, a button is
pressed twice, the way back is pressed. Nothing typed is lost and nothing is done twice."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update
from sqlmodel import col

from gateway import calls, house, sessions, staffing
from gateway.access import Actor
from gateway.state import State
from models.access import StaffSession
from models.clocks import Clock
from models.events import Event
from models.requests import HelpRequest
from models.transaction import acting
from models.vocabulary import Role, TaskKind
from referral.telling import ask_once
from tests.browser.conftest import DESK, PHONE, Visitor
from tests.browser.test_bureau_pages import OFFICER, asked, at_work, do
from tests.browser.test_desk import say, sit_down

pytestmark = [pytest.mark.browser, pytest.mark.thorough]

Visit = Callable[..., Visitor]
ANSWER = "请带户口本和身份证到镇里办理"
SIX = timedelta(minutes=6)
QUESTION = "请问低保要带哪些材料，我住在柳湾镇柳湾村"


def done(state: State, number: str, kind: str) -> int:
    """How often something stands in the ledger of a request."""
    with state.database.read() as session:
        query = (
            select(func.count())
            .select_from(Event)
            .join(HelpRequest, col(HelpRequest.id) == col(Event.request_id))
            .where(col(HelpRequest.number) == number, col(Event.kind) == kind)
        )
        return int(session.connection().execute(query).scalar() or 0)


def answering(page: Page, number: str) -> None:
    """The form of an answer, filled in."""
    page.goto(f"/desk/{number}")
    page.locator("#act-reply summary").click()
    page.locator("#reply-text").fill(ANSWER)


def send(page: Page) -> None:
    page.locator("#act-reply form > button:not([name])").click()


def test_a_sign_in_that_runs_out_brings_the_words_back_to_their_form(
    visit: Visit, site_state: State
) -> None:
    number = say(site_state, "run-out", QUESTION)
    visitor = visit(DESK)
    page = sit_down(visitor, site_state, "op01")
    page.route("**/drafts", lambda route: route.abort())  # so that no draft was kept before
    answering(page, number)
    visitor.context.clear_cookies()
    send(page)
    expect(page.get_by_role("heading", name="登录已过期，还没有提交")).to_be_visible()
    expect(page.get_by_text(ANSWER)).to_be_visible()
    visitor.look("sign-in-again-desk")
    assert visitor.unfit() == []
    page.get_by_label("账号").fill("op01")
    page.get_by_label("密码").fill(house.DEMO_PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(re.compile(number))
    expect(page.locator("#reply-text")).to_have_value(ANSWER)
    send(page)
    page.wait_for_url(re.compile("done=reply"))
    assert done(site_state, number, "replied") == 1


def found_out(page: Page) -> None:
    """The page has heard that its sign-in is over before anybody presses a button."""
    page.evaluate("huiyin.post('/here/x', {})")
    expect(page.locator("#trouble")).to_contain_text("登录已过期")


def signed_out(visit: Visit, state: State, mark: str, login: str) -> tuple[str, Visitor, Page]:
    """Somebody in the middle of an answer, on a page that knows that its sign-in is over; the
    number of the request."""
    number = say(state, mark, QUESTION)
    visitor = visit(DESK)
    page = sit_down(visitor, state, login)
    answering(page, number)
    visitor.context.clear_cookies()
    found_out(page)
    return number, visitor, page


def test_words_come_along_also_when_the_page_knew_that_its_sign_in_was_over(
    visit: Visit, site_state: State
) -> None:
    number, _, page = signed_out(visit, site_state, "known-out", "op01")
    send(page)
    expect(page.get_by_role("heading", name="登录已过期，还没有提交")).to_be_visible()
    expect(page.get_by_text(ANSWER)).to_be_visible()
    assert done(site_state, number, "replied") == 0


def test_after_signing_in_in_another_window_the_form_is_sent_from_the_old_one(
    visit: Visit, site_state: State
) -> None:
    number, visitor, page = signed_out(visit, site_state, "other-window", "op02")
    with visitor.context.expect_page() as opened:
        page.get_by_role("link", name="在新窗口登录").click()
    window = opened.value
    window.get_by_label("账号").fill("op02")
    window.get_by_label("密码").fill(house.DEMO_PASSWORD)
    window.get_by_role("button", name="登录").click()
    window.wait_for_url(re.compile("/desk"))
    page.bring_to_front()
    expect(page.locator("#reply-text")).to_have_value(ANSWER)
    send(page)
    page.wait_for_url(re.compile("done=reply"))
    assert done(site_state, number, "replied") == 1


def cookie(state: State, login: str) -> Any:
    """The cookie of a new session, as another window of the same browser got it."""
    key = sessions.sign_in(state, login, house.DEMO_PASSWORD, "10.1.0.4")
    name, site = sessions.cookie_name(state.settings), state.settings.public_url
    return [{"name": name, "value": key, "url": site}]


def test_nobody_elses_sign_in_sends_what_somebody_wrote(visit: Visit, site_state: State) -> None:
    number, visitor, page = signed_out(visit, site_state, "other-person", "op03")
    visitor.context.add_cookies(cookie(site_state, "op04"))
    page.locator("#act-reply form > button:not([name])").dblclick()
    told = re.compile(r"现在登录的是 .*op04.*这一页是 .*op03.*没有提交")
    expect(page.locator("#trouble")).to_contain_text(told)
    visitor.look("somebody-else-signed-in")
    expect(page.locator("#reply-text")).to_have_value(ANSWER)
    assert done(site_state, number, "replied") == 0
    visitor.context.clear_cookies()
    visitor.context.add_cookies(cookie(site_state, "op03"))
    page.locator("#act-reply form > button:not([name])").dblclick()  # asked once, sent once
    page.wait_for_url(re.compile("done=reply"))
    assert done(site_state, number, "replied") == 1, "its owner sends it"


def test_a_note_that_was_refused_outlives_what_comes_by_itself(
    visit: Visit, site_state: State
) -> None:
    with acting(site_state.database, site_state.mint) as tx:
        ask_once(tx, TaskKind.LOOK, unit="hotline", note="", now=site_state.now())
    page = sit_down(visit(DESK), site_state, "op05")
    page.goto("/desk?tab=urgent")
    page.locator("details.tasks summary").click()
    strip = page.locator("details.tasks form").first
    strip.locator("input[name=note]").fill("  办  ")
    strip.locator("button").click()
    expect(page.get_by_text("至少写 2 个字")).to_be_visible()
    expect(page.locator("#live")).to_have_class("live on")
    new = say(site_state, "comes-after", "家里断粮两天了，在滨河街道临江社区，快来人")
    expect(page.locator(f"#row-{new}")).to_be_visible()
    expect(page.locator("details.tasks form input[name=note]").first).to_have_value("  办  ")


def test_what_was_typed_before_the_proof_of_who_it_is_is_sent_after_it(
    visit: Visit, site_state: State
) -> None:
    login, visitor = "op31", visit(DESK)
    with acting(site_state.database, site_state.mint) as tx:
        new = {"login": login, "name": "新人", "role": "operator", "unit": "hotline", "area": "W"}
        admin = Actor("admin01", Role.ADMINISTRATOR, "office", "W")
        staffing.add(tx, new, "新进人员", admin, site_state.now())
    page = visitor.page
    at_work(visitor, site_state, "admin01")
    with site_state.database.write() as connection:
        connection.execute(update(StaffSession).values(confirmed_at=site_state.now() - SIX))
    page.goto(f"/admin/users/one?login={login}")
    page.locator("select[name=role]").first.select_option("dispatcher")
    page.locator("#transfer-reason").fill("借调到督办组")
    page.get_by_role("button", name="调整岗位").click()
    expect(page.get_by_role("heading", name="请再验证一次")).to_be_visible()
    expect(page.get_by_text("借调到督办组")).to_be_visible()
    visitor.look("proof-held-back")
    page.get_by_label("密码").fill(house.DEMO_PASSWORD)
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_text("借调到督办组")).to_be_visible()
    visitor.look("proof-once-more")
    assert visitor.unfit() == []
    page.get_by_role("button", name="提交").click()
    page.wait_for_url(re.compile(f"login={login}"))


def test_without_a_network_a_form_of_staff_stays_with_its_words_and_is_sent_once_later(
    visit: Visit, site_state: State
) -> None:
    number = say(site_state, "offline", QUESTION)
    visitor = visit(DESK)
    page = sit_down(visitor, site_state, "op02")
    answering(page, number)
    visitor.context.set_offline(True)
    send(page)
    expect(page.locator("#trouble")).to_contain_text("网络断开了，没有提交")
    expect(page.locator("#reply-text")).to_have_value(ANSWER)
    visitor.context.set_offline(False)
    expect(page.locator("#trouble")).to_be_hidden()
    send(page)
    page.wait_for_url(re.compile("done=reply"))
    assert done(site_state, number, "replied") == 1


def test_an_answer_that_is_lost_on_the_way_back_is_not_given_twice(
    visit: Visit, site_state: State
) -> None:
    number = say(site_state, "lost", QUESTION)
    page = sit_down(visit(DESK), site_state, "op03")
    answering(page, number)

    # The server has it; the page never hears of it.
    page.locator("#act-reply form").evaluate(
        """async (form) => {
            const body = new URLSearchParams(new FormData(form));
            await fetch(form.action, { method: "POST", body, redirect: "manual" });
        }"""
    )
    assert done(site_state, number, "replied") == 1
    page.goto(f"/desk/{number}")
    expect(page.get_by_text(ANSWER).first).to_be_visible()
    expect(page.locator("#reply-text")).to_have_value("")


def test_a_double_click_and_the_way_back_do_nothing_twice(visit: Visit, site_state: State) -> None:
    number = say(site_state, "twice", QUESTION)
    page = sit_down(visit(DESK), site_state, "op04")
    answering(page, number)
    page.locator("#act-reply form > button:not([name])").dblclick()
    page.wait_for_url(re.compile("done=reply"))
    assert done(site_state, number, "replied") == 1
    page.locator('[data-key="a"]').click()
    page.wait_for_url(re.compile("done=confirm"))
    page.go_back()
    page.wait_for_load_state()
    again = page.locator('[data-key="a"]')
    if again.count():  # the page as it was kept by the browser
        again.click()
        page.wait_for_load_state()
    assert done(site_state, number, "confirmed") == 1
    page.goto(f"/desk/{number}")
    assert page.locator('[data-key="a"]').count() == 0


@pytest.mark.parametrize("proved", [False, True], ids=["at once", "after the proof"])
def test_a_form_that_is_answered_with_a_file_can_be_sent_again(
    visit: Visit, site_state: State, *, proved: bool
) -> None:
    page = sit_down(visit(DESK), site_state, "audit01")
    page.goto("/audit")
    send_it = page.get_by_role("button", name="导出")
    if proved:
        with site_state.database.write() as connection:
            theirs = update(StaffSession).where(col(StaffSession.login) == "audit01")
            connection.execute(theirs.values(confirmed_at=site_state.now() - SIX))
        send_it.click()
        page.get_by_label("密码").fill(house.DEMO_PASSWORD)
        page.get_by_role("button", name="继续").click()
        send_it = page.get_by_role("button", name="提交")
    for _ in range(2):
        with page.expect_download() as taken:
            send_it.click()
        assert taken.value.suggested_filename.startswith("audit-")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_answer_of_a_bureau_is_there_again_after_the_page_was_left(
    visit: Visit, site_state: State, *, script: bool
) -> None:
    number = asked(visit(PHONE, script=False), site_state)
    do(site_state, OFFICER, "sign", number)
    officer = visit(DESK, script=script)
    page = officer.page
    at_work(officer, site_state, OFFICER)
    page.goto(f"/inbox/{number}")
    form = page.locator("#act-feedback")
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    page.get_by_label("核实情况").fill("已电话核对家庭情况")
    if script:
        expect(form.locator(".draft-state")).to_have_text("已自动保存")
    else:  # the sign-in is over when it is sent
        officer.context.clear_cookies()
        form.get_by_role("button", name="提交反馈").click()
        page.get_by_label("账号").fill(OFFICER)
        page.get_by_label("密码").fill(house.DEMO_PASSWORD)
        page.get_by_role("button", name="登录").click()
    page.goto(f"/inbox/{number}")
    expect(page.get_by_label("核实情况")).to_have_value("已电话核对家庭情况")
    if script:
        form.get_by_role("button", name="清掉").click()
        expect(form.locator(".restored")).to_have_count(0)
        expect(page.get_by_label("核实情况")).to_have_value("")


@pytest.fixture
def ring(site_state: State) -> Iterator[Callable[[str, str], None]]:
    """Lets somebody's telephone call ring; it is over at the end of the test at the latest, for at
    every desk of the shared county Enter would answer it."""
    state, rung = site_state, list[str]()

    def begin(call_id: str, caller: str) -> None:
        rung.append(call_id)
        with acting(state.database, state.mint) as tx:
            calls.rang(tx, "pbx", call_id, caller=caller, called="12345", now=state.now())

    yield begin
    with acting(state.database, state.mint) as tx:
        for call_id in rung:
            calls.ended(tx, "pbx", call_id, now=state.now())


def test_a_call_is_answered_with_one_key_and_steals_no_key_from_who_is_typing(
    visit: Visit, site_state: State, ring: Callable[[str, str], None]
) -> None:
    first, second = visit(DESK), visit(DESK)
    mine, hers = (
        sit_down(visitor, site_state, login)
        for visitor, login in ((first, "op05"), (second, "op06"))
    )
    for page in (mine, hers):
        expect(page.locator("#live")).to_have_class("live on")
    hers.locator("#q").fill("低保")
    top = mine.locator(".tabs").bounding_box()
    ring("call-1", "+8613900007001")
    for page in (mine, hers):
        expect(page.locator(".ringing")).to_be_visible()
    assert top is not None
    pushed = mine.locator(".tabs").bounding_box()
    assert pushed is not None
    assert pushed["y"] > top["y"], "the strip pushes the queue down and hides nothing"
    first.look("desk-ringing")
    assert first.unfit() == []
    assert hers.evaluate("document.activeElement.id") == "q", "the caret stays where it was"
    mine.keyboard.press("Enter")
    mine.wait_for_url(re.compile(r"/desk/enter\?call="))
    expect(mine.get_by_label("回复电话")).to_have_value(re.compile("13900007001"))
    expect(hers.locator(".ringing")).to_have_count(0)
    ring("call-2", "+8613900007002")
    expect(hers.locator(".ringing")).to_be_visible()
    hers.mouse.click(5, 500)
    hers.keyboard.press("Escape")
    hers.keyboard.press("Escape")
    expect(hers.locator(".ringing")).to_have_count(0)


def test_a_call_answered_while_writing_leaves_the_words_of_the_one_before(
    visit: Visit, site_state: State, ring: Callable[[str, str], None]
) -> None:
    visitor = visit(DESK)
    page = sit_down(visitor, site_state, "op07")
    before, said_now = "邻居三天没出门，敲门没人应", "想问低保怎么申请，家在望月社区"
    page.goto("/desk/enter")
    expect(page.locator("#live")).to_have_class("live on")
    page.locator("#text").press_sequentially(before)
    expect(page.locator("form .draft-state")).to_have_text("已自动保存")
    ring("call-while-writing", "+8613900007003")
    expect(page.locator(".ringing")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/desk/enter\?call="))
    expect(page.locator("#text")).to_have_value("")
    page.locator("#text").press_sequentially(said_now)
    expect(page.locator("form .draft-state")).to_have_text("已自动保存")
    visitor.look("desk-call-while-writing")
    assert visitor.unfit() == []
    page.goto("/desk")
    page.locator("#calls").get_by_role("link", name="继续录入").click()
    expect(page.locator("#text")).to_have_value(said_now)
    expect(page.get_by_label("回复电话")).to_have_value(re.compile("13900007003"))
    page.keyboard.press("Control+Enter")
    expect(page.locator(".notice.good")).to_be_visible()
    expect(page.locator("#text")).to_have_value(before)
    expect(page.get_by_label("回复电话")).to_have_value("")


def test_a_supervisor_finds_why_one_is_late_and_urges_it(visit: Visit, site_state: State) -> None:
    number = asked(visit(PHONE, script=False), site_state)
    with site_state.database.write() as connection:
        of = select(col(HelpRequest.id)).where(col(HelpRequest.number) == number)
        connection.execute(
            update(Clock)
            .where(col(Clock.request_id).in_(of), col(Clock.stopped_at).is_(None))
            .values(due_at=site_state.now() - timedelta(hours=3))
        )
    visitor = visit(DESK)
    page = visitor.page
    at_work(visitor, site_state, "super01")
    page.goto("/board")
    row = page.locator("table.late tr", has_text=number).first
    expect(row).to_contain_text("超时 3 小时")
    expect(row).to_contain_text("望河县民政局")
    row.locator("summary").click()
    row.get_by_label("要对方知道的话").fill("请今天内签收并联系本人")
    visitor.look("board-urge")
    row.get_by_role("button", name="催办").click()
    expect(page.get_by_text("已办：催办")).to_be_visible()
    assert done(site_state, number, "urged") == 1
    page.goto("/board")
    expect(page.locator("table.late tr", has_text=number).first).to_contain_text("催办")


def test_no_word_of_the_english_board_is_broken_in_two(visit: Visit, site_state: State) -> None:
    number = asked(visit(PHONE, script=False), site_state)
    with site_state.database.write() as connection:
        of = select(col(HelpRequest.id)).where(col(HelpRequest.number) == number)
        connection.execute(
            update(Clock)
            .where(col(Clock.request_id).in_(of), col(Clock.stopped_at).is_(None))
            .values(due_at=site_state.now() - timedelta(days=9))
        )
    visitor = visit({"width": 1280, "height": 900})
    at_work(visitor, site_state, "lead01")
    visitor.page.goto("/board?lang=en")
    row = visitor.page.locator("table.late tr", has_text=number).first
    row.locator("td[data-label]").first.evaluate("(one) => one.append('Bureau '.repeat(40))")
    word = row.locator("summary")
    expect(word).to_have_text("urge")
    visitor.look("board-en")
    lines = "(one) => { const all = document.createRange(); all.selectNodeContents(one);"
    lines += "return new Set([...all.getClientRects()].map((box) => Math.round(box.top))).size }"
    assert word.evaluate(lines) == 1
