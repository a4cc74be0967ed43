"""Who goes on for a unit that is complained about is kept out as it was (I9), from the moment that
it is written down: what they had of such a complaint goes to the level above."""

from datetime import datetime

from sqlalchemy import or_, select
from sqlmodel import col

from models.bars import Bar
from models.events import SYSTEM
from models.referrals import Referral
from models.requests import HelpRequest
from models.transaction import Row, Transaction
from referral import accused, barring, withholding
from referral.casework import Refusal
from referral.office import Office
from referral.transitions import R_OPEN

WHY = "goes_on_for_it"


def keep_out(tx: Transaction, office: Office, now: datetime) -> int:
    """Take open complaints about units that are gone from those who go on for them, and from their
    eyes the words of pleas that complain of them. Returns how many complaints. Where no other body
    is left it stays: nobody who may read it would hold it."""
    withholding.follow(tx, office, now)
    directory = office.directory
    followed = {one.successor for one in directory.units if one.successor and one.valid_until}
    heirs = {
        code: accused.predecessors(directory, code)
        for code in sorted(followed)
        if not accused.at_the_desk(directory, code)
    }
    moved = 0
    for heir, gone in heirs.items():
        for request in _with(tx, heir, gone):
            try:
                after = barring.clear(tx, office, request, now)
            except Refusal:
                continue
            detail = {"holder": after["holder_person"], "holder_unit": after["holder_unit"]}
            tx.event(
                "bar_set", at=now, by=SYSTEM, request=after, unit=heir, because=WHY,
                lead_bureau=after["lead_bureau"], **detail,
            )  # fmt: skip
            moved += 1
    return moved


def _with(tx: Transaction, heir: str, gone: tuple[str, ...]) -> list[Row]:
    """The open complaints about units that are gone that their heir holds or has an order of."""
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    about = select(col(Bar.request_id)).where(col(Bar.unit).in_(gone))
    has = select(col(Referral.request_id)).where(
        col(Referral.bureau) == heir, col(Referral.status).in_(R_OPEN)
    )
    found = tx.execute(
        select(*columns).where(
            col(HelpRequest.closed_at).is_(None),
            col(HelpRequest.id).in_(about),
            or_(col(HelpRequest.holder_unit) == heir, col(HelpRequest.id).in_(has)),
        )
    )
    return [dict(row._mapping) for row in found]
