"""The same matter again, among open requests: each new contact is held against those that share a
key with it, and what is alike is proposed to a person.

Intake only notes that a contact waits (one narrow row); a tick does the rest within a second, in
the order of arrival, so that of any two the later one meets the keys of the earlier. Comparing only
reads, beside the writers; what came of it is written in a transaction of its own, so that no
caller waits for a comparison.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, update
from sqlmodel import col

from gateway import belongings
from gateway.matters import Memory, contacts, requests_of
from models import keyring
from models.db import Database
from models.events import SYSTEM
from models.likenesses import NEWEST, Likeness, probe, remember, still_waiting, waiting
from models.requests import HelpRequest
from models.transaction import Row, Transaction, acting
from triage.household_matching import Match
from triage.repeat_keys import hashed, keys
from triage.same_matter import Likeness as Verdict
from triage.same_matter import Relation, Scale, compare, shipped_scale

BATCH = 50
RERANKED = 24
"""Contacts that are compared in full for one new one."""
KEPT: Mapping[Relation, int] = {Relation.REPEAT: 3, Relation.HOUSEHOLD: 3, Relation.EVENT: 8}
"""Proposals of each kind that one contact may add: more than a person can look at helps nobody."""
_HASHED = "repeat_key.hash"
_NOTHING: Mapping[int, Sequence[int]] = {}


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found for one contact that waited. ``row`` is as ``matters.contacts`` reads it, None
    while the contact is in the holding pen: it waits again when it is read."""

    contact_id: int
    row: Any
    hashes: Sequence[int] = ()
    alike: Sequence[tuple[Any, Verdict]] = ()
    homes: Sequence[Match] = ()


def compare_waiting(
    database: Database, mint: Callable[[], int], memory: Memory, *, now: datetime, most: int = BATCH
) -> int:
    """Compare the contacts that wait, at most ``most``; how many there were. Raises ``Busy``."""
    with database.read() as session:
        connection = session.connection()
        secret = keyring.secret_for(connection, _HASHED)
        looked = look(connection, memory, secret, most)
    if looked:
        with acting(database, mint) as tx:
            write(tx, looked, secret, now)
    return len(looked)


def look(connection: Connection, memory: Memory, secret: bytes, most: int = BATCH) -> list[Looked]:
    """What the contacts that wait are alike to, and whose household they may be about: the oldest
    first, each held against those before it as well. Only reads."""
    ids = waiting(connection, most)
    rows = {row.id: row for row in contacts(connection, ids)}
    scale, looked = shipped_scale(), []
    fresh: dict[int, list[int]] = defaultdict(list)
    for contact_id in ids:
        row = rows.get(contact_id)
        if row is None:
            looked.append(Looked(contact_id, None))
            continue
        matter = memory.matter(row)
        hashes = [hashed(key, secret) for key in keys(matter)]
        if row.closed_at is not None:
            looked.append(Looked(contact_id, row, hashes))
            continue
        found = search(connection, memory, row, hashes, scale, fresh)
        homes = belongings.likely(connection, row, matter)
        looked.append(Looked(contact_id, row, hashes, found, homes))
        for one in hashes:
            fresh[one].append(contact_id)
    return looked


def write(tx: Transaction, looked: Sequence[Looked], secret: bytes, now: datetime) -> None:
    """Write the proposals and the keys. What changed since they were looked at counts: a contact
    that left the holding pen is left alone, a request that was closed is not proposed. Where keys
    are hashed with another secret by now, or another process compared one of them meanwhile, whose
    keys the others were not held against then, all are looked at anew."""
    if keyring.secret_for(tx.connection, _HASHED) != secret:
        return
    wait = still_waiting(tx.connection, [one.contact_id for one in looked])
    if len(wait) < len(looked):
        return
    in_the_pen = [one.contact_id for one in looked if one.row is None]
    wait -= {row.id for row in contacts(tx.connection, in_the_pen)}
    closed = _closed(tx, looked)
    found = [one for one in looked if one.contact_id in wait]
    open_ = [one for one in found if one.row is not None and one.row.request_id not in closed]
    standing = _standing(tx, [one.row.request_id for one in open_ if one.alike])
    for one in open_:
        alike = [pair for pair in one.alike if pair[0].request_id not in closed]
        _propose(tx, one.row, alike, standing, now)
    belongings.propose(tx, [(one.row, one.homes) for one in open_ if one.homes], now)
    remember(tx, {one.contact_id: one.hashes for one in found})


