"""What the invented county gave, and a disaster of its own: by the same acts as on the pages, the
same every time for the same day. An act that the rules refuse is simply not done, and none that the
ledger has already is done again: each has a moment of its own."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import tomli
from sqlalchemy import select
from sqlmodel import Session, col

from gateway import acts, aid, aid_filing, demo_marks, recorded
from gateway.aid_bodies import FiledBody, KinEntry
from gateway.county import demo_file
from gateway.demo_marks import Told
from gateway.state import State
from models.households import Household, Resident
from models.vocabulary import Role
from referral.casework import Actor, Refusal
from referral.lifecycle import Impossible

_SEED = 20261104
_JUDGED = {"urgent": True, "small": True, "immediate": True}
_GIVEN = ("given", "lifted", "explained", "published", "corrected", "undone")
_EXPLAINED = ("explained", "published", "corrected", "undone")
_NEEDS = ("food", "water", "clothing", "shelter", "medical")
_SIGNED = "经办人、村委会负责人签字"


def live(state: State, now: datetime) -> int:
    """Fill the purses, give, file what others gave, let a village stand in water; how many grants
    and items there are."""
    told, before = tomli.loads(demo_file("aid.toml")), demo_marks.told(state)
    whose = _households(state, len(told["grant"]) + len(told["filed"]))
    _purses(state, before, told, now - timedelta(days=60))
    done = 0
    for number, one in enumerate(told["grant"]):
        done += _grant(state, before, one, next(whose), now + timedelta(seconds=number))
    done += sum(_filed(state, one, next(whose), now) for one in told["filed"])
    for number, one in enumerate(told["relative"]):
        entry, at = KinEntry.model_validate(one), now - timedelta(seconds=number)
        if ("civil_affairs.1", at) not in before:
            aid_filing.register_kin(state, _actor(state, "civil_affairs.1"), entry, now=at)
    _disaster(state, before, told["event"], now - timedelta(hours=told["event"]["hours"]))
    return done


def _actor(state: State, login: str) -> Actor:
    officer = state.offices.current().directory.officer[login]
    return Actor(officer.login, Role(officer.role), officer.unit, officer.area, demo=True)


def _households(state: State, many: int) -> Iterator[tuple[str, int, str, str]]:
    """Households of the register in an order of their own: number, head, name, area."""
    with state.database.read() as session:
        rows = list(_heads(session))
    Random(_SEED).shuffle(rows)  # noqa: S311 nothing secret
    yield from rows[:many]


def _heads(session: Session) -> Iterator[tuple[str, int, str, str]]:
    found = session.connection().execute(
        select(col(Household.id), col(Resident.id), col(Resident.name), col(Household.area))
        .join(Resident, col(Resident.household_id) == col(Household.id))
        .where(col(Resident.relation) == "head", col(Household.area).is_not(None))
        .order_by(col(Household.id))
    )
    return ((str(home), int(head), str(name), str(area)) for home, head, name, area in found)


def _purses(state: State, before: Told, told: Mapping[str, Any], at: datetime) -> None:
    directory = state.offices.current().directory
    towns = [unit.code for unit in directory.units if unit.authority == "township"]
    for town in towns:
        some = told["reserve"] // (20 if town == told["short_town"] else 1)
        _keep(state, before, town, "top_up", at, amount=some, voucher="年初拨款")
    county, then = "civil_affairs", at + timedelta(minutes=1)
    _keep(state, before, county, "top_up", at, amount=told["county_reserve"], voucher="年初拨款")
    _keep(state, before, county, "set_residents", then, residents=told["residents"])


def _keep(state: State, before: Told, unit: str, act: str, at: datetime, **body: Any) -> None:
    login, chosen = f"{unit}.1", aid.RESERVE_ACTS[act]
    if (login, at) not in before:
        given = chosen.body.model_validate(body)
        aid.keep(state, _actor(state, login), unit, chosen, given, now=at)


def _grant(
    state: State,
    before: Told,
    told: Mapping[str, Any],
    whose: tuple[str, int, str, str],
    now: datetime,
) -> bool:
    home, head, name, area = whose
    town = f"township_{area[:3].lower()}.1"
    at, ends = now - timedelta(days=told["days"], hours=len(name)), told["ends"]
    money = "amount" in told
    body = {
        **_JUDGED, **{key: told[key] for key in ("need", "cause", "words")},
        "form": "money" if money else "goods", "amount": told.get("amount", 0),
        "goods": told.get("goods", ""), "household_id": home, "resident_id": head, "area": area,
        "once": f"demo-{home}",
    }  # fmt: skip
    if ends == "green":
        village = f"village_{area.lower()}.1"
        more = {**body, "received_by": name, "place": "家中", "witness": "村民小组长"}
        return _begin(state, village, "record_given", more, at) is not None
    number = _begin(state, town, "propose", body, at)
    if number is None:
        return False
    for login, act, wait, more in _course(town, name, told, ends):
        late = at + wait
        owed = late < now and (login, late) not in before
        if owed and not _on(state, login, act, number, late, more):
            break
    return True


def _course(
    town: str, name: str, told: Mapping[str, Any], ends: str
) -> Iterator[tuple[str, str, timedelta, dict[str, Any]]]:
    """Who did what with a grant, and how long after it was proposed."""
    if ends == "proposed":
        return
    if ends == "declined":
        yield town, "decline", timedelta(hours=3), {"note": "老人说儿媳已经送来，不用了"}
        return
    yield town, "authorise", timedelta(minutes=20), {"reason": "入户看过，等不得"}
    if ends in _GIVEN:
        received = {"received_by": name, "place": "家中", "witness": "村委会主任"}
        yield town, "deliver", timedelta(hours=2), received
    if ends == "lifted" or ends in _EXPLAINED:
        yield town, "lift", timedelta(days=1), {}
    if ends in _EXPLAINED:
        words = {"explanation": f"{told['words']}，已核实", "signatures": _SIGNED}
        yield town, "explain", timedelta(days=4), words
    if ends == "published":
        yield town, "publish", timedelta(days=5), {"place": "村务公开栏"}
    if ends in ("corrected", "undone"):
        less = {"amount": told["amount"] - 100, "reason": "发票数目少一百"}
        yield town, "correct", timedelta(days=6), less
    if ends == "undone":
        yield town, "undo", timedelta(days=7), {"reason": "改错了，发票另有一张"}


def _begin(
    state: State, login: str, name: str, body: Mapping[str, Any], at: datetime
) -> str | None:
    chosen = aid.BEGINS[name]
    try:
        given = chosen.body.model_validate(body)
        return str(aid.begin(state, _actor(state, login), chosen, given, now=at)["number"])
    except (Refusal, Impossible):
        return None


def _on(
    state: State, login: str, act: str, number: str, at: datetime, body: Mapping[str, Any]
) -> bool:
    chosen = aid.ACTS[act]
    try:
        given = chosen.body.model_validate(body)
        aid.perform(state, _actor(state, login), number, chosen, given, now=at)
    except (Refusal, Impossible):
        return False
    return True


def _filed(
    state: State, told: Mapping[str, Any], whose: tuple[str, int, str, str], now: datetime
) -> bool:
    home, head, name, area = whose
    about = {key: value for key, value in told.items() if key not in ("by", "days")}
    body = FiledBody.model_validate(
        {
            "form": "goods" if "goods" in told else "money", **about, "household_id": home,
            "resident_id": head, "recipient": name, "area": area, "once": f"demo-{home}",
            "given_at": now - timedelta(days=told["days"]),
        }
    )  # fmt: skip
    try:
        aid_filing.file(state, _actor(state, told["by"]), body, now=now)
    except Refusal:
        return False
    return True


def _disaster(state: State, before: Told, told: Mapping[str, Any], begin: datetime) -> None:
    """One event of several households: called in, linked by a person, some needs met."""
    numbers: list[str] = []
    for place, text in enumerate(told["texts"]):
        at = begin + timedelta(minutes=7 * place)
        record = recorded.Recorded(
            channel="phone", external_id=f"demo-flood-{place}", sender=f"+8619900777{place:03}",
            text=text, at=at,
        )  # fmt: skip
        body = record.model_dump_json(exclude_defaults=True).encode()
        outcome = state.intake.submit(recorded.call_of(record, body, at)).result()
        if outcome.number:
            numbers.append(outcome.number)
    after = begin + timedelta(hours=1)
    others = " ".join(numbers[1:])
    link = {"others": others, "relation": "event", "reason": told["reason"]}
    _act(state, before, "dispatch01", "link", numbers[0], link, after)
    _supplied(state, before, numbers, after + timedelta(hours=2))


def _supplied(state: State, before: Told, numbers: Sequence[str], at: datetime) -> None:
    for place, number in enumerate(numbers[:-1]):
        for kind in _NEEDS[: 4 - place]:
            at += timedelta(minutes=1)
            done = {"need": kind, "need_state": "met" if place < 2 else "promised",
                    "supplier": "县应急物资库"}  # fmt: skip
            _act(state, before, "emergency_management.1", "set_need", number, done, at)


def _act(
    state: State,
    before: Told,
    login: str,
    name: str,
    number: str,
    body: Mapping[str, Any],
    at: datetime,
) -> None:
    if (login, at) in before:
        return
    chosen = acts.ACTS[name]
    try:
        given = chosen.body.model_validate(body)
        acts.perform(state, _actor(state, login), number, chosen, given, now=at)
    except (Refusal, Impossible):
        return
