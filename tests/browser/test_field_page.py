"""A worker in the field with a telephone: forty seconds, no signal, two entries, one quarrel."""

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from gateway import outreach
from gateway.house import DEMO_PASSWORD
from gateway.state import State
from models.attachments import Attachment
from models.discovery import Disagreement, DoorEntry, Visit
from models.requests import Contact
from tests.browser.conftest import DESK, Visitor
from tests.gateway.test_attachments import photo

pytestmark = pytest.mark.browser

Visit_ = Callable[..., Visitor]
SLOW_PLACE = """navigator.geolocation.getCurrentPosition = (found) => {
    window.arrive = () => found({ coords: { latitude: 30.5, longitude: 119.9 } });
};"""
PHONE = {"width": 390, "height": 844}
AGAIN = 45_000
"""Milliseconds: the page tries again every thirty seconds, and the first try may come too early."""
WORKER, CADRE, BOSS = "grid_w0506", "village_w0506.1", "super01"


@pytest.fixture(scope="module")
def rounds(site_state: State) -> None:
    """The county's rounds of today."""
    state = site_state
    outreach.run(state.database, state.mint, state.offices.current(), state.now())


@pytest.fixture
def worker(visit: Visit_, rounds: None) -> Visitor:
    return signed_in(visit(PHONE), WORKER)


def signed_in(visitor: Visitor, login: str, at: str = "/field") -> Visitor:
    page = visitor.page
    page.goto(f"/sign-in?next={at}")
    page.locator("input[name=login]").fill(login)
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.locator("main button").first.click()
    page.wait_for_url(re.compile(rf"^[^?]*{re.escape(at)}$"))
    return visitor


def every(state: State, table: object) -> list[object]:
    with state.database.read() as session:
        return list(session.connection().execute(select(*table.__table__.columns)))  # type: ignore[attr-defined]


def said(state: State, words: str) -> list[object]:
    return [row for row in every(state, Contact) if words in row.text]


KEPT = """async () => {
    const kept = await caches.open('huiyin-field-1');
    const parts = 'link[rel=stylesheet], script[src]';
    const files = Array.from(document.querySelectorAll(parts), (a) => a.href || a.src);
    const found = await Promise.all(['/field', ...files].map((one) => kept.match(one)));
    return Boolean(navigator.serviceWorker.controller) && found.every(Boolean);
}"""


def looked_after(page: Page) -> None:
    """Wait until the page opens without a signal: it and each of its files is kept. Not by
    ``wait_for_function``, to which the promise of an answer is as good as yes."""
    patience = time.monotonic() + 60
    while not page.evaluate(KEPT):
        assert time.monotonic() < patience, "the page is not kept"
        page.wait_for_timeout(50)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "door.jpg"
    path.write_bytes(photo(4000, 3000))
    return path


@pytest.mark.quick
def test_a_report_with_a_photo_is_made_in_well_under_forty_seconds(
    worker: Visitor, site_state: State, picture: Path
) -> None:
    page = worker.page
    worker.look("field-empty-phone")
    began = time.monotonic()
    page.get_by_label("吃饭", exact=True).check()
    page.locator("#what").press_sequentially("独居老人家里断粮两天了", delay=120)
    page.get_by_label("紧急", exact=True).check()
    page.locator("#photo").set_input_files(picture)
    page.get_by_role("button", name="保存并上报").click()
    expect(page.locator("#saved")).to_contain_text(re.compile(r"已收到 HY\d{8}"))
    assert time.monotonic() - began < 40
    row = said(site_state, "独居老人家里断粮两天了")[0]
    kept = [a for a in every(site_state, Attachment) if a.about_key.endswith(row.external_id)]
    assert [(one.width, one.height) for one in kept] == [(1280, 960)]
    expect(page.locator("#queue")).to_be_hidden()


def test_two_reports_without_a_signal_survive_a_reload_and_arrive_once(
    worker: Visitor, site_state: State, picture: Path
) -> None:
    page = worker.page
    looked_after(page)
    worker.context.set_offline(True)
    for words in ("山沟里一户没有粮食了", "桥下住着一个不知姓名的人"):
        page.locator("#what").fill(words)
        page.get_by_label("紧急", exact=True).check()
        if "粮食" in words:
            page.locator("#photo").set_input_files(picture)
        page.get_by_role("button", name="保存并上报").click()
        expect(page.locator("#saved")).to_contain_text("已保存在本机")
        expect(page.locator("#what")).to_have_value("")
    expect(page.locator("#count")).to_have_text("2")
    expect(page.get_by_role("link", name="120")).to_be_visible()
    worker.look("field-offline-phone")
    page.reload()
    expect(page.locator("#count")).to_have_text("2")
    assert said(site_state, "山沟里一户没有粮食了") == []
    worker.context.set_offline(False)
    expect(page.locator("#queue")).to_be_hidden(timeout=AGAIN)
    expect(page.locator("#saved p")).to_have_count(2)
    expect(page.locator(".reports")).to_contain_text("桥下住着一个不知姓名的人")
    worker.look("field-arrived-phone")
    page.reload()
    assert len(said(site_state, "山沟里一户没有粮食了")) == 1
    assert len(said(site_state, "桥下住着一个不知姓名的人")) == 1
    expect(page.locator("#mine")).to_contain_text("我报的")


