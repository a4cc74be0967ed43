"""What casework judges by, as one value: the policy, who is there, the words, the ways out."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from models.messages import Inbound, mark, spoken
from models.phrases import Phrasebook
from models.vocabulary import Form, Level, worst
from referral.areas import Gazetteer
from referral.clocks import LadderStep
from referral.directory import Directory
from referral.policy import Policy
from triage.assess import Assessment, Context, assess
from triage.opinion import Model
from triage.policy import SignalPolicy

_ASKED_BY_OFFICE = {"warning_lead": Level.STANDARD, "transfer_in": Level.STANDARD}
"""What another body hands over is a matter to be seen to, however it is worded."""
UNHEARD = Level.PRIORITY
"""A voice or a picture without words, until somebody has listened or looked (domain note 3e.2)."""
_ELSEWHERE = frozenset({"hotline", "understood"})


@dataclass(frozen=True, slots=True)
class Way:
    """How an answer leaves: the channel module, the kind of address it takes, the form it says."""

    channel: str
    address_kind: str
    form: Form


@dataclass(frozen=True, slots=True)
class Reply:
    """Where the answer to one contact goes."""

    way: Way
    address: str


@dataclass(frozen=True, slots=True)
class Office:
    """Built by the gateway, replaced as a whole when a rule, a unit or a roster changes.

    ``ways`` maps an address kind to the channel that reaches it now; ``hotline`` is the line's
    name and number as citizens know it.
    """

    policy: Policy
    signals: SignalPolicy
    directory: Directory
    gazetteer: Gazetteer
    phrases: Phrasebook
    hotline: str
    ways: Mapping[str, Way]
    callback_url: str = ""
    guessing_key: str = field(default="", repr=False)
    ladders: Mapping[tuple[str, str], tuple[LadderStep, ...]] = field(default_factory=dict)
    """The ladders of every version of the rules that has started clocks here."""
    exercises: frozenset[str] = field(default_factory=frozenset)
    model: Model | None = field(default=None, repr=False)
    rungs: dict[tuple[object, ...], tuple[Any, ...]] = field(
        default_factory=dict, repr=False, compare=False
    )
    """First rungs of ladders already worked out (``referral.promises``)."""

    def ladder_of(self, clock: Any) -> tuple[LadderStep, ...]:
        """The reminders of a clock (a row) as they stood when it was started, whatever the rules
        say today; () where nobody knows its ladder any more."""
        kept = self.ladders.get((clock.policy, clock.ladder))
        return kept or self.policy.ladders.get(clock.ladder, ())

    def assess(self, text: str, channel: str, inbound: Inbound) -> Assessment:
        """What the text means, by the signals in force; beside it what the model thinks, which
        changes none of it. What has no words is looked at by a person before it waits its turn."""
        context = Context(
            channel=channel,
            place=inbound.place,
            at=inbound.at,
            reporter=inbound.reporter is not None,
            claims=_claims(inbound, channel),
            exercise_codes=self.exercises,
        )
        assessment = assess(text, context, self.signals)
        if self.model is None or not text:
            return assessment
        return dataclasses.replace(assessment, opinion=self.model.opinion(text))

    def reply_to(self, kind: str, inbound: Inbound) -> Reply | None:
        """Where to answer: the number the person left, else the handle they wrote from."""
        if inbound.reply_to and "tel" in self.ways:
            return Reply(self.ways["tel"], inbound.reply_to)
        way = self.ways.get(kind) or self.ways.get("console")
        return Reply(way, inbound.sender) if way and inbound.sender else None

    def kept_params(self, phrase: str) -> frozenset[str]:
        """What a message must keep to be worded anew in another form. The code that it was to tell
        is kept with it: a later one may be meant for another telephone."""
        return self.phrases.parameters(phrase) - _ELSEWHERE

    def stamp(self) -> str:
        """The rules that decide now, for the record: clocks and routes, then signals. Sixteen
        digits of each hash tell one version from another; events carry the whole."""
        return f"{short(self.policy.hash)} {short(self.signals.hash)}"


def wordless(inbound: Inbound) -> bool:
    """Whether this is a voice or a picture and no word with it, and nobody has heard it: a person
    has to find out."""
    if inbound.missed or inbound.heard or not inbound.media:
        return False
    return not any(map(str.isalnum, spoken(inbound.text)))


def _claims(inbound: Inbound, channel: str) -> Level | None:
    """The level that a contact has whatever its words say; the text can only raise it."""
    claims = inbound.claims or _ASKED_BY_OFFICE.get(channel)
    return worst(claims or UNHEARD, UNHEARD) if wordless(inbound) else claims


@lru_cache(maxsize=32)
def short(stamp: str) -> str:
    """The first sixteen digits of a hash."""
    return stamp.removeprefix("sha256:")[:16]


@dataclass(frozen=True, slots=True)
class Arrival:
    """A contact on its way into the casework, with what was found out about it.

    ``now`` is when it was received (clocks start from it), ``said_at`` when it was said.
    """

    inbound: Inbound
    channel: str
    source: str  # one of the channel words of domain note 3a: sms, phone, chat, grid_app, …
    now: datetime
    said_at: datetime
    journal_id: int
    person_id: int
    language: str
    assessment: Assessment
    reply: Reply | None
    stopped: bool = False  # the person asked us not to write
    newcomer: bool = False  # the person is new with this contact and has no earlier request
    salt: str = ""  # beside the words, for what the ledger says of them

    @property
    def mark(self) -> str:
        """What the ledger says of the words as they came."""
        said = self.inbound
        return mark(self.salt, said.sender, said.name, said.text, said.place)

    @property
    def level(self) -> Level:
        """The level the contact stands at; a declared one is already counted in."""
        return self.assessment.level
