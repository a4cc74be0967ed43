"""The stand-in for the providers, by which the demonstration sees the whole loop."""

import asyncio
import re

import httpx2
import pytest
from fastapi import FastAPI
from sqlmodel import col, select

from gateway import standin
from gateway.settings import Settings
from gateway.state import State, wire
from models.outbox import Outgoing
from tests.conftest import Clock
from tests.gateway.people import FOOD, Caller, application

HERE = "http://desk.example"
TAKES = {"sms": "Messages", "voice": "Calls"}


async def take(app: FastAPI, kind: str, callback: str) -> None:
    """The provider takes a message that asks for a report, and the report has come."""
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=HERE) as client:
        said = {"To": "+8619900001234", "From": standin.NUMBER, "StatusCallback": callback}
        path = f"{standin.PATH}/2010-04-01/Accounts/A/{kind}.json"
        answer = await client.post(path, data=said)
        assert answer.status_code == 201
    await asyncio.gather(*standin._on_the_way)


def told(state: State) -> Outgoing | None:
    with state.database.read() as session:
        query = select(Outgoing).where(col(Outgoing.staff).is_(None)).order_by(col(Outgoing.id))
        return session.scalars(query).first()


@pytest.mark.parametrize("channel", TAKES)
def test_what_the_stand_in_takes_is_reported_to_have_arrived(
    settings: Settings, now: Clock, channel: str
) -> None:
    shown = settings.lending(
        standin.environment(settings, "http://127.0.0.1:9"),
        demo=True,
        channels=f"web,console,{channel}",
        operator_number=standin.OPERATOR,
        public_url=HERE,
    )
    state = wire(shown, kind="test", now=now)
    try:
        app = application(state)
        citizen = Caller(app)
        citizen.http.base_url = HERE
        (key,) = re.findall(r'name="key" value="([^"]+)"', citizen.get("/help").text)
        asked = {"key": key, "what": FOOD, "phone": "19900001234"}
        assert citizen.http.post("/help", data=asked).status_code == 303
        row = told(state)
        assert row.channel == channel
        asyncio.run(take(app, TAKES[channel], f"{HERE}/hook/{channel}/status?key={row.id}"))
        assert told(state).state == "delivered"
    finally:
        state.close()