def test_a_place_belongs_to_the_report_that_it_was_asked_for(
    visit: Visit_, rounds: None, site_state: State
) -> None:
    """A satellite takes its time: who saves at once has the place all the same, the next house has
    not got it, and nothing on the page says that it has."""
    visitor = visit(PHONE)
    visitor.page.add_init_script(SLOW_PLACE)
    page = signed_in(visitor, WORKER).page
    located, save = page.locator("#located"), page.get_by_role("button", name="保存并上报")
    page.locator("#what").fill("坡上第一户断粮了")
    page.locator("#locate").click()
    save.click()
    expect(page.locator("#what")).to_have_value("")
    page.locator("#what").fill("坡下第二户断粮了")
    page.evaluate("window.arrive()")
    expect(page.locator(".reports")).to_contain_text("坡上第一户断粮了")
    expect(located).to_have_text("")
    assert page.locator("#latitude").input_value() == ""
    save.click()
    expect(page.locator(".reports")).to_contain_text("坡下第二户断粮了")
    page.locator("#locate").click()
    page.evaluate("window.arrive()")
    expect(located).to_contain_text("已带上位置")
    page.locator("#what").fill("坡顶第三户断粮了")
    save.click()
    expect(page.locator("#what")).to_have_value("")
    expect(located).to_have_text("")
    expect(page.locator(".reports")).to_contain_text("坡顶第三户断粮了")
    places = [said(site_state, words)[0].location for words in ("第一户", "第二户", "第三户")]
    assert [bool(place) for place in places] == [True, False, True]


def test_a_danger_does_not_wait_behind_a_photo(
    worker: Visitor, site_state: State, picture: Path
) -> None:
    page = worker.page
    looked_after(page)
    worker.context.set_offline(True)
    for words, level in (("路灯坏了的一条", "不急"), ("有人倒在屋里不动的一条", "有生命危险")):
        page.locator("#what").fill(words)
        page.get_by_label(level, exact=True).check()
        page.get_by_role("button", name="保存并上报").click()
        expect(page.locator("#what")).to_have_value("")
    page.route("**/field/entries", lambda route: route.abort())
    worker.context.set_offline(False)
    page.get_by_role("button", name="立即上传").click()
    expect(page.locator("#entries li").first).to_contain_text("有人倒在屋里不动的一条")
    page.unroute("**/field/entries")
    expect(page.locator("#queue")).to_be_hidden(timeout=AGAIN)
    first, second = (said(site_state, words)[0] for words in ("不动的一条", "坏了的一条"))
    assert first.received_at <= second.received_at
    assert first.id < second.id


def test_what_was_refused_goes_back_into_a_form_whole(
    worker: Visitor, site_state: State, picture: Path
) -> None:
    page = worker.page
    refused = {"status": 422, "json": {"error": "这一条要改"}}
    page.route("**/field/entries", lambda route: route.fulfill(**refused), times=1)
    page.locator("#what").fill("有照片而被退回的一条")
    page.locator("#photo").set_input_files(picture)
    page.get_by_role("button", name="保存并上报").click()
    page.get_by_role("button", name="修改").click()
    expect(page.locator("#what")).to_have_value("有照片而被退回的一条")
    assert page.evaluate("document.getElementById('photo').files.length") == 1
    assert page.locator("#seen_at").input_value()
    page.get_by_role("button", name="保存并上报").click()
    expect(page.locator(".reports")).to_contain_text("有照片而被退回的一条")
    row = said(site_state, "有照片而被退回的一条")[0]
    assert any(one.about_key.endswith(row.external_id) for one in every(site_state, Attachment))


def test_a_refused_door_that_is_gone_from_the_page_goes_into_a_report(
    worker: Visitor, site_state: State
) -> None:
    page = worker.page
    refused = {"status": 404, "json": {"error": "没有这一户"}}
    page.route("**/field/entries", lambda route: route.fulfill(**refused), times=1)
    door = page.locator("[data-door]").first
    door.locator("summary").click()
    door.locator(".chip", has_text="需要帮助").first.click()
    door.locator("textarea").fill("门里的老人两天没吃上饭")
    door.get_by_role("button", name="保存").click()
    expect(page.locator("#entries")).to_contain_text("没有这一户")
    page.evaluate("document.querySelectorAll('[data-door]').forEach((one) => one.remove())")
    page.get_by_role("button", name="修改").click()
    expect(page.locator("#what")).to_have_value("门里的老人两天没吃上饭")
    page.get_by_role("button", name="保存并上报").click()
    expect(page.locator(".reports")).to_contain_text("门里的老人两天没吃上饭")
    assert len(said(site_state, "门里的老人两天没吃上饭")) == 1


