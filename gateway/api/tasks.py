"""Waiting work and the holding pen as JSON."""

from typing import Annotated, Any

from fastapi import APIRouter
from fastapi.encoders import jsonable_encoder
from pydantic import Field

from gateway import acts, bodies, entering, handovers, tasks
from gateway.api.support import ApiRoute, Process, Staff
from models.ids import Id

router = APIRouter(route_class=ApiRoute, tags=["tasks"])


class NoteBody(bodies.Body):
    """What was done."""

    note: Annotated[str, Field(max_length=5000)]


@router.get("/tasks")
def waiting(state: Process, actor: Staff) -> Any:
    """What waits for the caller's unit: call-backs, hand-offs to confirm, messages that could not
    be delivered, texts nobody could read."""
    with state.database.read() as session:
        found = tasks.waiting(session, actor, state.offices.current(), state.now())
    return {"tasks": [{**jsonable_encoder(task), "id": str(task.id)} for task in found]}


@router.post("/tasks/{task_id}/done")
def done(state: Process, actor: Staff, task_id: Id, body: NoteBody) -> Any:
    """Finish a piece of waiting work, with a note of what was done."""
    row = acts.finish_task(state, actor, task_id, body.note, now=state.now())
    return {"id": str(row["id"]), "kind": row["kind"], "number": row["number"], "done": True}


@router.get("/handovers")
def shift(state: Process, actor: Staff) -> Any:
    """The change of shift: what the caller would leave behind at the desk, each with its open
    offer, what colleagues offer to the caller, and to whom the caller may offer."""
    with state.database.read() as session:
        found = handovers.of(session, actor, state.offices.current(), state.now())
    return jsonable_encoder(found)


@router.get("/held")
def held(state: Process, actor: Staff) -> Any:
    """The holding pen: calls that were kept and not understood, the longest waiting first."""
    with state.database.read() as session:
        found = tasks.held(session, actor)
    names = ("id", "channel", "received_at", "number", "error", "attempts", "next_at")
    return {
        "held": [
            {**jsonable_encoder({name: getattr(one, name) for name in names}), "id": str(one.id)}
            for one in found
        ]
    }


@router.post("/held/{entry_id}/finish")
def finish(state: Process, actor: Staff, entry_id: Id, body: entering.Read) -> Any:
    """Type what a held call says: it leaves the pen with the number it was given."""
    outcome = entering.finish_held(state, actor, entry_id, body, now=state.now())
    return {"number": outcome.number, "level": outcome.level}
