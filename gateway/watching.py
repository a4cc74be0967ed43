"""Who looks at very many people is noticed: a task for the supervisors, seen by the auditors.

The thresholds are values of the profile. Work goes on at the alarm; only at the much higher cap on
revealing does somebody have to wait, and the next hour begins by itself.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import col

from gateway.access import RIGHTS, Actor, Viewer, look
from gateway.lines import Line
from models.access import Look
from models.db import Database
from models.requests import HelpRequest
from models.tasks import Task
from models.transaction import Transaction, acting
from models.vocabulary import TaskKind
from referral.casework import Refusal
from referral.directory import ZONE
from referral.office import Office

HOUR = timedelta(hours=1)
SUPERVISORS = "coordination_office"
REVEALING = ("reveal", "reveal_household")
SEEING = (
    "see", "see_household", "see_attachment", "see_held", "see_relief", "search_household",
    "search_person", "export_relief", "export_faults",
)  # fmt: skip
KINDS = (
    ("reveal", REVEALING, "reveal_alarm_per_hour"),
    ("see", SEEING, "look_alarm_per_hour"),
    ("see_listed", ("see_listed",), "list_alarm_per_hour"),
)
"""What is counted together: whether it is a request or a household that is opened. Lists, where
names are starred, count by themselves."""
OF_A_HOUSEHOLD = ("see_household", "reveal_household")
"""Kept once for the household, which counts, and once for each of its requests."""

Subject = tuple[str, int | str]
"""What somebody looked at: ("request", its id) or ("household", its number)."""


def require_measure(
    tx: Transaction, office: Office, actor: Actor, subject: Subject, now: datetime
) -> None:
    """Raise ``Refusal`` (429) when this one more person would be too many within the hour. Whom
    one has just looked at may be looked at again."""
    most = _value(office, "reveal_most_per_hour")
    seen = _seen(tx, actor.login, REVEALING, now)
    if subject not in seen and len(seen) >= most:
        raise Refusal("refusal.too_many_looks", {"most": str(most)}, 429)


def listed(
    database: Database,
    mint: Callable[[], int],
    viewer: Viewer,
    lines: Sequence[Line],
    now: datetime,
) -> None:
    """Remember whose words a list gave to somebody, each once an hour: who pages through all that
    there is reads as much as who opens one after the other. A page that is only asked for again
    writes nothing."""
    if not isinstance(viewer, Actor) or viewer.role not in RIGHTS["reveal"] or not lines:
        return  # the list had no words for them
    lately = select(col(Look.request_id)).where(
        col(Look.login) == viewer.login,
        col(Look.at) > now - HOUR,
        col(Look.act) == "see_listed",
        col(Look.request_id).is_not(None),
    )
    query = select(col(HelpRequest.id)).where(
        col(HelpRequest.number).in_([line.number for line in lines]),
        col(HelpRequest.id).not_in(lately),
    )
    with database.read() as session:
        fresh = session.connection().execute(query.order_by(col(HelpRequest.id))).scalars().all()
    if fresh:
        with acting(database, mint) as tx:
            for request_id in fresh:
                look(tx, viewer, act="see_listed", now=now, request_id=request_id)


def alarm(tx: Transaction, office: Office, now: datetime) -> None:
    """Raise the alarm for everybody who has looked at very many within the hour."""
    for _, acts, key in KINDS:
        lately = select(col(Look.login)).where(col(Look.at) > now - HOUR, *_counted(acts))
        most = _value(office, key)
        looks = Counter(tx.execute(lately).scalars())  # SQLite would read every look to group them
        for login in sorted(login for login, count in looks.items() if count >= most):
            alarm_for(tx, office, login, now)


def alarm_for(
    tx: Transaction, office: Office, login: str, now: datetime, *, and_now: Subject | None = None
) -> None:
    """Raise the alarm for one person if it is due and none stands: a task and an entry in the
    ledger. ``and_now`` is what is being revealed in this transaction."""
    found = {}
    for act, acts, key in KINDS:
        seen = _seen(tx, login, acts, now)
        if act == "reveal" and and_now is not None:
            seen.add(and_now)
        if len(seen) >= _value(office, key):
            found[act] = len(seen)
    if not found or _stands(tx, login, now):
        return
    unit = office.directory.responsible(SUPERVISORS, None, now.astimezone(ZONE).date())
    tx.add(
        Task,
        id=tx.mint(),
        kind=TaskKind.BULK_LOOK,
        unit=unit.code if unit else SUPERVISORS,
        urgent=True,
        note=f"{login}: " + ", ".join(f"{act} {count}" for act, count in found.items()),
        opened_at=now,
        due_at=now + HOUR,
    )
    tx.event("bulk_look", at=now, login=login, looks=found)


def _seen(tx: Transaction, login: str, acts: Sequence[str], now: datetime) -> set[Subject]:
    query = select(col(Look.act), col(Look.request_id), col(Look.purpose)).where(
        col(Look.login) == login, col(Look.at) > now - HOUR, *_counted(acts)
    )
    return {_subject(row) for row in tx.execute(query.distinct())}


def _subject(row: Any) -> Subject:
    if row.act in OF_A_HOUSEHOLD:
        return "household", row.purpose.partition(":")[0]
    return ("request", row.request_id) if row.request_id is not None else (row.act, row.purpose)


def _counted(acts: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    whole = or_(col(Look.act).not_in(OF_A_HOUSEHOLD), col(Look.request_id).is_(None))
    return col(Look.act).in_(acts), whole


def _stands(tx: Transaction, login: str, now: datetime) -> bool:
    """An alarm about this person is open, or was judged within the hour."""
    query = select(col(Task.note)).where(
        col(Task.kind) == TaskKind.BULK_LOOK,
        (col(Task.done_at).is_(None)) | (col(Task.opened_at) > now - HOUR),
    )
    return any(note.startswith(f"{login}: ") for note in tx.execute(query).scalars())


def _value(office: Office, key: str) -> int:
    value: Any = office.policy.values[key].value
    return int(value)