def _closed(tx: Transaction, looked: Sequence[Looked]) -> set[int]:
    """Those of the requests looked at that are closed by now."""
    rows = [one.row for one in looked if one.row is not None]
    ids = {row.request_id for row in rows}
    ids |= {other.request_id for one in looked for other, _ in one.alike}
    of = col(HelpRequest.id)
    found = select(of).where(of.in_(sorted(ids)), col(HelpRequest.closed_at).is_not(None))
    return set(tx.execute(found).scalars())


def search(
    connection: Connection,
    memory: Memory,
    row: Any,
    hashes: Sequence[int],
    scale: Scale,
    fresh: Mapping[int, Sequence[int]] = _NOTHING,
) -> list[tuple[Any, Verdict]]:
    """What open requests a contact is alike to: for each the likest of its contacts, best first,
    of each relation no more than ``KEPT``.

    ``row`` is as ``matters.contacts`` reads it; ``fresh`` are contacts by key, the oldest first,
    whose keys nobody has written yet."""
    shared: dict[int, float] = {}
    kept = probe(connection, hashes)
    for key in dict.fromkeys(hashes):
        ids = [*reversed(fresh.get(key, ())), *kept.get(key, ())][:NEWEST]
        for one in ids:  # a key that few have says more than one of a whole street
            shared[one] = shared.get(one, 0) + 1 / len(ids)
    shared.pop(row.id, None)
    near = sorted(shared, key=lambda one: (-shared[one], -one))[:RERANKED]
    mine, theirs = memory.matter(row), memory.matters(connection, near)
    best: dict[int, tuple[Verdict, Any]] = {}
    for other in requests_of(connection, near):
        if other.request_id == row.request_id or (other.track == "grievance") != (
            row.track == "grievance"
        ):
            continue
        verdict = compare(mine, theirs[other.id], scale, explain=False)
        known = best.get(other.request_id)
        if verdict.relation is not None and (known is None or verdict.odds > known[0].odds):
            best[other.request_id] = verdict, other
    ranked = sorted(best.values(), key=lambda pair: (-pair[0].odds, pair[1].id))
    room, found = dict(KEPT), []
    for verdict, other in ranked:
        if verdict.relation is not None and room[verdict.relation]:
            room[verdict.relation] -= 1
            found.append((other, compare(mine, theirs[other.id], scale)))
    return found


def _propose(
    tx: Transaction,
    row: Any,
    found: Sequence[tuple[Any, Verdict]],
    standing: dict[frozenset[int], Row],
    now: datetime,
) -> None:
    """Add to the proposals in ``standing``; what a person decided about two requests stays."""
    for other, verdict in found:
        both = frozenset((row.request_id, other.request_id))
        known = standing.get(both)
        if known is not None and (known["state"] != "proposed" or known["score"] >= verdict.score):
            continue
        later = (row.received_at, row.request_id) > (other.received_at, other.request_id)
        values: Row = {
            "relation": verdict.relation,
            "score": round(verdict.score, 3),
            "findings": _findings(verdict, turned=not later),
        }
        if known is None:
            first, second = (row, other) if later else (other, row)
            standing[both] = tx.add(
                Likeness,
                id=tx.mint(),
                request_id=first.request_id,
                other_id=second.request_id,
                proposed_at=now,
                proposed_by=SYSTEM,
                **values,
            )
        elif "relation" in known:  # added for an earlier contact of this very batch
            known.update(values)
        else:
            known["score"] = values["score"]
            tx.later(update(Likeness).where(col(Likeness.id) == known["id"]).values(**values))


def _findings(verdict: Verdict, *, turned: bool) -> list[dict[str, Any]]:
    """The reasons, ``mine`` being the later request."""
    found: list[dict[str, Any]] = verdict.as_json()["findings"]
    if turned:
        return [{**one, "mine": one["theirs"], "theirs": one["mine"]} for one in found]
    return found


def _standing(tx: Transaction, request_ids: Sequence[int]) -> dict[frozenset[int], Row]:
    """What is proposed or was decided about these requests, by the two that it is about."""
    columns = Likeness.__table__.columns  # type: ignore[attr-defined]
    rows = tx.execute(
        select(
            columns.id, columns.request_id, columns.other_id, columns.state, columns.score
        ).where(or_(columns.request_id.in_(request_ids), columns.other_id.in_(request_ids)))
    )
    return {
        frozenset((row.request_id, row.other_id)): {
            "id": row.id, "state": row.state, "score": row.score
        }
        for row in rows
    }  # fmt: skip
