"""What a bureau and the people in the field do with their order: take it and reach the person.

An order is never emptied: signing moves the holder from one named person to another (I1), and not
signing moves no due time (I2).
"""

from datetime import datetime
from typing import Any

from models.transaction import Row, Transaction
from models.vocabulary import Level, ReferralRole, ReferralStatus, Role, Status, TaskKind
from referral import casework, falling_silent, leasing, spoken_with
from referral.casework import Actor, Refusal
from referral.lifecycle import may, may_on_referral
from referral.office import Office

DESK = (Role.OPERATOR, Role.DISPATCHER, Role.DUTY_LEAD, Role.SUPERVISOR)
OUTCOMES = ("reached", "on_site", "no_answer", "refused", "wrong_number")
"""What became of an attempt to reach the person; the first two mean that somebody spoke."""
SPOKEN = OUTCOMES[:2]


def claim(tx: Transaction, office: Office, actor: Actor, request: Row, *, now: datetime) -> Row:
    """Take it in hand: work on it alone for a while, and inside one's own unit be the person who
    holds it. Outside it only the desk may, whose work is to sort what others will hold. Raises
    ``Refusal``; while somebody else works on it, one that names them."""
    casework.require_open(request)
    ours = request["holder_unit"] == actor.unit
    if not ours and actor.role not in DESK:
        raise Refusal("refusal.not_your_unit", status=403)
    mine = request["holder_person"] == actor.login or not ours
    leased = request["leased_until"] is not None and request["leased_until"] > now
    if mine and leased and request["leased_by"] == actor.login:
        raise Refusal("refusal.already_yours", {"number": request["number"]})
    after = leasing.take(tx, office, actor, request, now=now)
    if not mine:
        after = casework.change(tx, after, holder_person=actor.login)
    casework.record(
        tx, "claimed", actor, before=request, after=after, now=now, held=request["holder_person"]
    )
    return after


def sign(tx: Transaction, office: Office, actor: Actor, request: Row, *, now: datetime) -> Row:
    """Sign for the order of one's own unit (R2, T15); the signer becomes the holder.

    On an urgent matter the township that acts first signs by taking it in hand and keeps it when
    the lead signs: first aid does not change hands. Raises ``Refusal`` or ``Impossible``.
    """
    casework.require_open(request)
    units = casework.units_of(office, actor, now)
    status = Status(request["status"])
    changes: dict[str, Any] = {}
    acts_first = actor.role is Role.TOWNSHIP_OFFICER and request["holder_unit"] == actor.unit
    referral = _order(tx, request, units, needed=not acts_first)
    row = may("sign", Status.DISPATCHED, actor.role)
    if referral is not None:
        row = may_on_referral("sign", ReferralStatus(referral["status"]), actor.role)
        casework.change_referral(
            tx, referral, status=row.to, signed_at=now, signed_by=actor.login, bureau=actor.unit
        )
        casework.halt(tx, request["id"], ("CLK-SIGN",), now, referral_id=referral["id"])
    leads = referral is None or referral["role"] == ReferralRole.LEAD
    if referral is None and status is not Status.DISPATCHED:
        row = may("sign", status, actor.role)
    if leads and status is Status.DISPATCHED:
        changes["status"] = may("sign", status, actor.role).to
    if referral is not None and leads and request["lead_bureau"] != actor.unit:
        changes["lead_bureau"] = actor.unit  # the order of a retired unit is now its successor's
    if leads and not (_township_first(office, request) and not acts_first):
        changes |= {"holder_unit": actor.unit, "holder_person": actor.login}
    after = casework.change(tx, request, **changes) if changes else request
    casework.record(
        tx,
        "signed",
        actor,
        before=request,
        after=after,
        now=now,
        row=row,
        role=referral["role"] if referral else "first_aid",
    )
    return after


def record_contact(
    tx: Transaction,
    office: Office,
    actor: Actor,
    request: Row,
    *,
    who: str,
    outcome: str,
    note: str = "",
    by: str = "phone",
    at: datetime | None = None,
    now: datetime,
) -> Row:
    """Record who was called or visited, when, by which way, with what outcome.

    CLK-MISSED-CALL ends with any attempt, the work to ring back where somebody spoke. CLK-CONTACT
    and CLK-URGENT-CONTACT end only when somebody of a unit that has the order, or of the field,
    spoke with the person; standing before them also ends the time for being on site. Raises
    ``Refusal``.
    """
    casework.require_open(request)
    if outcome not in OUTCOMES:
        raise Refusal("refusal.outcome", {"allowed": ", ".join(OUTCOMES)}, 422)
    called = casework.need(who, "refusal.who_was_called", at_least=1)
    if at is not None and (at > now or at < request["received_at"]):
        raise Refusal("refusal.time", status=422)
    at = at or now  # a clock that was set back hinders nobody from writing down what was done
    units = casework.units_of(office, actor, now)
    mine = [
        row
        for row in casework.referrals(tx, request["id"])
        if row["bureau"] in units and row["status"] not in casework.GONE
    ]
    theirs = bool(mine) or request["holder_unit"] in units or actor.role in casework.GRASSROOTS
    casework.halt(tx, request["id"], ("CLK-MISSED-CALL",), now)
    falling_silent.tried(tx, office, actor, request, reached=outcome in SPOKEN, now=now)
    if outcome in SPOKEN:
        casework.finish_tasks(tx, request["id"], TaskKind.NOBODY_CAME, actor, now)
        spoken_with.met(tx, request, at=at, now=now, by=actor.login)
    if outcome in SPOKEN and theirs:
        casework.halt(tx, request["id"], ("CLK-CONTACT",), now)
        casework.halt(tx, request["id"], ("CLK-URGENT-CONTACT",), now, case="")
    if outcome == "on_site" and theirs:
        casework.halt(tx, request["id"], ("CLK-URGENT-CONTACT",), now, case="on_site")
    for referral in mine:
        if referral["status"] == ReferralStatus.SIGNED:  # R2: the first action is recorded
            step = may_on_referral("handle", ReferralStatus.SIGNED, Role.BUREAU_OFFICER)
            casework.change_referral(tx, referral, status=step.to)
    casework.record(
        tx,
        "contacted",
        actor,
        before=request,
        after=request,
        now=now,
        who=called,
        outcome=outcome,
        channel=by,
        when=at.isoformat(),
        note=note.strip(),
    )
    return request


def _order(tx: Transaction, request: Row, units: frozenset[str], *, needed: bool) -> Row | None:
    """The order to sign: one not signed yet goes before one that is."""
    mine = [
        row
        for row in casework.referrals(tx, request["id"])
        if row["bureau"] in units and row["status"] not in casework.GONE
    ]
    waiting = [row for row in mine if row["status"] == ReferralStatus.DISPATCHED]
    if not mine and needed:
        raise Refusal("refusal.not_your_order", status=403)
    found = sorted(waiting or mine, key=lambda row: row["role"] != ReferralRole.LEAD)
    return found[0] if found else None


def _township_first(office: Office, request: Row) -> bool:
    unit = office.directory.unit.get(request["holder_unit"])
    return unit is not None and unit.authority == "township" and Level(request["level"]).is_urgent
