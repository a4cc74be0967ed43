"""What a person's own wish to be erased reaches beside their requests, and what a duty keeps.

Class by class as ``retention.toml`` says under ``wish``. Only what is about this person alone goes:
words from a door behind which others live are about those as well, and one of a household must not
be able to wipe out what was seen of another.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlmodel import col

from channels.web import e164
from gateway import expiry, one_matter, registry
from gateway.erasure import EMPTIED, ERASED, of_requests
from models import keyring, outbox
from models.access import Look
from models.desk import PhoneCall
from models.discovery import Disagreement, DoorEntry, Visit, Warned
from models.households import Belonging, HouseholdPhone, hashed_under, probe, rekey, unkeyed
from models.imports import ImportLine
from models.outbox import Outgoing
from models.people import FIELD, Address, Person
from models.relief import Relief
from models.requests import Contact, HelpRequest
from models.transaction import Transaction
from referral.renewing import FORM
from triage.household_matching import read_home
from triage.phones import read_number


@dataclass(frozen=True, slots=True)
class About:
    """Who is meant. ``homes`` are the households that a person linked to one of the requests, or
    whose own telephone this is; ``alone`` those of them in which nobody else lives."""

    people: Sequence[int]
    requests: Sequence[int]
    handles: frozenset[str]
    homes: Sequence[str]
    alone: Sequence[str]

    def means(self, handle: str) -> bool:
        """Whether a telephone or account is this person's."""
        return handle in self.handles or (e164(handle) or handle) in self.handles


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one class: how much of it went at once, how much stays."""

    name: str
    gone: int
    stays: int


def about(tx: Transaction, people: Sequence[int], requests: Sequence[int]) -> About:
    """Gather who is meant, while their addresses still stand."""
    values = tx.execute(
        select(col(Address.value)).where(col(Address.person_id).in_(people))
    ).scalars()
    reached = set(values)
    reached |= _spoke_under(tx, people, reached)
    handles = frozenset(name for one in reached for name in {one, e164(one) or one})
    linked = select(col(Belonging.household_id)).where(
        col(Belonging.request_id).in_(requests),
        col(Belonging.state) == "confirmed",
        col(Belonging.household_id).is_not(None),
    )
    homes = dict.fromkeys(tx.execute(linked).scalars())
    homes |= dict.fromkeys(_homes_with(tx, handles))
    known = registry.households(tx.connection, list(homes))
    alone = [one.id for one in known if len(one.people) <= 1]
    return About(people, requests, handles, list(homes), alone)


def _spoke_under(tx: Transaction, people: Sequence[int], known: set[str]) -> set[str]:
    """The numbers under which they spoke themselves and are reached no more, since they gave
    another: what hangs on those is theirs too. Not what was typed into a form, nor a number that
    is another person's by now."""
    spoken = select(col(Contact.sender)).where(
        col(Contact.person_id).in_(people),
        col(Contact.reporter).is_(None),
        col(Contact.channel) != FORM,
    )
    former = {one for one in tx.execute(spoken).scalars() if one} - known
    for one in sorted(former):
        names = keyring.names(tx.connection, FIELD, one)
        owner = tx.execute(select(col(Address.person_id)).where(col(Address.lookup).in_(names)))
        if set(owner.scalars()) - set(people):
            former.discard(one)
    return former


def _homes_with(tx: Transaction, handles: frozenset[str]) -> list[str]:
    """Households that are reached by one of these telephones, and it is nobody else's. While keys
    of households wait to be hashed anew, as after a restore, every telephone is looked at."""
    query = read_home(names=(), phones=tuple(handles), address="")
    if not query.phones:
        return []
    wanted = select(
        col(HouseholdPhone.household_id), col(HouseholdPhone.number), col(HouseholdPhone.whose)
    )
    _, mark = keyring.lasting_secret(tx.connection, "household_key.hash")
    if hashed_under(tx.connection) == mark and not unkeyed(tx.connection, 1):
        hashes = registry.hashes_of(tx.connection, query)
        near = {home for ids in probe(tx.connection, hashes).values() for home in ids}
        wanted = wanted.where(col(HouseholdPhone.household_id).in_(near))
    rows = tx.execute(wanted).all()
    return [
        row.household_id
        for row in rows
        if not row.whose and set(read_number(row.number)) & set(query.phones)
    ]


