"""The same matter again, among open requests: each new contact is held against those that share a
key with it, and what is alike is proposed to a person.

Intake only notes that a contact waits (one narrow row), so that no caller waits for this; a tick
does the rest within a second, in the order of arrival, so that of any two the later one meets the
keys of the earlier.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, or_, select, update
from sqlmodel import col

from gateway import belongings
from models import keyring
from models.events import SYSTEM
from models.likenesses import Likeness, probe, remember, waiting
from models.requests import Contact, HelpRequest
from models.transaction import Row, Transaction
from triage.matter import Matter, causes_of, facts_of, read_matter
from triage.repeat_keys import hashed, keys
from triage.same_matter import Likeness as Verdict
from triage.same_matter import Relation, Scale, compare, shipped_scale

BATCH = 50
RERANKED = 24
"""Contacts that are compared in full for one new one."""
KEPT: Mapping[Relation, int] = {Relation.REPEAT: 3, Relation.HOUSEHOLD: 3, Relation.EVENT: 8}
"""Proposals of each kind that one contact may add: more than a person can look at helps nobody."""
_REMEMBERED = 5_000

_CONTACTS = (
    select(
        col(Contact.id),
        col(Contact.request_id),
        col(Contact.sender),
        col(Contact.reporter),
        col(Contact.text),
        col(Contact.place),
        col(Contact.said_at),
        col(Contact.assessment),
        col(HelpRequest.received_at),
        col(HelpRequest.closed_at),
        col(HelpRequest.track),
    )
    .join(HelpRequest, col(HelpRequest.id) == col(Contact.request_id))
    .where(col(Contact.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Contact.id))
)


class Memory:
    """Matters that were read lately, by contact: a busy street is not read anew for each caller."""

    def __init__(self) -> None:
        self._read: OrderedDict[int, Matter] = OrderedDict()

    def matter(self, row: Any) -> Matter:
        """The matter of a stored contact, whose words never change."""
        known = self._read.get(row.id)
        if known is None:
            known = self._read[row.id] = matter_of(row)
            if len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
        return known


def compare_waiting(tx: Transaction, memory: Memory, *, now: datetime, most: int = BATCH) -> int:
    """Compare the contacts that wait, at most ``most``; how many there were."""
    ids = waiting(tx.connection, most)
    if not ids:
        return 0
    scale, secret = shipped_scale(), keyring.secret_for(tx.connection, "repeat_key.hash")
    found = {row.id: row for row in tx.execute(_CONTACTS, {"ids": ids})}
    for contact_id in ids:
        row = found.get(contact_id)
        if row is None:  # still in the holding pen: it is written again when it is read
            remember(tx, contact_id, ())
            continue
        hashes = [hashed(key, secret) for key in keys(memory.matter(row))]
        if row.closed_at is None:
            _propose(tx, row, search(tx.connection, memory, row, hashes, scale), now)
            belongings.propose(tx, row, memory.matter(row), now)
        remember(tx, contact_id, hashes)
    return len(ids)


def search(
    connection: Connection, memory: Memory, row: Any, hashes: Sequence[int], scale: Scale
) -> list[tuple[Any, Verdict]]:
    """What open requests a contact is alike to: for each the likest of its contacts, best first,
    of each relation no more than ``KEPT``.

    ``row`` is the contact as ``contacts`` reads it."""
    shared: dict[int, float] = {}
    for ids in probe(connection, hashes).values():
        for one in ids:  # a key that few have says more than one of a whole street
            shared[one] = shared.get(one, 0) + 1 / len(ids)
    shared.pop(row.id, None)
    near = sorted(shared, key=lambda one: (-shared[one], -one))[:RERANKED]
    mine = memory.matter(row)
    best: dict[int, tuple[Verdict, Any]] = {}
    for other in contacts(connection, near):
        if other.request_id == row.request_id or (other.track == "grievance") != (
            row.track == "grievance"
        ):
            continue
        verdict = compare(mine, memory.matter(other), scale, explain=False)
        known = best.get(other.request_id)
        if verdict.relation is not None and (known is None or verdict.odds > known[0].odds):
            best[other.request_id] = verdict, other
    ranked = sorted(best.values(), key=lambda pair: (-pair[0].odds, pair[1].id))
    room, found = dict(KEPT), []
    for verdict, other in ranked:
        if verdict.relation is not None and room[verdict.relation]:
            room[verdict.relation] -= 1
            found.append((other, compare(mine, memory.matter(other), scale)))
    return found


def contacts(connection: Connection, ids: Sequence[int]) -> list[Any]:
    """Contacts with what a comparison needs of them and of their requests."""
    return list(connection.execute(_CONTACTS, {"ids": list(ids)})) if ids else []


def matter_of(row: Any) -> Matter:
    """The matter of a stored contact, from the facts that were read when it came in. A reporter's
    or an office's own telephone is no sign of whose matter it is."""
    own = () if row.reporter is not None else tuple(_telephone(row.sender))
    return read_matter(
        row.text,
        facts_of(row.assessment),
        causes_of(row.assessment),
        at=row.said_at,
        place=row.place,
        given=own,
    )


def _telephone(sender: str) -> Iterable[str]:
    """A sender's number as people write it; a chat's handle is none."""
    digits = sender.removeprefix("+86")
    if digits.isdecimal() and len(digits) >= 7:
        yield digits


def _propose(
    tx: Transaction, row: Any, found: Iterable[tuple[Any, Verdict]], now: datetime
) -> None:
    """Write the proposals; what a person has decided about two requests stands."""
    standing = _standing(tx, row.request_id)
    for other, verdict in found:
        known = standing.get(other.request_id)
        if known is not None and (known.state != "proposed" or known.score >= verdict.score):
            continue
        later = (row.received_at, row.request_id) > (other.received_at, other.request_id)
        values: Row = {
            "relation": verdict.relation,
            "score": round(verdict.score, 3),
            "findings": _findings(verdict, turned=not later),
        }
        if known is not None:
            tx.execute(update(Likeness).where(col(Likeness.id) == known.id).values(**values))
            continue
        first, second = (row, other) if later else (other, row)
        tx.execute(
            insert(Likeness),  # at once, so that the next contact of this batch sees it
            {
                "id": tx.mint(),
                "request_id": first.request_id,
                "other_id": second.request_id,
                "state": "proposed",
                "proposed_at": now,
                "proposed_by": SYSTEM,
                "decided_at": None,
                "decided_by": None,
                "reason": "",
                **values,
            },
        )


def _findings(verdict: Verdict, *, turned: bool) -> list[dict[str, Any]]:
    """The reasons, ``mine`` being the later request."""
    found: list[dict[str, Any]] = verdict.as_json()["findings"]
    if turned:
        return [{**one, "mine": one["theirs"], "theirs": one["mine"]} for one in found]
    return found


def _standing(tx: Transaction, request_id: int) -> dict[int, Any]:
    columns = Likeness.__table__.columns  # type: ignore[attr-defined]
    rows = tx.execute(
        select(
            columns.id, columns.request_id, columns.other_id, columns.state, columns.score
        ).where(or_(columns.request_id == request_id, columns.other_id == request_id))
    )
    return {row.other_id if row.request_id == request_id else row.request_id: row for row in rows}
