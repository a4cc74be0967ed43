"""A village's green channel (泰安六（三）): who finds it gives at once and records it later."""

from datetime import datetime
from typing import Any

from models.relief import Relief
from models.transaction import Row, Transaction
from referral import drafting, filing, grants, relief_life
from referral.casework import Actor
from referral.office import Office
from referral.relieving import given


def record_given(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row | None,
    *,
    judgements: tuple[str, ...] = drafting.JUDGEMENTS,
    received_by: str = "",
    place: str = "",
    second_officer: str = "",
    witness: str = "",
    proof: str = "",
    at: datetime | None = None,
    now: datetime,
    once: str | None = None,
    **told: Any,
) -> Row:
    """Record what was handed out at once (村居绿色通道): judged, given and proved by facts, told to
    the township afterwards. The warnings are kept with it. Raises ``Refusal`` or ``Impossible``."""
    row = relief_life.step("record_given", None, actor.role)
    judged = drafting.judged(judgements, actor, at or now)
    aid = drafting.begun(tx, office, actor, request, judgements=judged, once=once, now=now, **told)
    filing.mark_kin(tx, office, aid, now)
    found = grants.weigh(tx, office, aid, unit=aid["unit"], now=now)
    changes = drafting.delivered(
        office,
        actor,
        aid,
        received_by=received_by,
        place=place,
        second_officer=second_officer,
        witness=witness,
        proof=proof,
        at=at,
        now=now,
    )
    aid |= {
        "state": row.to,
        "green": True,
        "guards": [one.as_json() for one in found],
        "authorised_at": changes["delivered_at"],
        "authorised_by": actor.login,
        "authorised_how": "green_channel",
        **changes,
    }
    kept = tx.add(Relief, **aid)
    grants.record(tx, "relief_proposed", actor, kept, now=now, row="A1", **drafting.what(kept))
    given(tx, office, actor, kept, row.id, now)
    return kept
