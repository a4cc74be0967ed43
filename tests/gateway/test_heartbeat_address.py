"""Whoever writes the heartbeat's address down wrongly finds it in the log: an alarm that was never
armed stays silent elsewhere."""

import asyncio

import pytest

from gateway.heartbeat import beat
from gateway.state import State
from tests.gateway.world import free_port, served


def beaten(url: str, caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    asyncio.run(beat(url, lambda: (7, "abc")))
    return [one.getMessage() for one in caplog.records if "heartbeat" in one.getMessage()]


def test_an_address_that_does_not_take_the_heartbeat_is_said_in_the_log(
    state: State, caplog: pytest.LogCaptureFixture
) -> None:
    port = free_port()
    assert "ConnectError" in beaten(f"http://127.0.0.1:{port}/healthz", caplog)[0]
    with served(state, port):
        assert beaten(f"http://127.0.0.1:{port}/healthz", caplog) == []
        (said,) = beaten(f"http://127.0.0.1:{port}/nowhere", caplog)
    assert said.endswith("status 404")
    assert "HUIYIN_HEARTBEAT_URL" in said
