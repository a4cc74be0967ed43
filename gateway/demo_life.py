"""What the invented county's staff did with its cases, by the same acts as on the pages.

Most older cases are signed, answered and closed at plausible hours; some are left lying, so that
the red lamps have something to show. An act that the rules refuse is simply not done.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import col

from gateway import demo_marks
from gateway.acts import ACTS, perform
from gateway.state import State
from models.requests import HelpRequest
from models.vocabulary import Level, Role
from referral.casework import Actor, Refusal
from referral.directory import Directory, Officer
from referral.lifecycle import Impossible

_SEED = 20261102
LEFT_LYING = 0.12
ANSWERS = (
    "已上门核实情况，相关帮助已经落实，后续会有专人跟进。",
    "经核实，您的申请材料齐全，正在按程序办理，结果会书面告知。",
    "已与您电话说明政策和办理方法，需要时可到镇街窗口办理，也可以预约上门。",
)


class Deed(NamedTuple):
    """Who did what to which request, when."""

    at: datetime
    number: str
    login: str
    act: str
    body: dict[str, Any]


def live(state: State, now: datetime) -> int:
    """Do the deeds in the order of their time, but none that the ledger has already; returns how
    many were done."""
    told = {at for _, at in demo_marks.told(state)}
    directory = state.offices.current().directory
    with state.database.read() as session:
        rows = session.connection().execute(
            select(*HelpRequest.__table__.columns).order_by(col(HelpRequest.id))  # type: ignore[attr-defined]
        )
        deeds = sorted(deed for row in rows for deed in _deeds(directory, row, now))
    return sum(_do(state, directory, deed) for deed in deeds if deed.at not in told)


def _do(state: State, directory: Directory, deed: Deed) -> bool:
    officer = directory.officer[deed.login]
    actor = Actor(officer.login, Role(officer.role), officer.unit, officer.area, demo=True)
    act = ACTS[deed.act]
    try:
        perform(state, actor, deed.number, act, act.body.model_validate(deed.body), now=deed.at)
    except (Refusal, Impossible):
        return False
    return True


def _deeds(directory: Directory, row: Any, now: datetime) -> Iterator[Deed]:
    random = Random(f"{_SEED}{row.number}")  # noqa: S311 nothing secret
    urgent = Level(row.level).is_urgent
    hours = (0.1, 0.3, 0.6, 5.0, 20.0) if urgent else (0.6, 4.0, 16.0, 40.0, 66.0)
    times = [row.received_at + timedelta(hours=hour * random.uniform(0.6, 1.1)) for hour in hours]
    if random.random() < LEFT_LYING:
        times = times[: random.randint(0, 2)]
    handler = _one_of(directory, row.holder_unit)
    lead = _one_of(directory, row.lead_bureau)
    answer = random.choice(ANSWERS)
    plan: tuple[tuple[str | None, str, dict[str, Any]], ...] = (
        (row.first_responder, "confirm", {}),
        (lead, "sign", {}),
        (handler, "record_contact", {"who": "诉求人", "outcome": "reached", "note": "已电话联系"}),
        (lead, "report_result", {"result": answer}),
        (row.first_responder, "close", {"reason": "resolved"}),
    )
    for at, (login, act, body) in zip(times, plan, strict=False):
        if at >= now or login is None:
            return
        if act == "confirm" and row.level == Level.LIFE_THREAT:
            line = "120" if row.service == "disease_emergency" else "110"
            taken = row.received_at + (at - row.received_at) * 0.4
            over = {"line": line, "receipt": f"{line}-{row.number[-6:]}"}
            yield Deed(taken, row.number, login, "hand_off", over)
        if act == "report_result":
            yield Deed(at - timedelta(minutes=5), row.number, login, "reply", {"text": answer})
        if act == "close":
            if row.level == Level.LIFE_THREAT:
                seen = {"seen_by": "出警民警或急救医生"}
                yield Deed(at - timedelta(minutes=8), row.number, login, "confirm_safe", seen)
            view = {"outcome": "reached", "resolved": True, "view": "satisfied"}
            yield Deed(at - timedelta(minutes=5), row.number, login, "callback", view)
        yield Deed(at, row.number, login, act, body)


def _one_of(directory: Directory, unit: str) -> str | None:
    staff = [officer for officer in directory.officers if officer.unit == unit]
    return min(staff, key=_rank).login if staff else None


def _rank(officer: Officer) -> tuple[bool, str]:
    return officer.role not in (Role.BUREAU_OFFICER, Role.TOWNSHIP_OFFICER), officer.login
