"""The demonstration's books of aid have something of every kind, and they add up."""

from fastapi import FastAPI
from sqlalchemy import select
from sqlmodel import col

from gateway import demo_aid
from gateway.state import State
from models import reserves
from models.relief import Relief
from models.reserves import Reserve
from tests.gateway.people import application, signed_in
from tests.gateway.test_households import rows


def test_a_newcomer_finds_aid_in_every_state_a_purse_that_is_short_and_a_disaster(
    state: State,
) -> None:
    done = demo_aid.live(state, state.now())
    found = rows(state, Relief)
    assert len(found) == done >= 25
    assert {one.state for one in found} >= {
        "proposed", "authorized", "declined", "delivered", "explanation_due", "explained",
    }  # fmt: skip
    assert {one.kind for one in found} == {"advance", "item", "social"}
    assert {one.form for one in found} == {"money", "goods"}
    assert all(one.household_id and one.recipient for one in found)
    with state.database.read() as session:
        connection = session.connection()
        held = {
            row.unit: reserves.balance(connection, row.id)
            for row in connection.execute(select(col(Reserve.id), col(Reserve.unit)))
        }
    given = sum(
        one.amount_fen
        for one in found
        if one.reserve_id and one.state in ("delivered", "explanation_due", "explained")
    )
    put_in = 9 * 50_000_00 + 2_500_00 + 200_000_00
    assert sum(held.values()) == put_in - given
    assert held["township_w09"] < 2_500_01
    app: FastAPI = application(state)
    civil = signed_in(state, app, "civil_affairs.1")
    assert found[0].number in civil.get("/relief").text + civil.get("/relief?until=2026-12-31").text
    events = signed_in(state, app, "super01").get("/events").text
    assert "柳湾村" in events
