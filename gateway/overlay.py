"""Rules that were changed in the running system: accepted proposals laid over the files.

They come in the order of the day from which they count, so that a change for an earlier day that is
accepted later still takes its place; of two for one day the one accepted later stands. One that no
longer fits the files under it is left out and named (on the pages of the administrator and by
``huiyin check``): the line goes on by the rest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.proposals import Proposal
from referral import soundness
from referral.policy import ClockRule, Policy, load_policy
from referral.routing import RouteRow
from referral.rows import Laid, PolicyError

CLOCK, ROUTE = "clock", "route"
FIELDS: Mapping[str, tuple[str, ...]] = {
    CLOCK: ("amount", "measure", "ladder", "is_law"),
    ROUTE: (
        "lead", "danger_lead", "alternate_lead", "cooperating", "by_need", "first_line", "place",
        "clock", "urgent_clock",
    ),
}  # fmt: skip
"""What may be changed of a row; names and the events that start a clock belong to the files."""
UNDECIDED = datetime.max.replace(tzinfo=UTC)
"""Of a change that nobody has accepted yet: it comes after all others of its day."""


@dataclass(frozen=True, slots=True)
class Change:
    """One changed row: what is different, from which day on, and where that is written."""

    id: int
    kind: str
    subject: str
    after: Mapping[str, Any]
    source: str
    tag: str
    effective_from: date
    decided_at: datetime = UNDECIDED

    def laid(self) -> Laid:
        """The change as the row of a policy file."""
        row = {
            **self.after,
            "source": self.source,
            "tag": self.tag,
            "effective_from": self.effective_from,
        }
        where = f"change {self.id}"
        if self.kind == ROUTE:
            return "routes.toml", where, {"route": [{"id": self.subject, **row}]}
        name, _, case = self.subject.partition("/")
        identity = {"name": name, "case": case} if case else {"name": name}
        return "clocks.toml", where, {"clock": [{**identity, **row}]}


@dataclass(frozen=True, slots=True)
class Overlay:
    """The rules from files, and what they are with changes over them."""

    base: Policy
    folder: Path | None = None

    def over(self, changes: Sequence[Change]) -> tuple[Policy, tuple[tuple[int, str], ...]]:
        """The rules with these changes, and which were left out, each with the reason."""
        left_out: list[tuple[int, str]] = []
        fitting: list[Change] = []
        policy = self.base
        if changes:
            try:
                return self._load(changes), ()
            except PolicyError:
                pass  # one of them is at fault: each is tried, the earlier ones first
        for change in changes:
            try:
                policy = self._load([*fitting, change])
            except PolicyError as error:
                left_out.append((change.id, str(error)))
            else:
                fitting.append(change)
        return policy, tuple(left_out)

    def fault(self, changes: Sequence[Change], change: Change) -> str:
        """Why one more change cannot be, in one sentence; "" when it can."""
        before, _ = self.over(changes)
        try:
            after = self._load(in_order([*changes, change]))
        except PolicyError as error:
            return str(error)
        known = {*before.check(), *soundness.gaps(after)}  # between versions the earlier goes on
        return next((fault for fault in after.check() if fault not in known), "")

    def _load(self, changes: Sequence[Change]) -> Policy:
        return load_policy(self.base.name, self.folder, [change.laid() for change in changes])


def in_order(changes: Sequence[Change]) -> list[Change]:
    """By the day from which they count, then as they were accepted."""
    return sorted(changes, key=lambda one: (one.effective_from, one.decided_at, one.id))


def accepted(connection: Any, until: date = date.max) -> tuple[Change, ...]:
    """The accepted changes in force on a day, or all of them, also those still to come."""
    rows = connection.execute(
        select(*Proposal.__table__.columns).where(  # type: ignore[attr-defined]
            col(Proposal.accepted).is_(True), col(Proposal.effective_from) <= until
        )
    )
    return tuple(in_order([change_of(row) for row in rows]))


def change_of(row: Any) -> Change:
    """A proposal's row as the change it proposes."""
    change = Change(
        row.id, row.kind, row.subject, row.after, row.source, row.tag, row.effective_from
    )
    return replace(change, decided_at=row.decided_at) if row.decided_at else change


def row_of(policy: Policy, kind: str, subject: str) -> ClockRule | RouteRow | None:
    """The newest version of a row, or None."""
    if kind == ROUTE:
        return next((row for row in reversed(policy.routes) if row.id == subject), None)
    return next((rule for rule in reversed(policy.clocks) if subject_of(rule) == subject), None)


def subject_of(row: ClockRule | RouteRow) -> str:
    """The name under which a row is changed."""
    if isinstance(row, RouteRow):
        return row.id
    return f"{row.name}/{row.case}" if row.case else row.name


def fields_of(kind: str, row: ClockRule | RouteRow) -> dict[str, Any]:
    """What may be changed, as it stands, in plain values."""
    found: dict[str, Any] = {}
    for name in FIELDS[kind]:
        value = getattr(row, name)
        found[name] = list(value) if isinstance(value, tuple) else getattr(value, "value", value)
    return found
