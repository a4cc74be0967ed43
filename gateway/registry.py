"""The registry of households: entering one with its people, finding one, reading all out again."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import col

from models import keyring
from models.db import Database
from models.households import (
    CROWD,
    Household,
    HouseholdCategory,
    HouseholdKey,
    HouseholdPhone,
    Resident,
    hash_anew,
    hashed_under,
    probe,
    rekey,
    unkeyed,
)
from models.transaction import Row, Transaction, acting
from triage.household_keys import keys, name_key, nearest
from triage.household_matching import (
    Home,
    Match,
    hold_against,
    probability,
    read_home,
    shipped_scale,
)
from triage.repeat_keys import hashed

_TOGETHER = 500
"""Households whose people are read with one query."""


@dataclass(frozen=True, slots=True)
class Known:
    """A household with what is compared of it. ``people`` are (name, birth, age, the day of that
    age), the head first."""

    id: str
    head_name: str
    address: str
    area: str | None
    people: Sequence[tuple[str, date | None, int | None, date | None]] = ()
    phones: Sequence[str] = ()
    codes: Sequence[str] = ()
    row: Mapping[str, Any] = field(default_factory=dict)

    def home(self, on: date | None = None) -> Home:
        """As it is compared; ``on`` is the day on which ages are reckoned."""
        return read_home(
            names=[one[0] for one in self.people] or [self.head_name],
            phones=self.phones,
            address=self.address,
            area=self.area or "",
            ages=[years(one[1], one[2], one[3], on) for one in self.people],
        )


def years(birth: date | None, age: int | None, age_on: date | None, on: date | None) -> int | None:
    """How old somebody is on a day, from the birthday or from an age known on another day."""
    if on is None:
        return age
    if birth is not None:
        return on.year - birth.year - ((on.month, on.day) < (birth.month, birth.day))
    return age if age is None or age_on is None else age + on.year - age_on.year


def hashes_of(connection: Connection, home: Home) -> list[int]:
    """The keys under which a household or a caller is looked up. Where a key for
    fields stands outside, they are keyed with it: whoever has the table alone cannot try out
    telephone numbers on it."""
    secret, _ = keyring.lasting_secret(connection, "household_key.hash")
    return [hashed(key, secret) for key in keys(home)]


def enrol(
    tx: Transaction,
    *,
    household_id: str,
    head_name: str,
    members: Sequence[str],
    phones: Sequence[str],
    address: str,
    area: str | None,
    categories: Sequence[str],
) -> None:
    """Enter a household of which only names and numbers are known."""
    names = tuple(dict.fromkeys((head_name, *members)))
    tx.add(Household, id=household_id, head_name=head_name, address=address, area=area)
    for name in names:
        relation = "head" if name == head_name else None
        tx.add(Resident, id=tx.mint(), household_id=household_id, name=name, relation=relation)
    for number in phones:
        tx.add(HouseholdPhone, id=tx.mint(), household_id=household_id, number=number)
    for code in categories:
        tx.add(HouseholdCategory, id=tx.mint(), household_id=household_id, code=code)
    home = read_home(names=names, phones=phones, address=address, area=area or "")
    for one in hashes_of(tx.connection, home):
        tx.add(HouseholdKey, hash=one, household_id=household_id)


def make_findable(database: Database, mint: Callable[[], int]) -> None:
    """``write_missing_keys`` where there is anything for it to do: looking keeps no writer waiting.
    Raises ``Busy``."""
    with database.read() as session:
        connection = session.connection()
        _, mark = keyring.lasting_secret(connection, "household_key.hash")
        wanted = hashed_under(connection) != mark or unkeyed(connection, 1)
    if wanted:
        with acting(database, mint) as tx:
            write_missing_keys(tx)


def write_missing_keys(tx: Transaction, most: int = 200) -> int:
    """Make findable what came in without keys, at most ``most``; how many there were. All wait
    anew when the key that stands outside is another than the one they were hashed with."""
    _, mark = keyring.lasting_secret(tx.connection, "household_key.hash")
    if hashed_under(tx.connection) != mark:
        hash_anew(tx, mark)
    ids = unkeyed(tx.connection, most)
    for known in households(tx.connection, ids):
        rekey(tx, known.id, new=hashes_of(tx.connection, known.home()))
    return len(ids)


def search(connection: Connection, query: Home, on: date | None = None) -> list[Match]:
    """The households that a caller may mean, best first; none below the level at which a person
    should be shown it. One indexed query for the keys, three for the few that share one."""
    scale = shipped_scale()
    asked = dict(zip(hashes_of(connection, query), keys(query), strict=True))
    found = probe(connection, list(asked))
    shared: dict[str, float] = {}
    for ids in found.values():
        if len(ids) <= CROWD:
            for one in ids:  # a key that few have says more
                shared[one] = shared.get(one, 0.0) + 1 / len(ids)
    near = nearest(shared)
    counted = {asked[one]: len(ids) for one, ids in found.items()}
    namesakes = max(
        (counted.get(name_key(one), 0) for one in query.people if not one.surname_only), default=0
    )
    ranked = []
    for known in households(connection, near):
        odds, findings = hold_against(query, known.home(on), namesakes, scale)
        if odds >= scale.propose:
            ranked.append((odds, known.id, findings))
    ranked.sort(key=lambda one: (-one[0], one[1]))
    return [
        Match(household_id, probability(odds), tuple(findings))
        for odds, household_id, findings in ranked[: scale.most]
    ]


def households(connection: Connection, ids: Sequence[str]) -> list[Known]:
    """Households with those who live there now, their telephones and what they are known as."""
    if not ids:
        return []
    columns = Household.__table__.columns  # type: ignore[attr-defined]
    homes = connection.execute(select(*columns).where(columns.id.in_(ids)).order_by(columns.id))
    return list(_filled(connection, list(homes)))


def _filled(connection: Connection, homes: Sequence[Any]) -> Iterator[Known]:
    ids = [home.id for home in homes]
    people = _by_home(
        connection,
        select(
            col(Resident.household_id),
            col(Resident.name),
            col(Resident.birth),
            col(Resident.age),
            col(Resident.age_on),
            col(Resident.relation),
        )
        .where(
            col(Resident.household_id).in_(ids),
            col(Resident.died_at).is_(None),
            col(Resident.moved_at).is_(None),
        )
        .order_by(col(Resident.id)),
    )
    phones = _by_home(
        connection,
        select(col(HouseholdPhone.household_id), col(HouseholdPhone.number))
        .where(col(HouseholdPhone.household_id).in_(ids))
        .order_by(col(HouseholdPhone.id)),
    )
    codes = _by_home(
        connection,
        select(col(HouseholdCategory.household_id), col(HouseholdCategory.code))
        .where(col(HouseholdCategory.household_id).in_(ids))
        .order_by(col(HouseholdCategory.id)),
    )
    for home in homes:
        yield Known(
            home.id,
            home.head_name,
            home.address,
            home.area,
            tuple((one.name, one.birth, one.age, one.age_on) for one in people.get(home.id, ())),
            tuple(one.number for one in phones.get(home.id, ())),
            tuple(dict.fromkeys(one.code for one in codes.get(home.id, ()))),
            home._mapping,
        )


def _by_home(connection: Connection, query: Any) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    each: Iterable[Any] = connection.execute(query)
    for row in each:
        found.setdefault(row.household_id, []).append(row)
    return found


def rows(connection: Connection) -> Iterator[Row]:
    """Every household in the columns of the registry file and those that we know besides. Who has
    died or moved is no longer among the members."""
    columns = Household.__table__.columns  # type: ignore[attr-defined]
    found = connection.execute(select(*columns).order_by(columns.id)).yield_per(_TOGETHER)
    while homes := list(islice(found, _TOGETHER)):
        for known in _filled(connection, homes):
            home = known.row
            yield {
                "household_id": known.id,
                "head_name": known.head_name,
                "members": ";".join(one[0] for one in known.people),
                "phones": ";".join(known.phones),
                "address": known.address,
                "area": known.area,
                "categories": ";".join(known.codes),
                "note": home["note"],
                "version": home["version"],
                "ended_at": home["ended_at"] and home["ended_at"].isoformat(),
                "ended_why": home["ended_why"],
                "moved_to": home["moved_to"],
            }
