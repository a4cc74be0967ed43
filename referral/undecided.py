"""A proposed hand-off that nobody decides in time becomes the head of shift's own task (T05)."""

from collections.abc import Sequence
from datetime import datetime

from models.transaction import Row, Transaction
from models.vocabulary import Status, TaskKind
from referral import casework, falling_silent, promises, telling
from referral.casework import Actor, Refusal, Told
from referral.directory import Answerable
from referral.joined import joined_to
from referral.office import Office

UNDECIDED = ("CLK-HANDOFF", "proposal")
"""The clock within which a person decides on a proposed hand-off, and its case."""
SAFETY = "CLK-SAFETY-CONFIRM"
"""The calls after a hand-off, until somebody knows that the person is safe."""
SAID = ("handed_off", "safe_confirmed", "level_lowered", "safety_checked")
"""The events that may say where somebody in danger is."""
FOUND_OUT = ("person_deceased", "false_report")
"""What a safety call may find out that ends them all; a request is closed with the same reasons."""
OF_DANGER = (UNDECIDED[0], SAFETY, falling_silent.CLOCK)
"""Somebody may be in danger to life: what was said or done for another says nothing of them."""
WORK_OF_DANGER = (
    TaskKind.CONFIRM_HANDOFF, TaskKind.HANDOFF_UNDECIDED, TaskKind.CALL_SILENT,
    TaskKind.HAND_SILENT,
)  # fmt: skip
"""The work that their clocks ask for; it ends by an act for whoever is in danger."""


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


def asked_again(tx: Transaction, office: Office, request: Row, now: datetime) -> None:
    """Somebody is asked about whoever is still in danger, whatever became of the clocks that would:
    a hand-off that is under way has its clock, and so have the safety calls until it is known."""
    running = {clock["name"] for clock in casework.running(tx, request["id"])}
    if request["status"] == Status.EMERGENCY_HANDOFF:
        name, case, owed = UNDECIDED[0], "", True
    else:
        name, case, owed = SAFETY, office.policy.cases(SAFETY)[0], unsure(tx, request["id"])
    if owed and name not in running:
        rule = office.policy.clock(name, case)
        promises.start(tx, office, request, rule=rule, at=now, urgent=True)


def require_none(tx: Transaction, request: Row) -> None:
    """Nothing is owed to somebody in danger to life. Raises ``Refusal`` where a hand-off is
    proposed, asked for or under way, or where nobody knows yet that the person is safe (T07): the
    calls that would ask still wait, or whoever an emergency line took over, here or in a request
    that was joined, was not said to be safe, or found out to be dead or a false report, since."""
    running = {clock["name"] for clock in casework.running(tx, request["id"])}
    asked = (TaskKind.CONFIRM_HANDOFF, TaskKind.HANDOFF_UNDECIDED)
    if casework.waits(tx, request["id"], *asked) or UNDECIDED[0] in running:
        raise Refusal("refusal.hand_off_first", {"number": request["number"]})
    if SAFETY in running or unsure(tx, request["id"]):
        raise Refusal("refusal.safe_first", {"number": request["number"]})


def unsure(tx: Transaction, request_id: int, later: Sequence[Told] = ()) -> bool:
    """Whether the last that was said of somebody in danger is that an emergency line has them.
    ``later`` is what was said of the request that this one joined, since it did: all of it where
    that is not on record."""
    told = sorted([*casework.history(tx, request_id, *SAID), *later], key=lambda one: one.seq)
    said = [one for one in told if _counts(one)]
    if said and said[-1].kind == "handed_off":
        return True
    for one in joined_to(tx, request_id):
        if one["merged_into"] == request_id:
            merged = casework.history(tx, one["id"], "merged")[-1:]
            since = merged[0].seq if merged else 0
            if unsure(tx, one["id"], [word for word in told if word.seq > since]):
                return True
    return False


def found_out(told: Sequence[Told]) -> str:
    """What a safety call found out (``FOUND_OUT``), where that is the last of what was said; else
    ""."""
    said = [one for one in told if one.kind in SAID and _counts(one)]
    return str(said[-1].detail.get("outcome", "")) if said else ""


def _counts(one: Told) -> bool:
    """Whether this says where the person is: taken over, known to be safe, or found out."""
    if one.kind == "handed_off":
        return bool(one.detail.get("receipt"))
    return one.kind != "safety_checked" or one.detail.get("outcome") in FOUND_OUT


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
