"""Aid of others, filed when it is given (项目备案), so that the year of a household is one list: by
bureaus (Huzhou two (3)), by charities and firms (Dezhou); and near relatives of those who handle
aid (Linfen two (1)), seen and not hindered; and one decision for one hard case (Yuanjiang)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from models.kin import NearRelative
from models.places import Staff
from models.relief import Decision, Relief
from models.reserves import AidEntry
from models.transaction import Row, Transaction
from models.vocabulary import TaskKind
from referral import family, grants, relief_life
from referral.casework import Actor, Refusal, need
from referral.directory import ZONE
from referral.office import Office
from referral.relief_life import State

KINDS = ("item", "social")


def file_item(
    tx: Transaction,
    office: Office,
    by: str,
    request: Row | None,
    *,
    giver: str,
    unit: str,
    kind: str,
    service: str,
    need_code: str,
    cause: str,
    fund: str,
    form: str,
    standard: str,
    given_at: datetime,
    now: datetime,
    amount_fen: int = 0,
    goods: str = "",
    recipient: str = "",
    area: str | None = None,
    household_id: str | None = None,
    resident_id: int | None = None,
    words: str = "",
    once: str | None = None,
    digest: str | None = None,
) -> Row:
    """File what somebody else has given: item, funds, recipient, standard. It needs no yes of ours
    and owes no explanation. Raises ``Refusal``."""
    for act, code in (("aid_need", need_code), ("aid_cause", cause), ("aid_fund", fund)):
        if office.policy.ground(act, code) is None:
            raise Refusal("refusal.field", {"field": act.removeprefix("aid_")}, 422)
    if kind not in KINDS or amount_fen < 0 or (form == "money" and not amount_fen):
        raise Refusal("refusal.relief_amount", status=422)
    if form == "goods" and not goods.strip():
        raise Refusal("refusal.relief_goods", status=422)
    if given_at > now or given_at < now - timedelta(days=3660):
        raise Refusal("refusal.relief_time", status=422)
    with_whom = office.policy.value("filed_with", now.astimezone(ZONE).date())
    kept = tx.add(
        Relief,
        id=tx.mint(),
        number=grants.number(tx, now),
        kind=kind,
        state=State.EXPLAINED,
        request_id=request["id"] if request else None,
        household_id=household_id,
        resident_id=resident_id,
        recipient=recipient.strip(),
        area=(request["area"] if request else None) or area,
        service=service,
        need=need_code,
        cause=cause,
        words=words.strip(),
        form=form,
        amount_fen=amount_fen,
        goods=goods.strip(),
        standard=need(standard, "refusal.standard_missing", at_least=1),
        fund=fund,
        unit=unit,
        giver=giver,
        judgements=[],
        proposed_at=now,
        proposed_by=by,
        guards=[],
        delivered_at=given_at,
        delivered_by=by,
        notice="none",
        filed_at=now,
        filed_with=str(with_whom.value) if with_whom else "",
        once=once,
        digest=digest,
        policy=office.stamp(),
    )
    if amount_fen:
        tx.add(
            AidEntry, id=tx.mint(), at=now, kind="grant", amount_fen=-amount_fen,
            relief_id=kept["id"], recorded_by=by, unit=unit,
        )  # fmt: skip
    tx.event(
        "relief_filed",
        at=now,
        by=by,
        request=request,
        relief=kept["number"],
        giver=giver,
        aid_kind=kind,
        service=service,
        amount_fen=amount_fen,
        fund=fund,
        given_at=given_at.isoformat(),
    )
    mark_kin(tx, office, kept, now)
    return kept


def decide(
    tx: Transaction,
    _office: Office,
    actor: Actor,
    aid: Row,
    *,
    words: str,
    present: str,
    amount_fen: int,
    stages: Sequence[tuple[int, str]] = (),
    now: datetime,
) -> Row:
    """One case, one decision (一事一议): who sat together, what is allowed, in which stages; all
    aid of the case goes by it. Raises ``Refusal`` or ``Impossible``."""
    relief_life.step("decide", State(aid["state"]), actor.role)
    if amount_fen <= 0 or (stages and sum(one for one, _ in stages) != amount_fen):
        raise Refusal("refusal.decision_sum", status=422)
    kept = tx.add(
        Decision,
        id=tx.mint(),
        request_id=aid["request_id"],
        household_id=aid["household_id"],
        decided_at=now,
        decided_by=actor.login,
        unit=actor.unit,
        present=need(present, "refusal.present_missing"),
        amount_fen=amount_fen,
        stages=[[amount, when] for amount, when in stages],
        words=need(words, "refusal.reason_missing"),
    )
    after = {**aid, "decision_id": kept["id"], "stage": 1 if stages else None}
    tx.later(
        Relief.__table__.update()  # type: ignore[attr-defined]
        .where(col(Relief.id) == aid["id"])
        .values(decision_id=kept["id"], stage=after["stage"])
    )
    grants.settle(tx, (TaskKind.DECIDE_RELIEF,), aid, actor.login, now)
    grants.record(
        tx, "relief_decided", actor, after, now=now, amount_fen=amount_fen, stages=len(stages),
        reason=kept["words"],
    )  # fmt: skip
    return after


def declare_kin(
    tx: Transaction, office: Office, actor: Actor, aid: Row, *, kin_of: str, now: datetime
) -> Row:
    """Say that the recipient is a near relative of a member of staff: registered for filing, and
    nothing is held up by it. Raises ``Refusal`` or ``Impossible``."""
    relief_life.step("declare_kin", State(aid["state"]), actor.role)
    if kin_of not in office.directory.officer:
        raise Refusal("refusal.no_such_officer", {"login": kin_of}, 422)
    after = grants.change(tx, aid, kin="declared", kin_of=kin_of)
    grants.record(tx, "relief_kin", actor, after, now=now, kin_of=kin_of, how="declared")
    return after


def register_kin(
    tx: Transaction,
    office: Office,
    actor: Actor,
    *,
    login: str,
    name: str,
    relation: str,
    household_id: str | None = None,
    now: datetime,
) -> Row:
    """Enter a near relative of a member of staff into the register. Raises ``Refusal``."""
    if login not in office.directory.officer:
        raise Refusal("refusal.no_such_officer", {"login": login}, 422)
    row = tx.add(
        NearRelative,
        id=tx.mint(),
        login=login,
        name=need(name, "refusal.name_missing"),
        relation=need(relation, "refusal.relation_missing", at_least=1),
        household_id=household_id,
        declared_at=now,
        declared_by=actor.login,
    )
    tx.event("kin_registered", at=now, by=actor.login, login=login, unit=actor.unit)
    return row


def mark_kin(tx: Transaction, office: Office, aid: Row, now: datetime) -> None:
    """Mark aid whose recipient bears the name, or lives in the household, of a member of staff or a
    registered relative, where the profile keeps that register. The mark is not written yet."""
    if found := unmarked_kin(tx, office, aid, now):
        aid |= {"kin": "matched", "kin_of": found}
        request = grants.request_of(tx, aid)
        tx.event(
            "relief_kin", at=now, request=request, relief=aid["number"], kin_of=found, how="matched"
        )


def unmarked_kin(connection: Any, office: Office, aid: Mapping[str, Any], now: datetime) -> str:
    """Whose relative the recipient is where nobody has said so yet; "" for nobody's, and where no
    profile keeps the register."""
    rule = office.policy.value("near_relative_registration", now.astimezone(ZONE).date())
    if rule is None or rule.value is not True or aid["kin"]:
        return ""
    return _kin(connection, office, aid)


def _kin(connection: Any, office: Office, aid: Mapping[str, Any]) -> str:
    """Whose relative, or who; only people who work where the recipient lives. A relative who is
    registered with a household, or lives in the one that the aid or its request is linked to,
    counts whoever takes the aid."""
    homes = family.of(connection, aid).homes
    names = family.names_of(connection, homes) | {aid["recipient"]} - {""}
    if not (names or homes):
        return ""
    columns = col(NearRelative.login), col(NearRelative.name), col(NearRelative.household_id)
    query = select(*columns).where(col(NearRelative.ended_at).is_(None))
    logins: list[str] = [
        row.login
        for row in connection.execute(query.order_by(col(NearRelative.id)))
        if row.name in names or row.household_id in homes
    ]
    if aid["recipient"]:
        everybody = select(col(Staff.login), col(Staff.name)).order_by(col(Staff.login))
        logins += [
            row.login for row in connection.execute(everybody) if row.name == aid["recipient"]
        ]
    directory = office.directory
    for login in logins:
        officer = directory.officer.get(login)
        where = officer.area if officer else None
        near = where is None or aid["area"] is None or directory.within(aid["area"], where)
        if near:
            return login
    return ""
