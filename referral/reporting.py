"""What a bureau delivers: a cooperating bureau its part, the lead the one answer (T18, R9)."""

from datetime import datetime

from models.transaction import Row, Transaction
from models.vocabulary import Form, Level, ReferralRole, ReferralStatus, Status
from referral import casework, lapsing, promises
from referral.answering import correspondent, tell
from referral.casework import Actor, Refusal
from referral.directory import ZONE
from referral.handling import SPOKEN
from referral.lifecycle import may, may_on_referral
from referral.office import Office
from referral.routing import row_for
from referral.standing_in import at_the_desk


def submit_part(
    tx: Transaction, office: Office, actor: Actor, request: Row, *, result: str, now: datetime
) -> Row:
    """Give a cooperating bureau's part to the lead (R9). Raises ``Refusal`` or ``Impossible``."""
    casework.require_open(request)
    part = casework.need(result, "refusal.result_missing")
    units = casework.units_of(office, actor, now)
    referral = casework.own_referral(tx, request["id"], units, ReferralRole.COOPERATING)
    row = may_on_referral("submit_part", ReferralStatus(referral["status"]), actor.role)
    casework.change_referral(tx, referral, status=row.to, completed_at=now, result=part)
    casework.halt(tx, request["id"], ("CLK-COOP", "CLK-SIGN"), now, referral_id=referral["id"])
    casework.record(tx, "part_submitted", actor, before=request, after=request, now=now, row=row)
    return request


def report_result(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    result: str,
    absent: str = "",
    now: datetime,
) -> Row:
    """Complete: the lead's one answer (T18, R9); the callback falls to the desk.

    The requester has been answered and, on an urgent matter, spoken with. Cooperating parts that
    did not come are named in the record with ``absent``, the lead's explanation: they delay
    nothing. Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    casework.need(result, "refusal.result_missing")
    units = casework.units_of(office, actor, now)
    casework.own_referral(tx, request["id"], units, ReferralRole.LEAD)
    may("report_result", Status(request["status"]), actor.role)
    anew, answers = ("rehandled", "reopened"), ("replied", "refused")
    told = casework.history(tx, request["id"], *anew, *answers)
    again = max((one.seq for one in told if one.kind in anew), default=0)
    if not any(one.kind in answers and one.seq > again for one in told):
        raise Refusal("refusal.reply_first", {"number": request["number"]})
    return complete(tx, office, actor, request, result=result, absent=absent, now=now)


def complete(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    result: str,
    absent: str = "",
    now: datetime,
) -> Row:
    """``report_result`` for an answer that is given by the same act."""
    casework.require_open(request)
    said = casework.need(result, "refusal.result_missing")
    units = casework.units_of(office, actor, now)
    referral = casework.own_referral(tx, request["id"], units, ReferralRole.LEAD)
    row = may("report_result", Status(request["status"]), actor.role)
    step = may_on_referral("report_result", ReferralStatus(referral["status"]), actor.role)
    who = correspondent(tx, office, request)
    told = casework.history(tx, request["id"], "contacted")
    spoken = any(one.detail.get("outcome") in SPOKEN for one in told)
    if Level(request["level"]).is_urgent and not spoken and who.reply is not None:
        raise Refusal("refusal.speak_first", {"number": request["number"]})
    missing = [
        other["bureau"]
        for other in casework.referrals(tx, request["id"])
        if other["role"] == ReferralRole.COOPERATING
        and other["status"] not in (*casework.GONE, ReferralStatus.RESULT_SUBMITTED)
    ]
    urgent = Level(request["level"]).is_urgent
    unit = office.directory.unit.get(actor.unit)
    casework.change_referral(tx, referral, status=step.to, completed_at=now, result=said)
    casework.halt(tx, request["id"], handling_clocks(office, request, now), now)
    lapsing.lapse(tx, request, referral, now)
    rule = office.policy.clock("CLK-CALLBACK", "urgent" if urgent else "")
    due = promises.start(tx, office, request, rule=rule, at=now, urgent=urgent)["due_at"]
    desk = at_the_desk(tx, office, request, now)
    after = casework.change(
        tx,
        request,
        status=row.to,
        holder_unit=desk.unit.code,
        holder_person=desk.officer.login,
    )
    casework.record(
        tx,
        "result_reported",
        actor,
        before=request,
        after=after,
        now=now,
        row=row,
        absent=missing,
        why_absent=absent.strip(),
    )
    if missing:
        parts = [
            office.directory.unit[one].name(who.language)
            for one in missing
            if one in office.directory.unit
        ]
        late = office.phrases.say("words.part_not_in", {}, Form.FULL, who.language)
        open_parts = (", " if who.language.startswith("en") else "、").join(parts)
        tell(
            tx, office, after, "completed_in_part", due=due, now=now, unit=unit,
            open_parts=open_parts, why=absent.strip() or late,
        )  # fmt: skip
    else:
        tell(tx, office, after, "completed", due=due, now=now, unit=unit)
    return after


def handling_clocks(office: Office, request: Row, now: datetime) -> tuple[str, ...]:
    """The clocks that the lead's result ends: those of the request's own row of the catalogue."""
    named = ["CLK-HANDLE", "CLK-RELIEF", "CLK-CONTACT", "CLK-URGENT-CONTACT", "CLK-REHANDLE"]
    day = now.astimezone(ZONE).date()
    rows = [row for row in office.policy.routes if row.id == request["route"]]
    chosen = row_for(request["service"], day, office.policy.routes) if request["service"] else None
    for row in (*rows, *([chosen] if chosen else [])):
        named += [row.clock, row.urgent_clock, *row.clocks]
    return tuple(dict.fromkeys(named))
