"""Who begins the web processes of `huiyin serve` begins each anew, and none outlives it."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.crash import processes
from tests.crash.processes import SAID, Server, sms

pytestmark = pytest.mark.thorough


@pytest.fixture
def server(tmp_path: Path) -> Server:
    url = f"sqlite:///{tmp_path / 'huiyin.db'}"
    processes.prepare(url)
    begun = Server.serve(processes.environment(tmp_path, url), tmp_path / "server.log")
    begun.wait()
    yield begun
    begun.kill()


def test_a_web_process_that_is_killed_is_begun_anew_and_nobody_is_refused(server: Server) -> None:
    (killed,) = server.takers()
    os.kill(killed, signal.SIGKILL)
    with ThreadPoolExecutor(8) as pool:
        messages = [sms(f"+8619955{n:06d}", SAID[n % len(SAID)]) for n in range(16)]
        answers = list(pool.map(server.post, messages))
    assert {status for status, _ in answers} == {200}
    (anew,) = server.takers()
    assert anew != killed
    assert server.alive()


def test_a_web_process_whose_foreman_was_killed_takes_no_more_calls(server: Server) -> None:
    (taker,) = server.takers()
    server.process.kill()
    server.process.wait()
    end = time.monotonic() + 10
    while _lives(taker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _lives(taker)


def test_whichever_process_answers_tells_what_all_of_them_counted(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'huiyin.db'}"
    processes.prepare(url)
    env = processes.environment(tmp_path, url)
    server = Server.serve(env, tmp_path / "server.log", workers=2)
    try:
        server.wait()
        for n in range(12):
            assert server.post(sms(f"+8619955{n:06d}", SAID[n]))[0] == 200
        assert {_kept(server.port) for _ in range(12)} == {12}
        killed, _ = server.takers()
        os.kill(killed, signal.SIGKILL)
        assert server.post(sms("+8619955000099", SAID[0]))[0] == 200
        assert {_kept(server.port) for _ in range(12)} == {13}, "nothing goes with a process"
    finally:
        server.stop()


def _kept(port: int) -> float:
    answer = httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=20)
    lines = [line for line in answer.text.splitlines() if line.startswith("huiyin_calls_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def test_when_it_is_asked_to_stop_it_stops_in_good_order(server: Server) -> None:
    takers = server.takers()
    server.process.terminate()
    assert server.process.wait(10) == 0
    assert not any(_lives(pid) for pid in takers)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
