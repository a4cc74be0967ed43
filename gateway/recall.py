"""What the database already knows about a batch of calls, fetched in a few queries for all."""

from collections import ChainMap
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select
from sqlmodel import col

from models import dialogues, journal, people
from models.journal import JournalEntry
from models.messages import Inbound, Preference, Turn
from models.people import NAMELESS, OPEN_COLUMNS, Person
from models.requests import Contact, HelpRequest
from models.transaction import Row, Transaction
from models.vocabulary import Level, Track
from referral.joined import master_of
from triage.assess import Assessment

if TYPE_CHECKING:
    from gateway.intake import Call

JOIN_WINDOW = timedelta(minutes=2)
"""The parts of a long text arrive one by one; within this time they are read as one as well."""


@dataclass(slots=True)
class Acquaintance:
    """A person as intake needs to know them."""

    person_id: int
    language: str | None = None
    staff: str | None = None
    stopped: bool = False
    newcomer: bool = False  # nobody wrote from this handle before
    address_id: int | None = None
    open_requests: tuple[Row, ...] = ()  # the oldest first
    lately: str = ""
    lately_at: datetime | None = None
    lately_in: int | None = None  # the request of which these words are part
    lately_by: str | None = None  # who reported them, if they are a report

    def just_spoke(self, now: datetime) -> bool:
        """Whether what comes now may be a part of the text before it."""
        return self.lately_at is not None and abs(now - self.lately_at) <= JOIN_WINDOW

    def goes_on(self, reporter: str | None, now: datetime) -> bool:
        """Whether what comes now is read with the words just before: those of the same writer, in a
        request that it may join."""
        if not (self.lately and self.just_spoke(now)) or reporter != self.lately_by:
            return False
        return self.lately_in in {one["id"] for one in self.open_requests}

    def has_said(self, level: Level) -> bool:
        """Whether the words just before are part of a request that has this level already."""
        return any(
            one["id"] == self.lately_in and Level(one["level"]).rank <= level.rank
            for one in self.open_requests
        )

    def joins(self, assessment: Assessment, now: datetime) -> Row | None:
        """The open request that words of this person belong to, None where they begin a new one.
        ``open_requests`` are those that they may join (``belonging``). A complaint stands apart
        (I9): it never joins a request that those complained about may be working on, and a plea for
        help is never hidden from them inside a complaint."""
        matters = [one for one in self.open_requests if one["track"] != Track.GRIEVANCE]
        complaints = [one for one in self.open_requests if one["track"] == Track.GRIEVANCE]
        if assessment.level.is_urgent:
            complaints = []
        elif assessment.track is Track.GRIEVANCE or (
            self.just_spoke(now) and self.lately_in in {one["id"] for one in complaints}
        ):
            matters = []
        return next(iter((*matters, *complaints)), None)

    def having_said(self, inbound: Inbound, at: datetime, request: Row) -> "Acquaintance":
        """The same person after these words, which are part of ``request`` now."""
        known = {one["id"]: one for one in self.open_requests} | {request["id"]: request}
        return replace(
            self,
            open_requests=tuple(known.values()),
            lately=inbound.text,
            lately_at=at,
            lately_in=request["id"],
            lately_by=inbound.reporter,
        )


@dataclass(slots=True)
class Recall:
    """Grows while the batch is worked through, so that two messages in one batch see each other."""

    entries: dict[tuple[str, bytes | str], Any] = field(default_factory=dict)
    people: ChainMap[tuple[str, str], Acquaintance] = field(default_factory=ChainMap)
    contacts: ChainMap[tuple[str, str], Any] = field(default_factory=ChainMap)
    states: ChainMap[tuple[str, str], dict[str, str] | None] = field(default_factory=ChainMap)
    asked: set[Any] = field(default_factory=set)  # handles and contact ids that were looked for

    @contextmanager
    def trial(self) -> Iterator[None]:
        """Keep what is learnt inside only if nothing goes wrong."""
        maps = (self.people, self.contacts, self.states)
        for one in maps:
            one.maps.insert(0, {})
        try:
            yield
        except BaseException:
            for one in maps:
                del one.maps[0]
            raise
        for one in maps:
            learnt = one.maps.pop(0)
            one.maps[0].update(learnt)  # type: ignore[arg-type]

    def entry(self, call: "Call") -> Any:
        """The journal entry of an earlier delivery of this call, or None."""
        found = self.entries.get((call.channel, call.digest))
        if found is None and call.provider_key is not None:
            found = self.entries.get((call.channel, call.provider_key))
        return found

    def remember(self, call: "Call", earlier: Any) -> None:
        """A repeat in the same batch is answered like the first."""
        self.entries[(call.channel, call.digest)] = earlier
        if call.provider_key:
            self.entries[(call.channel, call.provider_key)] = earlier

    def meet(self, tx: Transaction, kind: str, handle: str, now: datetime) -> Acquaintance:
        """Who writes from this handle; a new person if nobody does. Nobody's name is asked."""
        known = self.people.get((kind, handle)) if handle else None
        if known is not None:
            return known
        person = tx.add(Person, id=tx.mint(), created_at=now)
        known = Acquaintance(person["id"], newcomer=True)
        if handle:
            known.address_id = people.introduce(tx, person["id"], kind, handle)
            self.people[(kind, handle)] = known
        return known

    def look_up(self, tx: Transaction, call: "Call", inbound: Inbound) -> None:
        """Ask for whom and what ``load`` could not know: a dialogue writes down words under an id
        of its own, and of a sender that it remembers. What is known already is not asked again."""
        handle = handle_of(call, inbound)
        if handle[1] and handle not in self.people and handle not in self.asked:
            found = Recall()  # of their own: the same handle of another kind is somebody else
            _load_people(tx, found, {handle}, call.now - JOIN_WINDOW)
            if handle in found.people:
                self.people[handle] = found.people[handle]
        said = (call.channel, inbound.external_id)
        if said not in self.contacts and inbound.external_id not in self.asked:
            _load_contacts(tx, self, {inbound.external_id})


