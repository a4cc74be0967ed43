"""A proposed hand-off that nobody decides in time becomes the head of shift's own task (T05)."""

from datetime import datetime

from models.transaction import Row, Transaction
from models.vocabulary import TaskKind
from referral import casework, falling_silent, promises, telling
from referral.casework import Actor, Refusal
from referral.directory import Answerable

UNDECIDED = ("CLK-HANDOFF", "proposal")
"""The clock within which a person decides on a proposed hand-off, and its case."""


def alarm(tx: Transaction, request: Row, head: Answerable, now: datetime) -> None:
    """Nobody decided: it is now the head of shift's own task, once."""
    asked = telling.ask_once(
        tx,
        TaskKind.HANDOFF_UNDECIDED,
        unit=head.unit.code,
        note=head.officer.login,
        now=now,
        request=request,
        urgent=True,
    )
    if asked:
        tx.event("handoff_undecided", at=now, request=request, to=head.officer.login)


def require_none(tx: Transaction, request: Row) -> None:
    """Nothing is owed to somebody in danger to life. Raises ``Refusal`` where a hand-off is
    proposed, asked for or under way, or where nobody knows yet that the person is safe (T07)."""
    running = {clock["name"] for clock in casework.running(tx, request["id"])}
    asked = (TaskKind.CONFIRM_HANDOFF, TaskKind.HANDOFF_UNDECIDED)
    if casework.waits(tx, request["id"], *asked) or UNDECIDED[0] in running:
        raise Refusal("refusal.hand_off_first", {"number": request["number"]})
    if "CLK-SAFETY-CONFIRM" in running:
        raise Refusal("refusal.safe_first", {"number": request["number"]})


def decided(tx: Transaction, request: Row, actor: Actor, now: datetime) -> None:
    """A person has decided on the proposal, this way or that."""
    name, case = UNDECIDED
    promises.stop(tx, request["id"], (name,), now, case=case)
    casework.finish_tasks(tx, request["id"], TaskKind.HANDOFF_UNDECIDED, actor, now)
    falling_silent.ended(tx, request, actor, now)


def needless(tx: Transaction, request: Row, actor: Actor, now: datetime) -> None:
    """No emergency line is owed the person any more: they are safe, or it was no danger to life."""
    decided(tx, request, actor, now)
    casework.halt(tx, request["id"], (UNDECIDED[0],), now)
    casework.finish_tasks(tx, request["id"], TaskKind.CONFIRM_HANDOFF, actor, now)