def erase(
    tx: Transaction, people: Sequence[int], requests: Sequence[int], now: datetime
) -> list[Fate]:
    """Erase these people and their requests, the addresses last, by which all else is found."""
    who = about(tx, people, requests)
    fates = carry_out(tx, who, now)
    of_requests(tx, requests, now, people)
    forget(tx, who)
    return fates


def carry_out(tx: Transaction, who: About, now: datetime) -> list[Fate]:
    """Erase what goes at once; what went and what stays, class by class."""
    return [Fate(name, *reach(tx, who, now)) for name, reach in REACH.items()]


def _words(_tx: Transaction, who: About, _now: datetime) -> tuple[int, int]:
    """The requests themselves go by ``erasure.of_requests``."""
    return len(who.requests), 0


def _raw(tx: Transaction, who: About, _now: datetime) -> tuple[int, int]:
    """They go with the words."""
    return len(one_matter.words_of(tx, who.requests, who.people)), 0


def calls(tx: Transaction, who: About) -> list[Any]:
    """The calls of the switchboard from a telephone of this person."""
    columns = col(PhoneCall.id), col(PhoneCall.caller), col(PhoneCall.ended_at)
    rows = tx.execute(select(*columns).where(col(PhoneCall.caller).is_not(None)))
    return [row for row in rows if who.means(row.caller)]


def loose_messages(tx: Transaction, who: About) -> list[Any]:
    """The messages to this person that are about no request."""
    columns = col(Outgoing.id), col(Outgoing.address), col(Outgoing.next_at)
    nobodys = col(Outgoing.request_id).is_(None), col(Outgoing.staff).is_(None)
    rows = tx.execute(select(*columns).where(*nobodys))
    return [row for row in rows if who.means(row.address)]


def _calls(tx: Transaction, who: About, _now: datetime) -> tuple[int, int]:
    mine = calls(tx, who)
    over = [row.id for row in mine if row.ended_at is not None]
    tx.execute(update(PhoneCall).where(col(PhoneCall.id).in_(over)).values(caller=ERASED))
    return len(over), len(mine) - len(over)


def _messages(tx: Transaction, who: About, _now: datetime) -> tuple[int, int]:
    mine = loose_messages(tx, who)
    sent = [row.id for row in mine if row.next_at is None]
    outbox.empty(tx, col(Outgoing.id).in_(sent))
    return len(sent), len(mine) - len(sent)


def _doors(tx: Transaction, who: About, now: datetime) -> tuple[int, int]:
    """What was said at a door; that somebody was there, when and with what outcome stays."""
    home = col(Visit.household_id)
    rows = tx.execute(
        select(
            col(Visit.id), home, col(Visit.settled_at), expiry.free(col(Visit.number)).label("free")
        ).where(home.in_(who.homes), col(Visit.erased_at).is_(None), col(Visit.version) > 0)
    ).all()
    over = [row for row in rows if row.settled_at is not None and row.free]
    mine = [row.id for row in over if row.household_id in who.alone]
    tx.execute(update(Visit).where(col(Visit.id).in_(mine)).values(said={}, erased_at=now))
    _door_entries(tx, col(DoorEntry.visit_id), col(Disagreement.visit_id), mine)
    return len(mine), len(rows) - len(mine)


def _door_entries(tx: Transaction, entry: Any, differed: Any, ids: Sequence[int]) -> None:
    tx.execute(
        delete(Disagreement).where(differed.in_(ids), col(Disagreement.settled_at).is_not(None))
    )
    tx.execute(update(DoorEntry).where(entry.in_(ids)).values(said={}, digest=EMPTIED))


