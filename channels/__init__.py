"""The ways in and out. A module here whose name does not begin with ``_`` is a channel.

A channel is one file and one name in HUIYIN_CHANNELS. It knows neither triage nor referral: it
turns a provider's call into ``models.messages`` values and sends finished texts. The module offers
``def channel(settings: ChannelSettings) -> Channel``; nothing else has to be edited.
"""

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import ClassVar, Protocol

from models.messages import (
    Answer,
    Correspondent,
    Happening,
    Inbound,
    Outbound,
    Outcome,
    Preference,
    Raw,
    Step,
    Turn,
)
from models.vocabulary import Form

Wording = Callable[[str, Mapping[str, str], Form, str], str]
"""(phrase key, parameters, form, language) -> text; raises KeyError for an unknown phrase."""


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """What every channel is given. ``env`` holds all HUIYIN_* settings without the prefix, upper
    case, e.g. ``env["TWILIO_AUTH_TOKEN"]``; ``repr`` shows none of them."""

    public_url: str
    operator_number: str
    env: Mapping[str, str] = field(repr=False, default_factory=dict)
    say: Wording = field(repr=False, default=lambda key, params, form, language: key)


class Dialogue(Protocol):
    """A conversation as a pure function; its state is kept by the gateway between the turns."""

    def step(self, state: Mapping[str, str], turn: Turn, who: Correspondent) -> Step:
        """The next step; {} is the state of a conversation that has just begun."""

    def unfinished(self, state: Mapping[str, str]) -> Inbound | None:
        """The contact that an abandoned conversation amounts to, None when nothing was said."""

    def lasts(self, state: Mapping[str, str]) -> bool:
        """Whether silence for hours means nothing: people talk, or something is still to come."""


class Channel(ABC):
    """The contract on one page. ``verify`` and ``parse`` are pure; only ``send`` and ``missed``
    speak to the provider, and never inside a transaction."""

    name: ClassVar[str]  # the module's name, which is the name in the address and in the settings
    form: ClassVar[Form] = Form.FULL
    address_kind: ClassVar[str]  # "tel" is shared by everything that has a telephone number
    source: ClassVar[str] = "chat"  # its channel word: phone, sms, chat, grid_app, web_form, ...
    pushes: ClassVar[bool] = True  # False where nobody can be reached after the call has ended
    receipts: ClassVar[bool] = False  # True where the provider tells that a message has arrived
    typed: ClassVar[bool] = False  # True where a sender is only what somebody typed into a form
    dialogue: Dialogue | None = None

    @abstractmethod
    def verify(self, raw: Raw) -> None:
        """Raise ``Forged`` unless the call is authentic; compares bytes in constant time."""

    @abstractmethod
    def parse(self, raw: Raw) -> Sequence[Happening]:
        """What the call says, in order. Raises ``Unreadable`` only when the body is not this
        provider's form at all; any other exception sends the kept call to the holding pen."""

    @abstractmethod
    async def send(self, message: Outbound) -> str:
        """Send and return the provider's id; ``Undeliverable`` or ``Unavailable`` otherwise."""

    def connected(self) -> AbstractAsyncContextManager[None]:
        """Keep connections open from one message to the next while inside."""
        return nullcontext()

    def key(self, raw: Raw) -> str | None:
        """The provider's own id of this call, when it has one: the first guard against repeats."""
        return None

    def printed_at(self, raw: Raw) -> datetime | None:
        """When the form was printed that this call is, where it is one."""
        return None

    def digest(self, raw: Raw) -> bytes:
        """The second guard: a hash of what was signed, so that a re-cut body is still a repeat."""
        return sha256(raw.url.encode() + b"\0" + raw.body).digest()

    def answer(self, raw: Raw, outcome: Outcome) -> Answer:
        """What the provider's call gets back; runs after the commit."""
        return Answer()

    async def missed(self, since: datetime) -> Sequence[Inbound | Preference]:
        """What the provider took for us while we were down; goes through the same journal."""
        return ()

    async def pending(self) -> int | None:
        """How many calls wait at the provider, where it can be asked."""
        return None

    async def find(self, message: Outbound, since: datetime) -> str | None:
        """The provider's id of a message that it took since then without our knowing, or None.
        Raises ``Unavailable`` while it cannot say."""
        return None

    def probe(self, words: str) -> Raw | None:
        """An authentic call with these words, for a channel that we can call ourselves."""
        return None

    def warm(self) -> None:
        """Load what is slow to load; called once in a thread when the process starts."""

    async def register(self) -> None:
        """Tell the provider where we are, where it wants to be told."""

    async def close(self) -> None:
        """Give back connections when the process stops."""

    async def listen(self, deliver: Callable[[Raw], object]) -> None:
        """Fetch calls for a machine without a public address; returns at once where there is no
        such way. ``deliver`` is awaited with each raw call before it is confirmed."""


def load(names: Sequence[str], settings: ChannelSettings) -> dict[str, Channel]:
    """Import and build the named channels, and only those. Raises ValueError with one sentence."""
    found: dict[str, Channel] = {}
    for name in names:
        if name.startswith("_") or not name.isidentifier():
            raise ValueError(f"HUIYIN_CHANNELS: {name!r} is not the name of a channel module")
        try:
            module = importlib.import_module(f"channels.{name}")
        except ModuleNotFoundError as error:
            if error.name == f"channels.{name}":
                message = f"HUIYIN_CHANNELS: there is no channel {name!r} in channels/"
                raise ValueError(message) from None
            raise
        found[name] = module.channel(settings)
    return found
