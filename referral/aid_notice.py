"""Who was helped hears what it was and what it is not (N11): no allowance, no loan, nothing to pay
back; what is still to be told and by when, that it has to be true, and where to complain."""

from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from models.requests import HelpRequest
from models.transaction import Row, Transaction
from models.vocabulary import Form
from referral.answering import correspondent, tell_one
from referral.directory import ZONE
from referral.office import Office

CLOCK = "CLK-EXPLAIN"


def tell_given(tx: Transaction, office: Office, aid: Row, now: datetime) -> None:
    """Tell the person of the request, never who only reported their need (N16)."""
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    found = tx.execute(select(*columns).where(col(HelpRequest.id) == aid["request_id"])).one()
    request: Row = dict(found._mapping)
    who = correspondent(tx, office, request)
    if who.reported:
        return
    rule = office.policy.clock(CLOCK, "", now.astimezone(ZONE).date())
    say = office.phrases.say
    long = say(f"notice.measure.{rule.measure}", {"n": f"{rule.amount:g}"}, Form.FULL, who.language)
    tell_one(
        tx,
        office,
        request,
        "aid_given",
        due=now,
        now=now,
        unit=office.directory.unit.get(aid["unit"]),
        what=_what(office, aid, who.language),
        long=long,
    )


def _what(office: Office, aid: Row, language: str) -> str:
    """Goods as they were written down, money as a sum."""
    yuan = f"{aid['amount_fen'] / 100:.2f}".rstrip("0").rstrip(".")
    money = office.phrases.say("aid_notice.sum", {"yuan": yuan}, Form.FULL, language)
    return "、".join(part for part in (aid["goods"], money if aid["amount_fen"] else "") if part)
