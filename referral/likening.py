"""What a named person decides about two requests without joining them: not the same, and never
proposed again; one household or one event, each with its own number and its own reply (AS-17)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlmodel import col

from models.likenesses import Likeness, Link
from models.transaction import Row, Transaction
from referral import casework
from referral.casework import Actor, Refusal
from referral.office import Office

RELATIONS = ("household", "event")


def decide(
    tx: Transaction,
    actor: Actor,
    a: Row,
    b: Row,
    state: str,
    reason: str,
    now: datetime,
    *,
    relation: str,
) -> None:
    """Keep what a person decided about two requests, whether or not it was proposed."""
    found = tx.execute(select(col(Likeness.id)).where(_of(a["id"], b["id"]))).scalar()
    decided = {
        "state": state,
        "relation": relation,
        "decided_at": now,
        "decided_by": actor.login,
        "reason": reason.strip(),
    }
    if found is not None:
        tx.execute(update(Likeness).where(col(Likeness.id) == found).values(**decided))
        return
    older, newer = sorted((a, b), key=lambda row: (row["received_at"], row["id"]))
    tx.add(
        Likeness,
        id=tx.mint(),
        request_id=newer["id"],
        other_id=older["id"],
        score=0.0,
        findings=[],
        proposed_at=now,
        proposed_by=actor.login,
        **decided,
    )


def keep_apart(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    request: Row,
    *,
    other: Row,
    reason: str = "",
    now: datetime,
) -> Row:
    """These two are not the same matter: refused, remembered, not proposed again. Raises
    ``Refusal``."""
    if request["id"] == other["id"]:
        raise Refusal("refusal.same_request", {"number": request["number"]}, 422)
    if "merged" in (request["status"], other["status"]):
        raise Refusal("refusal.undo_first", {"number": other["number"]})
    decide(tx, actor, request, other, "refused", reason, now, relation="repeat")
    casework.record(
        tx,
        "kept_apart",
        actor,
        before=request,
        after=request,
        now=now,
        other=other["number"],
        reason=reason.strip(),
    )
    return request


def link(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    request: Row,
    *,
    others: Sequence[Row],
    relation: str,
    reason: str = "",
    now: datetime,
) -> Row:
    """Put requests into one household or one event; each keeps its number, its orders and its
    reply. Raises ``Refusal``."""
    if relation not in RELATIONS:
        raise Refusal("refusal.relation", {"allowed": ", ".join(RELATIONS)}, 422)
    others = [row for row in others if row["id"] != request["id"]]
    if not others:
        raise Refusal("refusal.same_request", {"number": request["number"]}, 422)
    rows = {row["id"]: row for row in (request, *others)}
    held = {
        row.request_id: row.bundle
        for row in tx.execute(
            select(col(Link.request_id), col(Link.bundle)).where(
                col(Link.request_id).in_(list(rows)), col(Link.relation) == relation
            )
        )
    }
    bundle = min(held.values()) if held else tx.mint()
    if len(set(held.values())) > 1:
        tx.execute(
            update(Link)
            .where(col(Link.bundle).in_(set(held.values())), col(Link.relation) == relation)
            .values(bundle=bundle)
        )
    for request_id, row in rows.items():
        if request_id in held:
            continue
        tx.add(
            Link, id=tx.mint(), request_id=request_id, bundle=bundle, relation=relation, at=now,
            by=actor.login,
        )  # fmt: skip
        tx.event(
            "linked", at=now, by=actor.login, request=row, relation=relation, bundle=str(bundle),
            reason=reason.strip(), unit=actor.unit,
        )  # fmt: skip
    for row in others:
        decide(tx, actor, request, row, "confirmed", reason, now, relation=relation)
    return request


def unlink(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    request: Row,
    *,
    relation: str,
    reason: str = "",
    now: datetime,
) -> Row:
    """Take a request out of its household or event. Raises ``Refusal``."""
    gone = tx.execute(
        delete(Link).where(col(Link.request_id) == request["id"], col(Link.relation) == relation)
    )
    if not gone.rowcount:
        raise Refusal("refusal.not_linked", {"number": request["number"]})
    tx.event(
        "unlinked", at=now, by=actor.login, request=request, relation=relation,
        reason=reason.strip(), unit=actor.unit,
    )  # fmt: skip
    return request


def _of(a: int, b: int) -> Any:
    one, other = col(Likeness.request_id), col(Likeness.other_id)
    return or_((one == a) & (other == b), (one == b) & (other == a))
