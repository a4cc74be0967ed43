"""Whose households the invented cases are about: proposed as in the running system, and half of
them linked by the person who took the words, so that a household's page tells a story."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import col

from gateway import repeats
from gateway.acts import ACTS, perform
from gateway.matters import Memory
from gateway.state import State
from models.households import Belonging
from models.requests import HelpRequest
from models.vocabulary import Role
from referral.casework import Actor, Refusal
from referral.lifecycle import Impossible

SURE = 0.9
_MOST_ROUNDS = 20


def live(state: State, now: datetime) -> int:
    """Compare all that came in, link every other sure proposal; how many were linked."""
    memory = Memory()
    for _ in range(_MOST_ROUNDS):
        if not repeats.compare_waiting(state.database, state.mint, memory, now=now):
            break
    with state.database.read() as session:
        sure = session.connection().execute(
            select(
                col(HelpRequest.number),
                col(HelpRequest.first_responder),
                col(HelpRequest.received_at),
                col(Belonging.household_id),
            )
            .join(HelpRequest, col(HelpRequest.id) == col(Belonging.request_id))
            .where(col(Belonging.state) == "proposed", col(Belonging.score) >= SURE)
            .order_by(col(Belonging.id))
        )
        found = [one for one in sure if int(one.number[11:-2]) % 2]
    return sum(_link(state, one, now) for one in found)


def _link(state: State, sure: Any, now: datetime) -> bool:
    officer = state.offices.current().directory.officer.get(sure.first_responder)
    if officer is None:
        return False
    actor = Actor(officer.login, Role(officer.role), officer.unit, officer.area, demo=True)
    act = ACTS["link_household"]
    body = act.body.model_validate(
        {"household": sure.household_id, "reason": "电话和姓名与登记一致"}
    )
    try:
        at = min(sure.received_at + timedelta(minutes=20), now)
        perform(state, actor, sure.number, act, body, now=at)
    except (Refusal, Impossible):
        return False
    return True