def _warnings(tx: Transaction, who: About, now: datetime) -> tuple[int, int]:
    """Rows of other bodies' lists that name the person, or a household of theirs alone."""
    rows = tx.execute(
        select(
            col(Warned.id),
            col(Warned.phone),
            col(Warned.household_id),
            col(Warned.state),
            expiry.free(col(Warned.number)).label("free"),
        ).where(col(Warned.erased_at).is_(None))
    )
    mine, others = [], 0
    for row in rows:
        own = (row.phone and who.means(row.phone)) or row.household_id in who.alone
        if own and row.free and row.state != "open":
            mine.append(row.id)
        elif own or row.household_id in who.homes:
            others += 1
    tx.execute(
        update(Warned)
        .where(col(Warned.id).in_(mine))
        .values(**expiry.NO_WARNING_WORDS, erased_at=now)
    )
    _door_entries(tx, col(DoorEntry.warning_id), col(Disagreement.warning_id), mine)
    return len(mine), others


def _aid(tx: Transaction, who: About, _now: datetime) -> tuple[int, int]:
    mine = or_(col(Relief.household_id).in_(who.homes), col(Relief.request_id).in_(who.requests))
    query = select(func.count(col(Relief.id))).where(mine, col(Relief.erased_at).is_(None))
    return 0, tx.execute(query).scalar() or 0


def _register(tx: Transaction, who: About, _now: datetime) -> tuple[int, int]:
    """The telephones leave the register; the household stays in it."""
    gone = 0
    for home in registry.households(tx.connection, who.homes):
        rows = tx.execute(
            select(col(HouseholdPhone.id), col(HouseholdPhone.number)).where(
                col(HouseholdPhone.household_id) == home.id
            )
        ).all()
        ids = [row.id for row in rows if who.means(row.number)]
        if not ids:
            continue
        keys = registry.hashes_of(tx.connection, home.home())
        tx.execute(delete(HouseholdPhone).where(col(HouseholdPhone.id).in_(ids)))
        (left,) = registry.households(tx.connection, [home.id])
        rekey(tx, home.id, gone=keys, new=registry.hashes_of(tx.connection, left.home()))
        gone += len(ids)
    return gone, len(who.homes)


def _imports(tx: Transaction, who: About, _now: datetime) -> tuple[int, int]:
    query = select(func.count()).where(
        col(ImportLine.target).in_(who.homes), col(ImportLine.before).is_not(None)
    )
    return 0, tx.execute(query).scalar() or 0


def _looks(tx: Transaction, who: About, _now: datetime) -> tuple[int, int]:
    query = select(func.count()).where(col(Look.request_id).in_(who.requests))
    return 0, tx.execute(query).scalar() or 0


REACH: Mapping[str, Callable[[Transaction, About, datetime], tuple[int, int]]] = {
    "case_words": _words,
    "raw_calls": _raw,
    "calls": _calls,
    "loose_messages": _messages,
    "visit_words": _doors,
    "warning_words": _warnings,
    "relief_words": _aid,
    "left_households": _register,
    "import_files": _imports,
    "looks": _looks,
}
"""By class of ``retention.toml``. Not here: sessions of staff, and files that belong to nobody."""


def forget(tx: Transaction, who: About) -> None:
    """The name and every address, where no request with words in it is left."""
    kept = select(col(HelpRequest.person_id)).where(col(HelpRequest.erased_at).is_(None))
    gone = list(
        tx.execute(
            select(col(Person.id)).where(
                col(Person.id).in_(who.people), col(Person.id).not_in(kept)
            )
        ).scalars()
    )
    tx.execute(update(Person).where(col(Person.id).in_(gone)).values(name=None))
    tx.execute(
        delete(Address).where(col(Address.person_id).in_(gone), col(Address.staff).is_(None))
    )
