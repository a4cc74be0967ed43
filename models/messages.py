"""The frozen values that cross a boundary between a channel and the rest. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

import orjson

from models.vocabulary import Level, OutboxState


@dataclass(frozen=True, slots=True)
class Raw:
    """A provider's call exactly as it came: what is verified, kept and, if need be, read again.

    ``url`` is the address the provider called, built from HUIYIN_PUBLIC_URL and the path with its
    query, never from Host or X-Forwarded headers. Header names are lower case. ``part`` is "" for
    ``/hook/{channel}`` and the rest of the path otherwise, e.g. "status".
    """

    url: str
    body: bytes
    headers: Mapping[str, str]
    query: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True)
class Location:
    """A point on the map; without its datum it may be hundreds of metres off (GCJ-02)."""

    latitude: float
    longitude: float
    datum: str = "WGS-84"


@dataclass(frozen=True, slots=True)
class Media:
    """An attachment as the provider names it; fetched later, never inside intake."""

    url: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Inbound:
    """One contact: somebody said something and must be answered.

    ``external_id`` is the provider's own id, unique within the channel. ``sender`` is the handle
    the answer goes to (E.164 for telephones), "" for an anonymous person. ``at`` is when it was
    said (aware), None when only the time of receipt is known. ``reporter`` is the login of the
    member of staff who reports somebody else's need. ``claims`` is the level that the person
    declared by a key or button: it can only raise. ``missed`` marks a call nobody answered,
    ``answered`` one that a person took, ``heard`` a recording whose words are known. ``about`` is
    the number of the request to which the person said these words belong; ``shown`` that of one
    with the code that the writer has shown in the same browser, by the word of our own page;
    whether that code still opens it is asked where it counts.
    """

    external_id: str
    sender: str
    text: str
    at: datetime | None = None
    place: str | None = None
    location: Location | None = None
    media: tuple[Media, ...] = ()
    name: str | None = None
    reporter: str | None = None
    claims: Level | None = None
    missed: bool = False
    answered: bool = False
    heard: bool = False
    confidential: bool = False
    language: str | None = None
    reply_to: str | None = None  # another telephone number to answer, where the form gave one
    taken_by: str | None = None  # login of the operator who took the words: the one first asked
    about: str | None = None
    shown: tuple[str, str] | None = None

    @property
    def kept_location(self) -> list[Any] | None:
        """The location as a contact keeps it."""
        point = self.location
        return [point.latitude, point.longitude, point.datum] if point else None

    @property
    def kept_media(self) -> list[list[str]] | None:
        """What came along as a contact keeps it."""
        return [[one.url, one.content_type] for one in self.media] or None


_REMARKS = re.compile(r"(?:\n?〔[^〔〕\n]*〕)+\Z")


def remark(said: str) -> str:
    """A line that a form adds under somebody's words, for whoever reads them."""
    return f"〔{' '.join(said.replace('〔', '（').replace('〕', '）').split())}〕"


def spoken(text: str) -> str:
    """The words without the remarks under them."""
    return _REMARKS.sub("", text) if text.endswith("〕") else text


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a provider says became of a message of ours. Reports may come twice and out of order.

    ``reference`` is the ``key`` of our Outbound, where the provider hands it back: a report may
    overtake the answer that tells us the provider's id, or come when another route has the message.
    Without it such a report finds nothing.
    """

    provider_id: str
    state: OutboxState  # SENT, DELIVERED or FAILED
    at: datetime | None = None
    error: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Preference:
    """The person asked us to stop (or go on) writing to this handle; ``at`` if it is known when."""

    external_id: str
    sender: str
    stop: bool
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of a dialogue that may not be a contact yet. ``conversation`` names the call or
    chat; the dialogue's state is kept under it. ``act`` says
    what the person did: a key, words, a button, a place, a picture, silence, a hang-up. A chat
    turn carries the message it came from as ``message``; ``edits`` is the id of the message that
    it puts in other words, ``written_at`` when that one was written, ``group`` the id of the album
    to which it belongs. ``received_at`` is when we had it: a button says no time of its own.
    """

    external_id: str
    conversation: str
    sender: str
    act: str
    value: str = ""
    location: Location | None = None
    media: tuple[Media, ...] = ()
    message: Inbound | None = None
    known: Mapping[str, str] | None = None  # the answer to the step's lookup
    edits: str | None = None
    written_at: datetime | None = None
    group: str | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Canary:
    """A message of our own that came back: the way in is open."""

    external_id: str
    sent_at: datetime


