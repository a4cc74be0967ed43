"""Every page there is, in a living county: it fits a desk, a telephone and twice the size, anybody
can use it, and it asks nobody else for anything."""

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import pytest
import uvicorn
from fastapi import FastAPI
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from sqlmodel import col

from gateway import standin
from gateway.app import create_app
from gateway.commands.up import open_house
from gateway.demo_history import History
from gateway.offices import Rules
from gateway.settings import Settings
from gateway.state import State
from gateway.web import ROUTERS
from models.requests import HelpRequest
from tests.browser.chinese import Known
from tests.browser.conftest import DESK, Visitor
from tests.browser.test_bureau_pages import SMALL, at_work

pytestmark = pytest.mark.browser

TWICE = {"width": DESK["width"] // 2, "height": DESK["height"] // 2}
SIZES = {"desk": DESK, "phone": SMALL, "twice": TWICE}
NO_PAGES = re.compile(
    r"\.(xlsx|svg)$|/worker\.js$|/file/|^/(live|files|attachments)\b|^/sso|/\{token\}$"
)
PARTS = (
    "/desk/rows", "/desk/calls", "/desk/{number}/panel", "/desk/{number}/facts", "/field/session",
)  # fmt: skip
SHEETS = ("/imports/template/{kind}", "/imports/{batch_id}/errors")


@dataclass(frozen=True, slots=True)
class Seen:
    """A page as somebody opens it. ``path`` is the route's own; ``address`` fills it."""

    login: str
    path: str
    address: str = ""


PAGES = (
    Seen("", "/", "/"),
    Seen("", "/help"),
    Seen("", "/received"),
    Seen("", "/status"),
    Seen("", "/status/case"),
    Seen("", "/sign-in"),
    Seen("", "/second-factor"),
    Seen("", "/simulator"),
    Seen("op01", "/desk"),
    Seen("op01", "/desk", "/desk?tab=urgent"),
    Seen("op01", "/desk", "/desk?{searched}"),
    Seen("op01", "/desk/enter"),
    Seen("op01", "/desk/{number}", "/desk/{request}"),
    Seen("op01", "/account/confirm"),
    Seen("lead01", "/desk/held/{entry_id}", "/desk/held/1"),
    Seen("lead01", "/erasures"),
    Seen("civil_affairs.1", "/inbox"),
    Seen("civil_affairs.1", "/inbox", "/inbox?tab=handling"),
    Seen("civil_affairs.1", "/inbox/{number}", "/inbox/{order}"),
    Seen("civil_affairs.1", "/paper/{number}", "/paper/{order}"),
    Seen("civil_affairs.1", "/relief"),
    Seen("civil_affairs.1", "/relief/new"),
    Seen("civil_affairs.1", "/relief/report"),
    Seen("civil_affairs.1", "/relief/{number}", "/relief/{aid}"),
    Seen("civil_affairs.1", "/relief/reserves"),
    Seen("civil_affairs.1", "/relief/reserves/{unit}", "/relief/reserves/civil_affairs"),
    Seen("civil_affairs.1", "/events"),
    Seen("civil_affairs.1", "/events/{bundle}", "/events/{bundle}"),
    Seen("civil_affairs.1", "/reports/quarter"),
    Seen("grid_w010101", "/field"),
    Seen("super01", "/board"),
    Seen("super01", "/board", "/board?big=1"),
    Seen("super01", "/board/list", "/board/list?figure=received_today"),
    Seen("super01", "/discovery"),
    Seen("super01", "/discovery/report"),
    Seen("super01", "/households"),
    Seen("super01", "/households/{household_id}", "/households/HH00001"),
    Seen("super01", "/imports"),
    Seen("super01", "/audit"),
    Seen("super01", "/account"),
    Seen("admin01", "/admin"),
    Seen("admin01", "/admin/units"),
    Seen("admin01", "/admin/units/one", "/admin/units/one?code=civil_affairs"),
    Seen("admin01", "/admin/users"),
    Seen("admin01", "/admin/users/one", "/admin/users/one?login=op01"),
    Seen("admin01", "/admin/routes"),
    Seen("admin01", "/admin/clocks"),
    Seen("admin01", "/admin/rule", "/admin/rule?kind=clock&subject=CLK-SIGN"),
    Seen("admin01", "/admin/calendar"),
    Seen("admin01", "/admin/channels"),
    Seen("admin01", "/admin/texts"),
    Seen("admin01", "/admin/changes"),
)
ELSEWHERE = {
    "/field/receipts/{key}": "tests/browser/test_field_page.py",
    "/imports/{batch_id}": "tests/browser/test_import_page.py",
    "/erasures/{wish_id}": "tests/browser/test_erasure_page.py",
}
"""Pages that need something done first; who looks at them."""

FOUND_AT = {
    "request": ("/desk?tab=under_way", "a[href^='/desk/HY']"),
    "order": ("/inbox?tab=handling", "a[href^='/inbox/HY']"),
    "aid": ("/relief", "td a[href^='/relief/']"),
    "bundle": ("/events", "main a[href^='/events/']"),
}
"""Where somebody who looks for one finds it."""


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, State, FastAPI]]:
    """The demonstration as it answers at first, and its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("county"),
        secret_key="browser-secret-" * 3,
        hotline="望河12345",
        public_url=address,
        demo=True,
        second_factor="not_demo",
    )
    settings = settings.lending(
        standin.environment(settings, address),
        channels=",".join([*settings.channel_names, *standin.CHANNELS]),
        operator_number=standin.OPERATOR,
    )
    state = open_house(settings, demo=True)
    app = create_app(state)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_level="warning", access_log=False)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.started
    yield address, state, app
    server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture(scope="module")
def living(county: tuple[str, State, FastAPI]) -> tuple[str, State, FastAPI]:
    """The demonstration as it is after its first minute."""
    settings = county[1].settings
    History(settings, Rules.load(settings.profile, settings.profile_dir)).write()
    return county


def filled(page: Page, address: str) -> str:
    """The address with what a person finds by looking for it."""
    if "{searched}" in address:
        page.goto("/desk")
        page.locator("#q").fill("nothing like it")
        page.locator("#q").press("Enter")
        page.wait_for_url(re.compile("search="))
        address = f"/desk?{page.url.partition('?')[2]}"
    for name in re.findall(r"{(\w+)}", address):
        where, link = FOUND_AT[name]
        page.goto(where)
        there = str(page.locator(link).first.get_attribute("href"))
        address = address.replace(f"{{{name}}}", there.partition("?")[0].rsplit("/", 1)[1])
    return address


@pytest.mark.quick
def test_every_page_of_the_route_table_is_looked_at() -> None:
    pages = {
        str(route.path)  # type: ignore[attr-defined]
        for router in ROUTERS
        for route in router.routes
        if "GET" in (getattr(route, "methods", None) or ())
    }
    pages = {path for path in pages if not NO_PAGES.search(path)} - {*PARTS, *SHEETS}
    assert pages == {one.path for one in PAGES} | set(ELSEWHERE)


@pytest.mark.thorough
@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_and_is_fit_for_everybody(
    chromium: Browser, living: tuple[str, State, FastAPI], size: str
) -> None:
    address, state, _ = living
    wrong = []
    for login, pages in groupby(PAGES, key=lambda one: one.login):
        visitor = Visitor(chromium, address, SIZES[size], script=True)
        if login:
            at_work(visitor, state, login)
        for one in pages:
            where = filled(visitor.page, one.address or one.path)
            answer = visitor.page.goto(where)
            assert answer is not None
            if answer.status >= 400 and one.path != "/desk/held/{entry_id}":
                wrong.append(f"{login} {where}: {answer.status}")
            if (wide := visitor.overflow()) > 0:
                wrong.append(f"{login} {where} at {size}: {wide} px too wide")
            if size != "twice":
                wrong += [f"{login} {where} at {size}: {said}" for said in visitor.unfit()]
        refused = [said for said in visitor.faults if "Content Security Policy" in said]
        visitor.context.close()
        assert visitor.foreign == []
        assert refused == []
    assert wrong == []


@pytest.mark.thorough
def test_every_page_fits_a_telephone_in_english_too(
    chromium: Browser, living: tuple[str, State, FastAPI]
) -> None:
    """Words of English are longer, and a table of them is wider."""
    address, state, _ = living
    wrong = []
    for login, pages in groupby(PAGES, key=lambda one: one.login):
        visitor = Visitor(chromium, address, {"width": 390, "height": 844}, script=True)
        if login:
            at_work(visitor, state, login)
        visitor.context.add_cookies([{"name": "lang", "value": "en", "url": address}])
        for one in pages:
            where = filled(visitor.page, one.address or one.path)
            visitor.page.goto(where)
            if (wide := visitor.overflow()) > 0:
                wrong.append(f"{login} {where}: {wide} px too wide")
        visitor.context.close()
    assert wrong == []


LISTS = {"lead01": ("/desk",), "super01": ("/desk",), "civil_affairs.head": ("/inbox", "/paper")}
"""Who opens requests, and where."""


@pytest.mark.thorough
def test_an_english_page_says_in_chinese_only_what_people_typed(
    chromium: Browser, living: tuple[str, State, FastAPI]
) -> None:
    """Names of units, services, clocks, kinds and reasons have an English one; whatever else is
    Chinese was typed by somebody, or the page says that it is Chinese. And no two parts of a page
    have one name: what is looked for by it would be lost."""
    address, state, _ = living
    known = Known(state)
    bureau = state.offices.current().directory.unit["civil_affairs"].name_zh
    assert known.strange(f"<li>lead · {bureau}</li><b>没人写过</b>") == [bureau, "没人写过"]
    with state.database.read() as session:
        numbers = session.connection().execute(
            select(col(HelpRequest.number)).order_by(col(HelpRequest.id))
        )
        cases = [number for (number,) in numbers][::4]
    wrong = []
    for login in dict.fromkeys([*(one.login for one in PAGES), "civil_affairs.head"]):
        visitor = Visitor(chromium, address, DESK, script=False)
        if login:
            at_work(visitor, state, login)
        pages = [filled(visitor.page, one.address or one.path)
                 for one in PAGES if one.login == login]  # fmt: skip
        pages += [f"{base}/{number}" for base in LISTS.get(login, ()) for number in cases]
        visitor.context.add_cookies([{"name": "lang", "value": "en", "url": address}])
        for page in pages:
            html = visitor.context.request.get(page).text()
            wrong += [f"{login} {page}: {said}" for said in known.strange(html, page)]
            ids = Counter(re.findall(r'<[a-z][^>]*\sid="([^"]+)"', html))
            wrong += [f"{login} {page}: twice {name}" for name, n in ids.items() if n > 1]
        visitor.context.close()
    assert wrong == []


def test_all_tabs_of_a_browser_share_one_stream(
    chromium: Browser, county: tuple[str, State, FastAPI]
) -> None:
    address, state, app = county
    streams = app.state.pulse._streams
    before = set(streams)  # of pages that are closed; the server notices a little later
    visitor = Visitor(chromium, address, DESK, script=True)
    at_work(visitor, state, "op02")
    tabs = [visitor.page, visitor.context.new_page(), visitor.context.new_page()]
    for tab in tabs:
        tab.goto("/desk")
    for tab in tabs:
        expect(tab.locator("#live")).to_have_class("live on")
    assert len(set(streams) - before) == 1
    visitor.context.close()
