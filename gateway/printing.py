"""A paper of a request is printed: who, when, which copy. Every print stands in the ledger."""

from dataclasses import dataclass
from datetime import datetime

from gateway import access, revealing
from gateway.access import Actor
from gateway.revealing import Revealed
from gateway.state import State
from models.transaction import acting
from models.vocabulary import Status
from referral import casework
from referral.casework import Refusal

TRANSFER, SUPERVISION, CLOSING = "transfer", "supervision", "closing"
PAPERS = (TRANSFER, SUPERVISION, CLOSING)
_PRESSED = ("breached", "written_reminder", "supervision_order", "circular")
_ENDED = (Status.RESULT_REPORTED, Status.IN_CALLBACK, Status.CLOSED, Status.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Printed:
    """Which copy of which paper it is. ``person`` is who must be called, where that was asked for
    with its ground; None leaves them masked."""

    paper: str
    copy: int
    at: datetime
    person: Revealed | None


def fitting(status: str, kinds: frozenset[str]) -> tuple[str, ...]:
    """The papers that make sense: an order always, pressure once there was some, an end at the
    end. ``kinds`` are those of the history."""
    found = [TRANSFER]
    if kinds.intersection(_PRESSED):
        found.append(SUPERVISION)
    if status in _ENDED:
        found.append(CLOSING)
    return tuple(found)


def record(
    state: State, actor: Actor, number: str, paper: str, *, ground: str = "", now: datetime
) -> Printed:
    """Remember the print. A ``ground`` of the closed list asks for name and telephone on the
    paper, because the unit must call; that look is kept as any other. Raises ``Refusal``."""
    if paper not in PAPERS:
        raise Refusal("refusal.not_found", status=404)
    access.allow(actor, "print")
    person = None
    if ground:
        person = revealing.reveal(state, actor, number, "", ground=ground, now=now)
    office = state.offices.current()
    with acting(state.database, state.mint) as tx:
        request = access.admit(tx, actor, office, number, act="print", now=now)
        told = casework.history(tx, request["id"])
        if paper not in fitting(request["status"], frozenset(one.kind for one in told)):
            raise Refusal("refusal.no_such_paper", {"number": request["number"]})
        earlier = [one for one in told if one.kind == "printed" and one.detail["paper"] == paper]
        casework.record(
            tx, "printed", actor, before=request, after=request, now=now, paper=paper,
            copy=len(earlier) + 1, named=person is not None,
        )  # fmt: skip
    return Printed(paper, len(earlier) + 1, now, person)
