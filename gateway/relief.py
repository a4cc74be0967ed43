"""Nobody who is gone keeps a matter: offers that ran out, shifts that ended, accounts that closed.

Each request passes on in a transaction of its own, the most urgent first; however many processes
look, it passes on once.
"""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlmodel import col

from gateway.sessions import IDLE
from models.access import StaffSession
from models.db import Database
from models.requests import HelpRequest
from models.transaction import Row, Transaction, acting
from referral import handing_over, hands, standing_in
from referral.directory import HOTLINE, ZONE
from referral.leaving import Presence, left_behind
from referral.office import Office


def relieve(database: Database, mint: Callable[[], int], office: Office, now: datetime) -> int:
    """Pass on what must not wait; how many requests were. Raises ``Busy``."""
    with database.read() as session:
        connection = session.connection()
        there = presence(connection, office, now)
        late = [(row.id, row.offered_by) for row in hands.unaccepted(connection, now)]
        left = [(row.id, row.person) for row in left_behind(connection, there)]
        barred = [one for one in left if one[1] in there.here]
        pairs = standing_in.orphaned(connection, office, now)
    passed = 0
    absent = [one for one in left if one not in barred]
    for outcome, items in (("unaccepted", late), ("barred", barred), ("absent", absent)):
        for request_id, person in items:
            with acting(database, mint) as tx:
                request = _request(tx, request_id)
                passed += _still(tx, request_id, person, there, outcome, now) and (
                    handing_over.pass_on(
                        tx, office, request, outcome=outcome, person=person, now=now
                    )
                )
    while pairs:
        with acting(database, mint) as tx:
            for request in standing_in.held_by(tx, pairs[:1]):
                passed += standing_in.replace(tx, office, request, now)
        pairs = pairs[1:]
    return passed


def presence(connection: object, office: Office, now: datetime) -> Presence:
    """Who cannot have left the desk: on a running shift there, at work in an open session, or its
    head; and who belongs to other units, where a session is no work at the desk."""
    directory = office.directory
    desk = directory.responsible(HOTLINE, None, now.astimezone(ZONE).date())
    on_duty = directory.on_duty(desk, now) & set(directory.officer) if desk else frozenset()
    open_sessions = select(col(StaffSession.login)).where(
        col(StaffSession.expires_at) > now, col(StaffSession.seen_at) > now - IDLE
    )
    at_work = {row.login for row in connection.execute(open_sessions)}  # type: ignore[attr-defined]
    lead = directory.head_of_shift(now).officer.login
    elsewhere = {o.login for o in directory.officers if desk is None or o.unit != desk.code}
    here = {*on_duty, *(at_work & set(directory.officer) - elsewhere), lead}
    return Presence(desk.code if desk else "", sorted(here), sorted(elsewhere))


def _request(tx: Transaction, request_id: int) -> Row:
    columns = HelpRequest.__table__.columns  # type: ignore[attr-defined]
    return dict(
        tx.execute(select(*columns).where(col(HelpRequest.id) == request_id)).one()._mapping
    )


def _still(
    tx: Transaction,
    request_id: int,
    person: str,
    there: Presence,
    outcome: str,
    now: datetime,
) -> bool:
    """Whether it is still so, now that no other process writes; only this one is read again."""
    this = col(HelpRequest.id) == request_id
    if outcome == "unaccepted":
        return bool(hands.unaccepted(tx, now, this))
    return [row.person for row in left_behind(tx, there, this)] == [person]
