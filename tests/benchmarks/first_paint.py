"""How soon a person sees the queue on a slow machine: first paint with the processor slowed.

python -m tests.benchmarks.first_paint [--rows 10000] [--slow 4] [--times 7] [--folder FOLDER]

A real Chromium loads the desk of a county with so many open requests, each time from an empty
cache, and says itself when the first words were painted (the paint timing of the browser, from
the moment the address was asked for). Beside it stands how long the answer of the server took, so
that a busy machine is told from a slow page.
"""

import argparse
import socket
import tempfile
import threading
import time
from pathlib import Path

import uvicorn
from playwright.sync_api import sync_playwright

from gateway import sessions
from gateway.app import create_app
from gateway.settings import utc_now
from gateway.state import State
from models.transaction import acting
from tests.benchmarks.desk_queue import house, multiply
from tests.browser.conftest import CHROMIUM, DESK, QUIET

PAINT = """() => {
  const page = performance.getEntriesByType("navigation")[0];
  const first = performance.getEntriesByName("first-contentful-paint")[0];
  return [page.responseStart - page.requestStart, first ? first.startTime : -1];
}"""


def serve(state: State, port: int) -> uvicorn.Server:
    """The application on loopback, in a thread."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(state), host="127.0.0.1", port=port, log_level="error")
    )
    threading.Thread(target=server.run, daemon=True).start()
    while not server.started:
        time.sleep(0.05)
    return server


def measure(address: str, cookie: dict[str, str], slow: float, times: int) -> list[list[float]]:
    """Of each load: what the server took and when the first words stood, in ms."""
    found = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=QUIET)
        for _ in range(times):
            context = browser.new_context(viewport=DESK)  # type: ignore[arg-type]
            context.add_cookies([cookie])  # type: ignore[list-item]
            page = context.new_page()
            wire = context.new_cdp_session(page)
            wire.send("Emulation.setCPUThrottlingRate", {"rate": slow})
            page.goto(f"{address}/desk", wait_until="load")
            page.wait_for_timeout(200)
            found.append([float(one) for one in page.evaluate(PAINT)])
            context.close()
        browser.close()
    return found


def main() -> None:
    """Print each load, the best and the middle one."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rows", type=int, default=10_000)
    options.add_argument("--slow", type=float, default=4)
    options.add_argument("--times", type=int, default=7)
    options.add_argument("--folder", type=Path)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as away:
        folder = chosen.folder or Path(away)
        there = (folder / "huiyin.db").exists()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        address = f"http://127.0.0.1:{port}"
        state, _ = house(folder, address=address, now=utc_now)
        if not there:
            multiply(state, chosen.rows)
        with acting(state.database, state.mint) as tx:
            key = sessions.open_session(tx, "op01", state.now(), passed=True)
        cookie = {"name": sessions.cookie_name(state.settings), "value": key, "url": address}
        server = serve(state, port)
        found = measure(address, cookie, chosen.slow, chosen.times)
        server.should_exit = True
        for server_ms, paint_ms in found:
            print(f"server {server_ms:6.0f} ms   first paint {paint_ms:6.0f} ms")
        paints = sorted(paint for _, paint in found)
        print(f"best {paints[0]:.0f} ms, middle {paints[len(paints) // 2]:.0f} ms")


if __name__ == "__main__":
    main()
