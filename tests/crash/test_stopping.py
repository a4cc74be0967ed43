"""Stopping in time whatever is open: streams that never end by themselves, work in threads."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx2
import pytest

from gateway import sessions
from gateway.settings import load, utc_now
from gateway.state import open_database
from models.processes import enlist
from models.transaction import acting
from tests.gateway.test_cli import up


def seat(data: Path) -> dict[str, str]:
    """The cookie of an administrator who has signed in."""
    settings = load(data)
    database = open_database(settings)
    with acting(database, enlist(database, "test", utc_now())) as tx:
        key = sessions.open_session(tx, "admin", utc_now(), passed=True)
    database.close()
    return {sessions.cookie_name(settings): key}


def listen(base: str, cookies: dict[str, str], heard: threading.Semaphore) -> None:
    """Hold a live stream open until the server ends it."""
    with (
        httpx2.Client(base_url=base, cookies=cookies, timeout=30) as client,
        client.stream("GET", "/live") as answer,
    ):
        for line in answer.iter_lines():
            if line == "event: hello":
                heard.release()


@pytest.mark.thorough
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_with_live_streams_open_a_signal_stops_it_within_three_seconds(tmp_path, sign):
    with up(tmp_path / "data") as (base, process, _):
        cookies, heard = seat(tmp_path / "data"), threading.Semaphore(0)
        tabs = [
            threading.Thread(target=listen, args=(base, cookies, heard), daemon=True)
            for _ in range(5)
        ]
        for tab in tabs:
            tab.start()
        assert all(heard.acquire(timeout=20) for _ in tabs)
        began = time.monotonic()
        process.send_signal(sign)
        process.wait(10)
        assert time.monotonic() - began < 3
        for tab in tabs:
            tab.join(5)
            assert not tab.is_alive(), "the stream was ended, not left hanging"
        said = process.stdout.read()
    assert "Traceback" not in said
    assert "CancelledError" not in said


BUSY = """
import threading, time, uvicorn
from gateway.commands import up

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})

threading.Thread(target=time.sleep, args=(60,)).start()
server = up._Server(uvicorn.Config(app, port=0, log_level="critical"))
threading.Timer(0.5, lambda: print("up", flush=True)).start()
server.run()
"""


@pytest.mark.thorough
def test_a_thread_that_works_on_does_not_hold_it_up():
    process = subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "up\n"
        time.sleep(0.5)
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 3
    finally:
        process.kill()
        process.stdout.close()
