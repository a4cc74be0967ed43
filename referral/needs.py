"""The needs of a household in the first twenty-four hours of a disaster: food, water, clothing,
shelter, medical help (Jilin two (1)); what is missing, who brings it, what has arrived."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlmodel import col

from models.needs import Need
from models.transaction import Row, Transaction
from referral import casework
from referral.casework import Actor, Refusal
from referral.office import Office

KINDS = ("food", "water", "clothing", "shelter", "medical")
STATES = ("missing", "promised", "met", "not_needed")
DONE = STATES[2:]


def of(connection: Any, request_ids: Sequence[int]) -> dict[int, dict[str, Row]]:
    """The recorded needs of these requests, by request and kind."""
    found: dict[int, dict[str, Row]] = {}
    columns = Need.__table__.columns  # type: ignore[attr-defined]
    rows = connection.execute(select(*columns).where(col(Need.request_id).in_(list(request_ids))))
    for row in rows:
        found.setdefault(row.request_id, {})[row.kind] = dict(row._mapping)
    return found


def set_need(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    request: Row,
    *,
    need: str,
    need_state: str,
    supplier: str = "",
    note: str = "",
    now: datetime,
) -> Row:
    """Say of one need that it is missing, who will bring it, that it arrived, or that it is not
    needed. When nothing is missing any more, CLK-DISASTER ends. Raises ``Refusal``."""
    casework.require_open(request)
    if need not in KINDS or need_state not in STATES:
        raise Refusal("refusal.field", {"field": "need"}, 422)
    if need_state == "promised":
        casework.need(supplier, "refusal.supplier")
    _write(tx, request["id"], need, need_state, actor, now, supplier=supplier, note=note)
    casework.record(
        tx,
        "need_set",
        actor,
        before=request,
        after=request,
        now=now,
        need=need,
        need_state=need_state,
        supplier=supplier.strip(),
        note=note.strip(),
    )
    _end(tx, request["id"], {need: need_state}, now)
    return request


def met_by(tx: Transaction, _office: Office, actor: Actor, aid: Row, now: datetime) -> None:
    """Aid that has arrived meets the need it was for."""
    if aid["need"] not in KINDS or aid["request_id"] is None:
        return
    _write(
        tx, aid["request_id"], aid["need"], "met", actor, now, supplier=aid["unit"],
        note=aid["number"],
    )  # fmt: skip
    _end(tx, aid["request_id"], {aid["need"]: "met"}, now)


def _write(
    tx: Transaction,
    request_id: int,
    kind: str,
    state: str,
    actor: Actor,
    now: datetime,
    *,
    supplier: str,
    note: str,
) -> None:
    values: Row = {
        "state": state, "supplier": supplier.strip(), "note": note.strip(), "by": actor.login,
        "at": now,
    }  # fmt: skip
    done = tx.execute(
        update(Need)
        .where(col(Need.request_id) == request_id, col(Need.kind) == kind)
        .values(**values)
    )
    if not done.rowcount:
        tx.add(Need, id=tx.mint(), request_id=request_id, kind=kind, **values)


def _end(tx: Transaction, request_id: int, new: dict[str, str], now: datetime) -> None:
    """CLK-DISASTER ends when every one of the five is met or not needed."""
    known = {kind: row["state"] for kind, row in of(tx, [request_id]).get(request_id, {}).items()}
    if all((known | new).get(kind) in DONE for kind in KINDS):
        casework.halt(tx, request_id, ("CLK-DISASTER",), now)
