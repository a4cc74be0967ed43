"""Aid is refused in writing, with reasons and remedies, by a named person (N12)."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import col

from models.clocks import Clock, stopping
from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralRole, TaskKind
from referral import casework, telling
from referral.answering import correspondent, tell
from referral.casework import Actor, Refusal
from referral.office import Office
from referral.rerouting import start

NOTICE = "CLK-REFUSAL-NOTICE"
"""By when the paper is brought to somebody whom no message reaches."""


def brought(tx: Transaction, task: Row, now: datetime) -> None:
    """The paper of this task was brought: its time is kept. Of requests that were joined each has
    its own."""
    for clock in casework.running(tx, task["request_id"]):
        if clock["name"] == NOTICE and clock["due_at"] == task["due_at"]:
            tx.execute(update(Clock).where(col(Clock.id) == clock["id"]).values(**stopping(now)))
            return


def refuse_aid(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    rule: str,
    reasons: str,
    other_help: str = "",
    now: datetime,
) -> Row:
    """Tell the requester why not, by which rule, how to object, and what other help may fit.

    Where the letter cannot be sent, CLK-REFUSAL-NOTICE runs until somebody has delivered it. Never
    on an urgent matter: food and shelter come first; nor on a compulsory report about a minor
    before the reporter has been told what was done. Raises ``Refusal``.
    """
    casework.require_open(request)
    cited = casework.need(rule, "refusal.rule_missing", at_least=4)
    why = casework.need(reasons, "refusal.reason_missing", at_least=4)
    if Level(request["level"]).is_urgent:
        raise Refusal("refusal.aid_first", {"number": request["number"]})
    if any(clock["case"] == "minor" for clock in casework.running(tx, request["id"])):
        raise Refusal("refusal.minor_report", {"number": request["number"]})
    units = casework.units_of(office, actor, now)
    order = casework.own_referral(tx, request["id"], units, ReferralRole.LEAD)
    if order["signed_at"] is None:
        raise Refusal("refusal.sign_first", {"number": request["number"]})
    who = correspondent(tx, office, request)
    unit = office.directory.unit.get(order["bureau"])
    sent = who.reply is not None and not who.stopped and not who.reported
    tell(
        tx, office, request, "refused_in_writing", due=now, now=now, unit=unit, rule=cited,
        reasons=why, other=other_help.strip() or office.hotline,
    )  # fmt: skip
    if not sent:
        clock = start(tx, office, request, (NOTICE, ""), now)
        telling.ask(
            tx, office, TaskKind.DELIVER_PAPER, request, now=now, due=clock["due_at"], note=why,
            unit=order["bureau"],
        )  # fmt: skip
    else:
        casework.halt(tx, request["id"], (NOTICE,), now)
    casework.halt(tx, request["id"], ("CLK-CONTACT",), now)
    casework.record(
        tx, "refused", actor, before=request, after=request, now=now, rule=cited, reason=why,
        other_help=other_help.strip(), sent=sent,
    )  # fmt: skip
    return request
