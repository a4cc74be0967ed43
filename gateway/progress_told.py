"""What a request's progress says in a dialogue: what the status page tells, shortly.

``gateway.progress`` decides what that is; here it is put into the facts of a dialogue, of which
``channels._standing`` says one sentence each.
"""

from collections.abc import Mapping
from datetime import datetime

from gateway import exchanged
from gateway.progress import Held, Progress
from models.vocabulary import Form, Status
from referral import wording
from referral.office import Office

ANSWER, KEPT = "answer", "kept"
"""The answer itself, which is sensitive, and the message of ours that keeps it: who remembers what
was said remembers the message alone."""


def facts(
    office: Office, seen: Progress | Held, *, form: Form, language: str, now: datetime
) -> Mapping[str, str]:
    """What a dialogue is told. Times come as such where they are spoken, else in words."""

    def moment(at: datetime) -> str:
        return at.isoformat() if form is Form.SPOKEN else wording.when(at, language)

    if isinstance(seen, Held):
        ahead = seen.due is not None and seen.due > now
        waits = {"held": moment(seen.due)} if ahead and seen.due else {}
        return {"found": "1", "status": Status.RECEIVED, **waits}
    told = {
        "found": "1",
        "status": seen.status,
        "joined": "1" if seen.joined else "",
        "unit": seen.unit,
        "phone": seen.unit_phone,
        "responder": seen.responder,
    }
    if seen.late:
        told |= {"late_reminded": seen.unit} if seen.reminded else {"late": "1"}
    if seen.contact and seen.contact_due is not None:
        told[f"contact_{seen.contact}"] = moment(seen.contact_due)
    if seen.is_open:
        told["due"] = moment(seen.due)
        if seen.was_due is not None:
            told["moved"] = moment(seen.was_due)
    if seen.answer is not None:
        told[ANSWER] = exchanged.worded(office, seen.answer.kept, form)
        told[KEPT] = str(seen.answer.kept.id)
    return {name: value for name, value in told.items() if value}