Happening = Inbound | DeliveryReport | Preference | Turn | Canary


@dataclass(frozen=True, slots=True)
class Correspondent:
    """What a dialogue may know about who is talking. No name, no words."""

    staff: str | None = None  # login of the member of staff bound to this handle
    open_number: str | None = None


@dataclass(frozen=True, slots=True)
class Say:
    """A phrase of the phrasebook with its parameters and, in a chat, the buttons below it."""

    phrase: str
    params: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[tuple[str, str], ...] = ()  # (value, phrase key of the label)


class Ask(StrEnum):
    """What a dialogue may ask the system; the answer comes back as ``Turn.known``."""

    STATUS = "status"  # number, code -> found ("1"/""), status, and facts of channels._standing
    BIND = "bind"  # code -> staff (login) or ""


@dataclass(frozen=True, slots=True)
class Lookup:
    """A question of a dialogue to the system."""

    ask: Ask
    params: Mapping[str, str]


class Line(StrEnum):
    """What a telephone does after speaking."""

    KEYS = "keys"  # wait for keys (and, where possible, speech)
    RECORD = "record"
    CONNECT = "connect"
    HANG_UP = "hang_up"


@dataclass(frozen=True, slots=True)
class Step:
    """What a dialogue does next: a pure function of the state so far and the turn.

    ``state`` None ends the dialogue. ``contact`` becomes a contact before anything is answered.
    ``lookup`` is resolved and the same turn is stepped again with ``known`` filled. The state is
    given the number of the contact's request under the name ``number_as``. ``if_danger`` is done
    instead where the contact is a danger to life. Where nobody is put through, ``promise`` is said
    after the first sentence, ``otherwise`` if it is not urgent. ``line``, ``digits``: telephones.
    """

    state: Mapping[str, str] | None = None
    says: tuple[Say, ...] = ()
    contact: Inbound | None = None
    lookup: Lookup | None = None
    number_as: str = ""
    line: Line | None = None
    digits: int = 1
    if_danger: "Step | None" = None
    promise: str = ""
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the system made of one call, for the channel to word its answer.

    ``number`` and ``code`` are the request number and the citizen's query code, when a request was
    opened or joined. ``opened`` is False when the words joined an open request. ``refused`` is for
    the figures: which code was guessed wrongly ("code", "bind_code"), or "pause".
    """

    number: str | None = None
    code: str | None = None
    opened: bool = False
    duplicate: bool = False
    held: bool = False  # in the holding pen: kept, but not understood yet
    level: Level | None = None
    steps: tuple[Step, ...] = ()
    language: str = "zh-CN"
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Outbound:
    """One message to one person, ready to be sent. ``key`` is the idempotency reference."""

    key: str
    address: str
    text: str
    number: str | None = None
    buttons: tuple[tuple[str, str], ...] = ()  # (value, label)
    callback_url: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The body a provider's call gets back."""

    body: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Forged(Exception):
    """The call is not from whom it says: 403, and nothing is written."""


class Unreadable(Exception):
    """The body is no body of this provider at all: 4xx with one sentence, which is the message."""


class Undeliverable(Exception):
    """The provider refused for good: the message fails and a person is told."""


class Unavailable(Exception):
    """The provider is away or busy: try again later."""


class Unsure(Unavailable):
    """The provider may have taken the message: it is asked before anything is sent again."""


def mark(salt: str, *said: str | None) -> str:
    """What the ledger says of words without saying them: a hash that nobody can guess at without
    the salt, which stands sealed beside the words and is erased with them."""
    return sha256(orjson.dumps([salt, *said])).hexdigest() if salt else ""
