"""The row of a grant as it is begun and as it is put into somebody's hands: what was told, checked,
and whose aid it is. Nothing is written here."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.households import Household, Resident
from models.transaction import Row, Transaction
from referral import grants
from referral.casework import BUREAU, Actor, Refusal
from referral.directory import ZONE
from referral.office import Office
from referral.relief_life import State

JUDGEMENTS = ("urgent", "small", "immediate")
"""The three of Art. 50: together they make it a duty to help first."""
FORMS = ("money", "goods")


def judged(judgements: tuple[str, ...], actor: Actor, at: datetime) -> list[dict[str, str]]:
    """The three judgements with who and when. Raises ``Refusal`` when one is missing."""
    missing = [one for one in JUDGEMENTS if one not in judgements]
    if missing:
        raise Refusal("refusal.relief_judgements", {"missing": ", ".join(missing)}, 422)
    return [{"what": one, "by": actor.login, "at": at.isoformat()} for one in JUDGEMENTS]


def begun(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row | None,
    *,
    judgements: list[dict[str, str]],
    now: datetime,
    once: str | None,
    need: str,
    cause: str,
    form: str = "goods",
    amount_fen: int = 0,
    goods: str = "",
    service: str = "",
    fund: str = "",
    recipient: str = "",
    words: str = "",
    standard: str = "",
    area: str | None = None,
    household_id: str | None = None,
    resident_id: int | None = None,
    follows: Row | None = None,
    kin_of: str = "",
) -> Row:
    """A new grant from what was told. Raises ``Refusal``."""
    for act, code in (("aid_need", need), ("aid_cause", cause), ("aid_fund", fund or "reserve")):
        if office.policy.ground(act, code) is None:
            raise Refusal("refusal.field", {"field": act.removeprefix("aid_")}, 422)
    if form not in FORMS or amount_fen < 0 or (form == "money" and not amount_fen):
        raise Refusal("refusal.relief_amount", status=422)
    if form == "goods" and not goods.strip():
        raise Refusal("refusal.relief_goods", status=422)
    if kin_of and kin_of not in office.directory.officer:
        raise Refusal("refusal.no_such_officer", {"login": kin_of}, 422)
    household_id, recipient = whose(tx, household_id, resident_id, recipient)
    where = (request["area"] if request else None) or area or actor.area
    unit = _giving(office, actor, request, where, now)
    purse = fund or ("reserve" if form == "money" else "goods_store")
    day = now.astimezone(ZONE).date()
    notice = office.policy.value("advance_relief_notice", day)
    followed = follows or {}
    return {
        "id": tx.mint(),
        "number": grants.number(tx, now),
        "kind": "advance",
        "state": State.PROPOSED,
        "request_id": request["id"] if request else followed.get("request_id"),
        "household_id": household_id or followed.get("household_id"),
        "resident_id": resident_id if resident_id is not None else followed.get("resident_id"),
        "recipient": recipient.strip() or followed.get("recipient", ""),
        "area": where,
        "service": service or "temp_emergency",
        "need": need,
        "cause": cause,
        "words": words.strip(),
        "form": form,
        "amount_fen": amount_fen,
        "goods": goods.strip(),
        "standard": standard.strip(),
        "fund": purse,
        "reserve_id": grants.purse(tx, actor, unit, now) if purse == "reserve" else None,
        "unit": unit,
        "judgements": judgements,
        "proposed_at": now,
        "proposed_by": actor.login,
        "guards": [],
        "notice": str(notice.value) if notice else "none",
        "notice_source": notice.source if notice else "",
        "kin": "declared" if kin_of else "",
        "kin_of": kin_of,
        "follows_id": followed.get("id"),
        "decision_id": followed.get("decision_id"),
        "once": once,
        "policy": office.stamp(),
    }


def whose(
    tx: Transaction, household_id: str | None, resident_id: int | None, recipient: str
) -> tuple[str | None, str]:
    """The household and the name of who is helped: of a person of the register, those that stand
    there. Raises ``Refusal`` for a household or a person that is not in it."""
    if household_id is not None:
        known = tx.execute(select(col(Household.id)).where(col(Household.id) == household_id))
        if known.first() is None:
            raise Refusal("refusal.no_household", {"household": household_id}, 422)
    if resident_id is None:
        return household_id, recipient
    person = tx.execute(
        select(col(Resident.household_id), col(Resident.name), col(Resident.code)).where(
            col(Resident.id) == resident_id
        )
    ).first()
    if person is None or (household_id and person.household_id != household_id):
        raise Refusal("refusal.field", {"field": "resident_id"}, 422)
    return person.household_id, recipient.strip() or person.name or person.code or ""


def _giving(
    office: Office, actor: Actor, request: Row | None, area: str | None, now: datetime
) -> str:
    """Whose aid it is: one's own unit's; of the desk and the field, the township's."""
    if actor.role in BUREAU:
        return actor.unit
    directory = office.directory
    holder = directory.unit.get(request["holder_unit"]) if request else None
    if holder is not None and holder.authority == "township":
        return holder.code
    found = directory.local("township", area, now.astimezone(ZONE).date())
    return found.code if found else actor.unit


def delivered(
    office: Office,
    actor: Actor,
    aid: Row,
    *,
    received_by: str,
    place: str,
    second_officer: str,
    witness: str,
    proof: str,
    at: datetime | None,
    now: datetime,
) -> dict[str, Any]:
    """What handing it over changes: by whom, to whom, what proves it, and the filing. Raises
    ``Refusal``."""
    hands = received_by.strip() or aid["recipient"]
    if not (hands or witness.strip() or proof.strip()):
        raise Refusal("refusal.relief_proof", status=422)
    when = at or now
    if when > now or when < now - timedelta(days=366):
        raise Refusal("refusal.relief_time", status=422)
    with_whom = office.policy.value("filed_with", now.astimezone(ZONE).date())
    return {
        "delivered_at": when,
        "delivered_by": actor.login,
        "received_by": hands,
        "place": place.strip(),
        "second_officer": second_officer.strip(),
        "witness": witness.strip(),
        "proof": proof.strip(),
        "filed_at": now,
        "filed_with": str(with_whom.value) if with_whom else "",
    }


def what(aid: Row) -> dict[str, Any]:
    """What it is, for the ledger: no names."""
    names = ("service", "need", "cause", "form", "amount_fen", "fund")
    return {name: aid[name] for name in names}