def test_an_answer_that_is_lost_on_the_way_makes_no_second_report(
    worker: Visitor, site_state: State
) -> None:
    page = worker.page
    lost = []

    def cut(route) -> None:
        route.fetch()  # the server has it; the telephone hears nothing
        lost.append(route)
        route.abort()

    page.route("**/field/entries", cut, times=1)
    page.locator("#what").fill("回执在路上丢了的一条")
    page.get_by_role("button", name="保存并上报").click()
    expect(page.locator("#count")).to_have_text("1")
    page.get_by_role("button", name="立即上传").click()
    expect(page.locator("#queue")).to_be_hidden()
    assert len(lost) == 1
    assert len(said(site_state, "回执在路上丢了的一条")) == 1


def test_an_empty_report_is_told_at_once_and_not_queued(visit: Visit_, site_state: State) -> None:
    page = signed_in(visit(PHONE), WORKER).page
    looked_after(page)
    page.get_by_role("button", name="保存并上报").click()
    expect(page.locator("#saved")).to_contain_text("拍一张照片")
    expect(page.locator("#queue")).to_be_hidden()
    assert page.evaluate("document.activeElement.id") == "what"


def test_two_at_one_door_offline_are_both_kept_and_put_before_a_person(
    visit: Visit_, rounds: None, site_state: State
) -> None:
    door = next(
        row for row in every(site_state, Visit) if row.holder == WORKER and row.settled_at is None
    )
    first, second = signed_in(visit(PHONE), WORKER), visit(PHONE)
    box = first.page.locator(f"[data-door='visit-{door.id}']")
    looked_after(first.page)
    first.context.set_offline(True)
    box.locator("summary").click()
    box.get_by_label("见到本人，平稳").check()
    box.get_by_label("家里几口人在").fill("2")
    first.look("field-door-phone")
    box.get_by_role("button", name="保存").click()
    expect(box.locator("[data-state]")).to_be_visible()
    signed_in(second, CADRE)
    csrf = second.page.locator("input[name=csrf]").first.input_value()
    other = second.page.request.post(
        "/field/entries",
        multipart={
            "csrf": csrf, "kind": "visit", "of": str(door.id), "based_on": str(door.version),
            "key": "the-cadre-was-first", "outcome": "in_hospital", "note": "邻居说住院了",
        },
    )  # fmt: skip
    assert other.ok, other.text()
    first.context.set_offline(False)
    expect(first.page.locator("#saved")).to_contain_text("有人记的和您不一样", timeout=AGAIN)
    entries = [row for row in every(site_state, DoorEntry) if row.visit_id == door.id]
    assert {row.outcome for row in entries} == {"well", "in_hospital"}
    assert [row.field for row in every(site_state, Disagreement)] == ["outcome"]
    first.page.reload()
    expect(first.page.get_by_text("由乡镇或督办人员来定")).to_be_visible()
    boss = signed_in(visit(DESK), BOSS, "/discovery")
    expect(boss.page.get_by_role("heading", name=re.compile("记录不一致"))).to_be_visible()
    boss.look("discovery-difference-desk")
    boss.page.get_by_label(re.compile("住院或在机构")).check()
    boss.page.get_by_label("为什么").fill("医院查到住院记录")
    boss.page.get_by_role("button", name="以选中的为准").click()
    boss.page.wait_for_url("**/discovery")
    row = next(one for one in every(site_state, Visit) if one.id == door.id)
    assert (row.outcome, row.seen) == ("in_hospital", False)


def test_the_page_works_without_script(visit: Visit_, rounds: None, site_state: State) -> None:
    plain = signed_in(visit(PHONE, script=False), WORKER)
    page = plain.page
    page.locator("#what").fill("没有脚本也能报")
    page.get_by_role("button", name="保存并上报").click()
    expect(page.get_by_role("heading", name="报告回执")).to_be_visible()
    plain.look("field-receipt-phone")
    assert len(said(site_state, "没有脚本也能报")) == 1


def test_signing_out_wipes_what_was_cached_of_households(worker: Visitor) -> None:
    page = worker.page
    looked_after(page)
    page.get_by_role("button", name="退出").click()
    page.wait_for_url("**/sign-in")
    assert page.evaluate("caches.has('huiyin-field-1')") is False


@pytest.mark.parametrize(
    "size",
    [pytest.param(PHONE, id="phone"), pytest.param(DESK, id="desk", marks=pytest.mark.thorough)],
)
def test_the_pages_are_fit_for_everybody(visit: Visit_, rounds: None, size: dict[str, int]) -> None:
    name = "phone" if size is PHONE else "desk"
    worker = signed_in(visit(size), WORKER)
    assert worker.unfit() == []
    assert worker.overflow() <= 0
    worker.look(f"field-{name}")
    boss = signed_in(visit(size), BOSS, "/discovery")
    assert boss.unfit() == []
    assert boss.overflow() <= 0
    boss.look(f"discovery-{name}")
