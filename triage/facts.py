"""What a text plainly states about people and places, so that nobody has to ask for it again."""

from dataclasses import dataclass, field
from datetime import date, datetime

from triage.frailty import read_frailty
from triage.households import read_count
from triage.names import Named, read_people
from triage.onsets import read_since
from triage.phones import read_phones
from triage.places import read_address
from triage.signals import Scan
from triage.text import HEAD, Folded


@dataclass(frozen=True, slots=True)
class Quoted:
    """A fact with the citizen's own words for it; ``value`` when the words can be reckoned."""

    quote: str
    value: int | date | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What the text states, as far as a machine can be sure; never a condition of help.

    ``place`` is the address as it was written, ``address`` its parts by kind (prov, city, district,
    town, community, group, road, roadno, poi, houseno, cellno, floorno, roomno, assist).
    ``contacts`` are persons named only as somebody to telephone. ``since`` is the onset."""

    phones: tuple[str, ...] = ()
    people: tuple[Named, ...] = ()
    contacts: tuple[str, ...] = ()
    count: Quoted | None = None
    place: str | None = None
    address: dict[str, str] = field(default_factory=dict)
    since: Quoted | None = None
    minor: bool = False
    elder: bool = False
    pregnant: bool = False
    disabled: bool = False
    devices: tuple[str, ...] = ()

    @property
    def device(self) -> bool:
        """Whether somebody depends on a device that needs power."""
        return bool(self.devices)

    def as_json(self) -> dict[str, object]:
        count, since = self.count, self.since
        return {
            "phones": list(self.phones),
            "people": [person.as_json() for person in self.people],
            "contacts": list(self.contacts),
            "count": {"people": count.value, "quote": count.quote} if count else None,
            "place": self.place,
            "address": dict(self.address),
            "since": {
                "quote": since.quote,
                "date": since.value.isoformat() if isinstance(since.value, date) else None,
            }
            if since
            else None,
            "minor": self.minor,
            "elder": self.elder,
            "pregnant": self.pregnant,
            "disabled": self.disabled,
            "device": self.device,
            "devices": list(self.devices),
        }


def read_facts(
    text: str, folded: Folded, scan: Scan, *, place: str | None, at: datetime | None = None
) -> Facts:
    """Read the facts of a text; ``place`` is what the channel already knows and stands when the
    text names none, ``at`` when the words were said. Telephone numbers come as digits only."""
    flat = folded.flat
    gone = len(text) - len(flat)

    def words(start: int, end: int) -> str:
        """What the person wrote there; the middle of a very long text is not in ``flat``."""
        shift = gone if start >= HEAD else 0
        return text[start + shift : end + shift].strip()

    people = read_people(flat, words)
    count, since, address = read_count(flat), read_since(flat, at), read_address(flat)
    ages = {person.age for person in people.persons if person.age is not None}
    frailty = read_frailty(flat, folded, scan, ages)
    return Facts(
        phones=read_phones(flat),
        people=people.persons,
        contacts=people.contacts,
        count=Quoted(words(count.start, count.end), count.people) if count else None,
        place=(words(address.start, address.end) if address else None) or place,
        address={kind: words(*span) for kind, span in address.parts.items()} if address else {},
        since=Quoted(words(since.start, since.end), since.day) if since else None,
        minor=frailty.minor,
        elder=frailty.elder,
        pregnant=frailty.pregnant,
        disabled=frailty.disabled,
        devices=frailty.devices,
    )
