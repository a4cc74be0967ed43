"""What the journeys of the same matter share: contacts by every door, the tick, the exports."""

import asyncio
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import col

from gateway import exporting
from gateway.recorded import call_of, read
from gateway.state import State
from gateway.ticks import Ticks
from models.likenesses import Likeness
from models.messages import Outcome
from models.outbox import Outgoing
from models.requests import HelpRequest


def told(state: State, door: str, sender: str, text: str, **more: Any) -> Outcome:
    """A contact by one of the doors of recorded contacts."""
    record = {"channel": door, "external_id": f"{door}-{sender}-{len(text)}-{state.now()}"}
    body = orjson.dumps({**record, "sender": sender, "text": text, **more})
    return state.intake.submit(call_of(read(body), body, state.now())).result(20)


def compared(state: State) -> None:
    """The tick that holds new contacts against the open requests."""
    asyncio.run(ticks(state).compare())


def ticks(state: State) -> Ticks:
    """The recurring work of this process."""
    return Ticks.of(state)


def proposals(state: State) -> dict[tuple[str, str], Any]:
    """(later number, earlier number) -> the proposal."""
    with state.database.read() as session:
        numbers = {row.id: row.number for row in session.scalars(select(HelpRequest))}
        return {
            (numbers[row.request_id], numbers[row.other_id]): row
            for row in session.scalars(select(Likeness))
        }


def exported(state: State, *names: str) -> dict[str, bytes]:
    """The rows of exports as bytes, so that two states can be held against each other."""
    with state.database.read() as session:
        return {
            name: b"\n".join(
                orjson.dumps(
                    {key: exporting.local(value) for key, value in row.items()},
                    option=orjson.OPT_SORT_KEYS,
                    default=str,
                )
                for row in exporting.EXPORTS[name](session, (None, None))
            )
            for name in names
        }


def said_to(state: State, number: str) -> list[str]:
    """The phrases said to the person of this number, in order."""
    with state.database.read() as session:
        query = (
            select(col(Outgoing.phrase))
            .where(col(Outgoing.number) == number, col(Outgoing.staff).is_(None))
            .order_by(col(Outgoing.id))
        )
        return list(session.connection().execute(query).scalars())


def row(state: State, number: str) -> Any:
    """The request's row."""
    with state.database.read() as session:
        return session.scalars(select(HelpRequest).where(col(HelpRequest.number) == number)).one()