def handle_of(call: "Call", inbound: Inbound) -> tuple[str, str]:
    """Whose words they are; a withheld number's are those of one talk."""
    nameless = call.talk and not inbound.sender
    return (NAMELESS, call.talk) if nameless else (call.address_kind, inbound.sender)


def load(tx: Transaction, calls: Sequence["Call"]) -> Recall:
    """Everything the batch may need to know."""
    refresh(tx, calls)
    recall = Recall()
    keys = [call.provider_key for call in calls if call.provider_key]
    for row in journal.known(tx, [call.digest for call in calls], keys):
        recall.entries[(row.channel, bytes(row.digest))] = row
        if row.provider_key:
            recall.entries[(row.channel, row.provider_key)] = row
    handles, contacts, conversations = set(), set(), set()
    for call in calls:
        for happening in call.happenings:
            if isinstance(happening, Inbound | Preference | Turn):
                handles.add((call.address_kind, happening.sender))
            if isinstance(happening, Inbound):
                contacts.add(happening.external_id)
            if isinstance(happening, Turn):
                conversations.add(happening.conversation)
                if happening.message:
                    contacts.add(happening.message.external_id)
    since = min(call.now for call in calls) - JOIN_WINDOW
    _load_people(tx, recall, {handle for handle in handles if handle[1]}, since)
    _load_contacts(tx, recall, contacts)
    recall.asked = handles | contacts
    if conversations:
        recall.states.update(dialogues.states(tx, conversations))
    return recall


def refresh(tx: Transaction, calls: Sequence["Call"]) -> None:
    """What comes out of the holding pen was read before its turn came: how it stands now counts.
    Calls of one entry share its row."""
    held = [(call, call.kept) for call in calls if call.kept is not None]
    if not held:
        return
    rows = {kept["id"]: kept for _, kept in held}
    for row in journal.standing(tx, list(rows)):
        rows[row.id] = {**rows[row.id], **row._mapping}
    for call, kept in held:
        call.kept = rows[kept["id"]]
        call.number, call.code = call.kept["number"], call.kept["code"]


_LATELY = (
    select(
        col(Contact.request_id),
        col(Contact.person_id),
        col(Contact.reporter),
        col(Contact.text),
        col(Contact.received_at),
    )
    .where(
        col(Contact.request_id).in_(bindparam("requests", expanding=True)),
        col(Contact.received_at) >= bindparam("since"),
    )
    .order_by(col(Contact.received_at))
)
_CONTACTS: Any = (
    select(
        col(Contact.id),
        col(Contact.channel),
        col(Contact.external_id),
        col(Contact.state),
        func.coalesce(col(JournalEntry.number), col(HelpRequest.number)).label("number"),
        col(JournalEntry.code).label("code_in_pen"),
        col(HelpRequest.code).label("code_of_request"),
    )
    .join(JournalEntry, col(JournalEntry.id) == col(Contact.journal_id))
    .outerjoin(HelpRequest, col(HelpRequest.id) == col(Contact.request_id))
    .where(col(Contact.external_id).in_(bindparam("ids", expanding=True)))
)


def _load_people(
    tx: Transaction, recall: Recall, handles: set[tuple[str, str]], since: datetime
) -> None:
    open_ids: dict[int, Acquaintance] = {}
    joined: list[tuple[Acquaintance, Row]] = []
    for row in people.correspondents(tx, handles):
        mapping = row._mapping
        known = recall.people.get((row.kind, row.value))
        if known is None:
            known = Acquaintance(
                row.who,
                row.language,
                row.staff,
                stopped=row.stopped_at is not None,
                address_id=row.address_id,
            )
            recall.people[(row.kind, row.value)] = known
        if mapping["merged_into"] is not None:
            joined.append((known, {name: mapping[name] for name in OPEN_COLUMNS}))
        elif mapping["id"] is not None:
            known.open_requests += ({name: mapping[name] for name in OPEN_COLUMNS},)
            open_ids[mapping["id"]] = known
    for known, request in joined:
        master = led_on(tx, request)
        if master is not None:
            known.open_requests += (master,)
    if not open_ids:
        return
    for row in tx.execute(_LATELY, {"requests": list(open_ids), "since": since}):
        known = open_ids[row.request_id]
        if row.person_id not in (known.person_id, None):
            continue  # a neighbour's, whose request was joined to this one
        known.lately, known.lately_at = row.text, row.received_at
        known.lately_in, known.lately_by = row.request_id, row.reporter


_OWN = ("number", "code", "person_id", "channel")


def led_on(tx: Transaction, request: Row) -> Row | None:
    """The open request that a joined one leads to, under the number and the person it has for
    them: whose request was joined to a stranger's is never told the stranger's number and code."""
    master = master_of(tx, request)
    if master["closed_at"] is not None:
        return None
    return {**master, **{name: request[name] for name in _OWN}}


def _load_contacts(tx: Transaction, recall: Recall, external_ids: set[str]) -> None:
    if not external_ids:
        return
    for row in tx.execute(_CONTACTS, {"ids": list(external_ids)}):
        recall.contacts[(row.channel, row.external_id)] = row
