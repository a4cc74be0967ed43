"""What the invented county's workers found at doors, and lists that other bodies sent: by the same
path as from a telephone and a partner system, the same every time for the same day."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from random import Random

from sqlalchemy import select
from sqlmodel import Session, col

from gateway import field, outreach, registry, warning_leads
from gateway.state import State
from models.discovery import Visit, Warned
from models.vocabulary import Role
from referral import leads
from referral.casework import Actor, Refusal
from referral.directory import ZONE
from referral.leads import Lead
from referral.visiting import today

_SEED = 20261103
_BODIES = {
    "medical_self_pay": ("县医保局", 18000),
    "new_disability": ("县残联", 1),
    "school_dropout": ("县教育局", 1),
    "unemployment": ("县人社局", 7),
    "utility_arrears": ("县供电公司", 2),
    "death": ("县公安局", 1),
    "disaster_damage": ("县应急管理局", 1),
}
_FOUND = (
    ("well", 66, ""),
    ("nobody", 14, ""),
    ("confirmed_by_phone", 7, "电话接通，人在女儿家，一切都好"),
    ("in_hospital", 4, "邻居说住院了，已打电话问过"),
    ("needs_help", 5, "家里米面不多了，想申请临时救助"),
    ("declined", 4, "见到了人，不愿多说，改天再来"),
)
_CHECKED = (
    ("gets_by", "儿女按月寄钱，已告知怎么求助"),
    ("already_helped", "已经在享受低保，够用"),
    ("data_wrong", "欠费是上一户租客的"),
    ("needs_help", "交不起电费，想申请救助"),
)
DONE = 0.55


def live(state: State, now: datetime) -> int:
    """Rounds, visits and warnings of the last days; how many entries were made at doors."""
    begin = _beginning(now)
    office = state.offices.current()
    outreach.run(state.database, state.mint, office, begin)
    listed = _leads(state, now)
    warning_leads.take_in(
        state.database, state.mint, office, listed, "demo", now=now - timedelta(days=4)
    )
    with state.database.read() as session:
        entries = [*_visits(session, begin, now), *_warnings(session, now)]
    done = sum(_record(state, *entry) for entry in sorted(entries, key=lambda one: one[2]))
    outreach.run(state.database, state.mint, office, now)
    return done


def _beginning(now: datetime) -> datetime:
    """The morning of the first of this month, or of three days ago in its first days."""
    day = min(today(now).replace(day=1), today(now) - timedelta(days=3))
    return datetime.combine(day, time(8, 30), ZONE)


def _leads(state: State, now: datetime) -> Iterator[Lead]:
    random = Random(_SEED)  # noqa: S311 nothing secret
    office = state.offices.current()
    with state.database.read() as session:
        homes = [row for row in registry.rows(session.connection()) if row["categories"]]
    day = today(now) - timedelta(days=5)
    for number, home in enumerate(random.sample(homes, k=min(28, len(homes)))):
        kind = random.choice(tuple(_BODIES))
        body, value = _BODIES[kind]
        row = {
            "kind": kind,
            "source": body,
            "name": home["head_name"],
            "phone": home["phones"].split(";")[0],
            "address": home["address"],
            "area": home["area"],
            "household_id": home["household_id"] if number % 2 else "",
            "value": value * random.choice((0.3, 1, 2)) if value > 1 else 1,
            "happened_on": day,
        }
        yield warning_leads.read(row, office, today(now))


def _visits(
    session: Session, begin: datetime, now: datetime
) -> Iterator[tuple[str, dict[str, str], datetime]]:
    columns = Visit.__table__.columns  # type: ignore[attr-defined]
    for row in session.connection().execute(select(*columns).order_by(col(Visit.id))):
        random = Random(f"{_SEED}{row.household_id}{row.rule}")  # noqa: S311 nothing secret
        if random.random() > DONE:
            continue
        outcome, _, note = random.choices(_FOUND, weights=[weight for _, weight, _ in _FOUND])[0]
        at = begin + (now - begin) * random.uniform(0.05, 0.95)
        yield row.holder, _entry("visit", row.id, outcome, note), at


def _warnings(session: Session, now: datetime) -> Iterator[tuple[str, dict[str, str], datetime]]:
    rows = session.connection().execute(
        select(col(Warned.id), col(Warned.holder))
        .where(col(Warned.state).in_((leads.OPEN, leads.SETTLED)))
        .order_by(col(Warned.id))
    )
    for number, row in enumerate(rows):
        if number % 3:
            outcome, note = _CHECKED[number % len(_CHECKED)]
            at = now - timedelta(hours=3 * number + 2)
            yield row.holder, _entry("warning", row.id, outcome, note), at


def _entry(what: str, of: int, outcome: str, note: str) -> dict[str, str]:
    return {
        "kind": what,
        "of": str(of),
        "based_on": "0",
        "outcome": outcome,
        "note": note,
        "key": f"demo-{what}-{of}",
    }


def _record(state: State, login: str, fields: dict[str, str], at: datetime) -> bool:
    officer = state.offices.current().directory.officer[login]
    actor = Actor(officer.login, Role(officer.role), officer.unit, officer.area, demo=True)
    try:
        field.take(state, actor, fields, (), now=at)
    except Refusal:
        return False
    return True
