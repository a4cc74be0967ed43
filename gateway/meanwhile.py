"""What others did to a request while somebody was writing: a stale page decides nothing unseen."""

from collections.abc import Iterable
from datetime import datetime

from gateway import unsaid
from gateway.access import Actor
from models.transaction import Row, Transaction
from referral import casework
from referral.casework import Refusal, Told
from referral.office import Office

NEVER_LATE = ("raise_urgency", "hand_off", "record_contact", "claim")
"""Acts that only add or only raise: they are done whatever happened meanwhile. A claim says for
itself who was faster."""
QUIET = (
    "assessed", "attachment_kept", "breached", "circular", "dispatched", "printed", "received",
    "reminder", "revealed", "supervision_order", "undelivered", "words_withheld",
    "written_reminder",
)  # fmt: skip
"""Entries that change nothing somebody would have to know before acting."""


class Stale(Refusal):
    """Somebody else was faster. ``happened`` is what they did, the oldest first."""

    def __init__(self, number: str, happened: Iterable[Told]) -> None:
        super().__init__("refusal.stale", {"number": number})
        self.happened = [{"at": one.at, "kind": one.kind, "by": one.by} for one in happened]


def counts(kind: str, by: str, actor: Actor) -> bool:
    """Whether an entry of the history is news to this person."""
    return by != actor.login and kind not in QUIET


def require_seen(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    act: str,
    seen: int | None,
    now: datetime,
) -> None:
    """Raise ``Stale`` when others acted after the entry ``seen``, the last on the actor's page.
    What is not said to the actor is no news to them: no page would show it, and that there was
    something is not to be told either."""
    if seen is None or act in NEVER_LATE:
        return
    told = casework.history(tx, request["id"])
    news = [one for one in told if one.seq > seen and counts(one.kind, one.by, actor)]
    if news:
        hidden = unsaid.numbers(tx, actor, office, now)
        news = [one for one in news if not unsaid.is_unsaid(one, actor, hidden)]
    if news:
        raise Stale(request["number"], news)


def read(given: str | None) -> int | None:
    """What a form says of its page; None when it says nothing that can be read."""
    return int(given) if given and given.isdecimal() and len(given) < 19 else None
