"""After a whole journey neither logs nor metrics nor the database's own files tell of anybody."""

import io
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI

from gateway import observe
from gateway.state import State
from tests.gateway.people import Caller, application, signed_in
from tests.gateway.test_sealed_fields import (
    SENDER,
    TEXT,
    found_in,
    live,
    sealed,  # noqa: F401  a fixture
    sealing_settings,  # noqa: F401  a fixture
    stored,
)

OURS_NOT = ("httpx", "httpx2", "asyncio")
"""The test's own client says what it asks; in the process itself they are silenced."""


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the process writes to stderr, everything included."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(observe.Plain())
    handler.addFilter(lambda record: record.name.partition(".")[0] not in OURS_NOT)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield written
    root.setLevel(level)
    root.removeHandler(handler)


def worked(state: State, app: FastAPI, number: str) -> None:
    """What people do with it: look, look at the person, act, be refused, err, search, export."""
    lead = signed_in(state, app, "lead01")
    for path in ("/desk", f"/desk/{number}", "/board", "/api/v1/requests", f"/desk?q={SENDER}"):
        assert lead.get(path).status_code in (200, 303, 404)
    assert lead.search("/desk", q=SENDER).status_code in (200, 303)
    assert lead.act(number, "reveal", purpose="回电").status_code == 200
    lead.act(number, "reply", text=TEXT)
    lead.act(number, "reply", words=TEXT)  # no such field: answered 422
    lead.act(number, "link_household", household=TEXT[:60])
    stranger = Caller(app)
    stranger.http.post("/help", data={"what": TEXT, "phone": SENDER})
    stranger.http.post("/status", data={"number": number, "code": "000000", "phone": SENDER})
    stranger.http.post("/hook/recording", content=TEXT.encode(), headers={"authorization": "yes"})
    stranger.http.post("/api/v1/contacts", content=TEXT.encode())
    stranger.http.get(f"/sign-in?next={TEXT[:20]}")


def test_logs_metrics_and_the_stored_database_tell_of_nobody(
    sealed: State,  # noqa: F811
    log: io.StringIO,
) -> None:
    app = application(sealed)
    number = live(sealed)
    worked(sealed, app, number)
    told = log.getvalue()
    assert "holding pen" in told, "the journey must have met a call that nobody can read"
    assert found_in(told.encode()) == []
    metrics = Caller(app).get("/metrics")
    assert metrics.status_code == 200
    assert "huiyin_" in metrics.text
    assert found_in(metrics.content) == []
    assert Caller(app).get("/readyz").text.strip()
    assert found_in(stored(sealed)) == []
    if sealed.database.is_sqlite:
        file = Path(sealed.database.url.database or "")
        files = list(file.parent.glob(f"{file.name}*"))
        assert files
        for file in files:
            assert found_in(file.read_bytes()) == [], file.name
