"""Many forms from one address, or from an old page: every one is kept, the messages stop."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from channels import Channel
from gateway import guessing, quieting
from gateway.state import State
from models.counters import Counter
from models.outbox import Outgoing
from models.requests import Contact, HelpRequest
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Level, TaskKind
from tests.client import TestClient
from tests.conftest import Clock
from tests.fakes import form_and_sms
from tests.gateway.people import application, partner

HELP = "救命，屋里进水了，老人出不来，这是第{}户"


@pytest.fixture
def channels() -> dict[str, Channel]:
    return form_and_sms()


@pytest.fixture
def app(state: State) -> FastAPI:
    return application(state)


@pytest.fixture
def citizen(app: FastAPI) -> TestClient:
    return TestClient(app, base_url="https://hotline.example", follow_redirects=False)


def key(citizen: TestClient) -> str:
    found = re.search(r'name="key" value="([^"]+)"', citizen.get("/help").text)
    assert found
    return found[1]


def rows(state: State, table: Any) -> list[Any]:
    with state.database.read() as session:
        return list(session.connection().execute(select(*table.__table__.columns)))


def answers(state: State) -> int:
    return sum(row.staff is None for row in rows(state, Outgoing))


def measure(state: State, name: str) -> int:
    value: Any = state.offices.current().policy.values[quieting.MEASURES[name]].value
    return int(value)


def by_hook(citizen: TestClient, token: str, at: int) -> Any:
    fields = {"key": token, "what": HELP.format(at), "phone": f"1381234{at:04d}"}
    return citizen.post("/hook/web", json={**fields, "how_urgent": "danger"})


def by_page(citizen: TestClient, token: str, at: int) -> Any:
    fields = {"key": token, "what": HELP.format(at), "phone": f"1381234{at:04d}"}
    return citizen.post("/help", data={**fields, "how_urgent": "danger"})


@pytest.mark.parametrize(("send", "status"), [(by_hook, 200), (by_page, 303)])
def test_beyond_the_measure_of_an_address_every_plea_is_kept_and_no_message_goes_out(
    state: State, citizen: TestClient, now: Clock, send: Callable[..., Any], status: int
) -> None:
    token, most = key(citizen), measure(state, "address")
    for at in range(most):
        assert send(citizen, token, at).status_code == status
    before = answers(state)
    assert before >= most
    for at in range(most, most + 4):
        assert send(citizen, token, at).status_code == status
    assert answers(state) == before
    assert len(rows(state, Contact)) == most + 4
    requests = rows(state, HelpRequest)
    assert {row.level for row in requests} == {Level.LIFE_THREAT}
    told = [row for row in rows(state, Task) if row.kind == TaskKind.UNDELIVERED]
    assert len(told) == 1, "the desk is told once"
    now.forward(hours=1)
    assert send(citizen, token, most + 4).status_code == status
    assert answers(state) > before, "the next hour begins anew"
    with acting(state.database, state.mint) as tx:
        quieting.forget(tx, now())
    kept = [row.name for row in rows(state, Counter) if row.name.startswith("quiet:")]
    assert len(kept) == 1


def test_a_form_that_was_left_open_for_days_is_kept_with_its_number_and_sends_no_message(
    state: State, citizen: TestClient, now: Clock
) -> None:
    token = key(citizen)
    now.forward(hours=25)
    answer = by_hook(citizen, token, 1)
    assert answer.status_code == 200
    assert answer.json()["number"]
    assert [row.level for row in rows(state, HelpRequest)] == [Level.LIFE_THREAT]
    assert answers(state) == 0
    assert by_hook(citizen, key(citizen), 2).status_code == 200
    assert answers(state) > 0


def test_a_partner_system_that_sends_very_much_is_kept_and_no_longer_answered_by_message(
    state: State, app: FastAPI, now: Clock
) -> None:
    office, most = state.offices.current(), measure(state, "partner")
    sends = partner(state, app, "neighbour", "contacts:write")
    with acting(state.database, state.mint) as tx:
        name = quieting._name(office, now(), "partner", "neighbour")
        for _ in range(most - 1):
            tx.count(name)
    codes, counted = [], []
    for at in range(3):
        body = {"channel": "phone", "external_id": str(at), "sender": f"1381234000{at}"}
        headers = {"idempotency-key": f"k{at}"}
        answer = sends.post("/api/v1/contacts", {**body, "text": HELP.format(at)}, headers=headers)
        codes.append(answer.status_code)
        counted.append(answers(state))
    assert codes == [201, 201, 201]
    assert counted[0] > 0
    assert counted[1] == counted[2] == counted[0]


def test_an_address_is_counted_as_the_network_that_one_holder_has() -> None:
    assert guessing.network("2001:db8:1:2:3::4") == guessing.network("2001:db8:1:2:ffff::9")
    assert guessing.network("2001:db8:1:2::1") != guessing.network("2001:db8:1:3::1")
    assert guessing.network("::ffff:192.0.2.7") == guessing.network("192.0.2.7") == "192.0.2.7"
    assert guessing.network("fe80::1%eth0") == guessing.network("fe80::2")
    assert guessing.network("testclient") == "testclient"
