"""A real browser on a real server: Debian's Chromium against uvicorn on loopback."""

import itertools
import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from gateway import house
from gateway.app import create_app
from gateway.offices import Rules
from gateway.settings import Settings
from gateway.state import State, wire

CHROMIUM = Path("/usr/bin/chromium")
SCREENSHOTS = Path(__file__).parent.parent / "screenshots"
LOOK = "HUIYIN_SCREENSHOTS"
"""The environment variable that asks for them: 1."""
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-software-rasterizer",  # nobody imitates the missing one for pages of text
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
]
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1366, "height": 768}

_numbers = itertools.count(13_800_100_000)


def telephone() -> str:
    """A mobile number nobody wrote from before: all modules share one county, and words from a
    number with an open request are added to it instead of getting a number of their own."""
    return str(next(_numbers))


@pytest.fixture(scope="session")
def site_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """The invented county, wired, on a database of its own."""
    port = _free_port()
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("site"),
        secret_key="browser-secret-" * 3,
        hotline="望河12345",
        public_url=f"http://127.0.0.1:{port}",
        channels="web,console",
        second_factor="not_demo",
    )
    rules = Rules.load(settings.profile, settings.profile_dir)
    house.prepare(settings, rules, demo=True)
    return wire(settings, kind="browser")  # the server's end closes it


@pytest.fixture(scope="session")
def site(site_state: State) -> Iterator[str]:
    """The address of the running application."""
    address = site_state.settings.public_url
    config = uvicorn.Config(
        create_app(site_state),
        host="127.0.0.1",
        port=int(address.rpartition(":")[2]),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.started, "the server did not start"
    yield address
    server.should_exit = True
    thread.join(timeout=20)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; the tests are skipped where it is not installed.

    For the tests of this folder only: while Playwright is open no other may run an event loop.
    """
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (apt-get install chromium fonts-noto-cjk)")
    expect.set_options(timeout=20_000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        yield browser
        browser.close()


class Visitor:
    """A person with a browser window of one size, with or without script."""

    def __init__(self, browser: Browser, site: str, size: dict[str, int], *, script: bool) -> None:
        self.context = browser.new_context(
            viewport=size,  # type: ignore[arg-type]
            java_script_enabled=script,
            locale="zh-CN",
            base_url=site,
            permissions=["geolocation"],
            geolocation={"latitude": 30.5, "longitude": 119.9},
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(30_000)  # the machine may be busy with other tests
        self.script = script
        self.foreign: list[str] = []
        self.faults: list[str] = []
        self.page.on("request", lambda request: self._heard(request.url, site))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "console",
            lambda said: self.faults.append(said.text) if said.type == "error" else None,
        )

    def _heard(self, url: str, site: str) -> None:
        if not url.startswith((site, "data:")):
            self.foreign.append(url)

    def ask(self, what: str, *, urgent: str = "", **fields: str) -> None:
        """Fill in the form and send it."""
        self.page.goto("/help")
        self.page.get_by_label("发生了什么事").fill(what)
        for label, value in fields.items():
            self.page.get_by_label(label).fill(value)
        if urgent:
            self.page.get_by_label(urgent).check()
        self.page.get_by_role("button", name="提交").click()

    def look(self, name: str) -> None:
        """Keep a picture of the whole page for somebody who wants to look at it."""
        if os.environ.get(LOOK) != "1":
            return
        SCREENSHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True, caret="initial")

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        return int(
            self.page.evaluate(
                "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
        )

    def unfit(self) -> list[str]:
        """What axe finds serious or critical on this page."""
        found = Axe().run(self.page)
        return [
            f"{one['id']}: {one['help']} {[node['target'] for node in one['nodes']]}"
            for one in found.response["violations"]
            if one["impact"] in ("serious", "critical")
        ]


@pytest.fixture
def visit(chromium: Browser, site: str) -> Iterator[object]:
    """Open a window: ``visit(PHONE, script=False)``. Nothing may come from another address."""
    visitors: list[Visitor] = []

    def come(size: dict[str, int] = PHONE, *, script: bool = True) -> Visitor:
        visitors.append(Visitor(chromium, site, size, script=script))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.context.close()
        assert visitor.foreign == [], "a page asked another address"
        refused = [fault for fault in visitor.faults if "Content Security Policy" in fault]
        assert refused == [], "a page broke its own policy"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
