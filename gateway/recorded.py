"""Recorded contacts: the JSON form in which partner systems post and history is replayed.

``{"channel","external_id","sender","text","at","place"?,"reporter"?,"media"?}``
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from channels.web import e164
from gateway.cleaning import clean
from gateway.days import Moment
from gateway.intake import Call
from models.messages import Inbound, Location, Media, Raw
from models.vocabulary import Level

PART = "recorded"
PARTNER = "api://"
"""How the address of a partner system's record begins; its name follows."""
WGS_84 = "WGS-84"
_HANDLES = ("whatsapp:",)
"""How a handle begins that is reached in another way than a telephone; "tel:" is a telephone."""

SOURCES = {
    "phone": "tel",
    "sms": "tel",
    "web_form": "tel",
    "walk_in": "tel",
    "chat": "chat",
    "grid_app": "staff",
    "warning_lead": "unit",
    "transfer_in": "unit",
}
"""The channel words of domain note 3a and the kind of address their sender is."""


class RecordedMedia(BaseModel):
    """An attachment: where it is and what it is."""

    url: str
    content_type: str = "application/octet-stream"


class Recorded(BaseModel):
    """One recorded contact. Unknown fields are refused, so that a misspelt one is not lost."""

    model_config = ConfigDict(extra="forbid", strict=False)

    channel: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    external_id: str = Field(min_length=1, max_length=200)
    sender: str = Field("", max_length=200)
    text: str = ""
    at: Moment | None = None
    place: str | None = None
    reporter: str | None = None
    media: list[RecordedMedia | str] = []
    name: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    datum: str | None = None
    claims: Level | None = None
    confidential: bool = False
    missed: bool = False
    language: str | None = None
    taken_by: str | None = None
    about: str | None = None

    def inbound(self) -> Inbound:
        """The contact it describes; a telephone number is brought into its international form, a
        handle that says by what it is reached ("whatsapp:+86…") is kept as it is."""
        point = None
        if self.latitude is not None and self.longitude is not None:
            point = Location(self.latitude, self.longitude, self.datum or WGS_84)
        media = [RecordedMedia(url=one) if isinstance(one, str) else one for one in self.media]
        telephone = SOURCES.get(self.channel) == "tel" and not self.sender.startswith(_HANDLES)
        return Inbound(
            external_id=self.external_id,
            sender=(e164(self.sender) or self.sender) if telephone else self.sender,
            text=self.text,
            at=self.at,
            place=self.place,
            location=point,
            media=tuple(Media(one.url, one.content_type) for one in media),
            name=self.name,
            reporter=self.reporter,
            claims=self.claims,
            missed=self.missed,
            confidential=self.confidential,
            language=self.language,
            taken_by=self.taken_by,
            about=self.about,
        )


class BadRecord(ValueError):
    """A record that cannot be used; the message names the field and how to mend it."""


def read(body: bytes | str) -> Recorded:
    """A record from its JSON. Raises ``BadRecord``."""
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRecord(f"column {error.colno}: this is not JSON ({error.msg})") from None
    if not isinstance(content, dict):
        raise BadRecord("column 1: a contact is a JSON object")
    try:
        return Recorded.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "record"
        raise BadRecord(f"field {field!r}: {first['msg']}") from None


def of(inbound: Inbound, channel: str) -> bytes:
    """A contact as a record, so that it can be kept and read again."""
    content: dict[str, Any] = {
        "channel": channel,
        "external_id": inbound.external_id,
        "sender": inbound.sender,
        "text": inbound.text,
        "at": inbound.at,
        "place": inbound.place,
        "reporter": inbound.reporter,
        "media": [{"url": m.url, "content_type": m.content_type} for m in inbound.media],
        "name": inbound.name,
        "claims": inbound.claims,
        "missed": inbound.missed,
        "confidential": inbound.confidential,
        "language": inbound.language,
        "taken_by": inbound.taken_by,
        "about": inbound.about,
    }
    if inbound.location:
        content["latitude"] = inbound.location.latitude
        content["longitude"] = inbound.location.longitude
        content["datum"] = inbound.location.datum
    return orjson.dumps({name: value for name, value in content.items() if value})


def call_of(
    record: Recorded,
    body: bytes,
    now: datetime,
    *,
    provider_key: str | None = None,
    kinds: Mapping[str, str] = SOURCES,
    url: str = "",
) -> Call:
    """The call that a record is. It is the same call whenever the same contact comes again; what
    partner systems call their contacts is theirs alone, so two of them may use the same id."""
    inbound, whose = record.inbound(), ""
    if url.startswith(PARTNER):
        whose = url.removeprefix(PARTNER)
        inbound = replace(inbound, external_id=id_of(whose, record))
    keyed = f"{whose}\0".encode() + body if whose else body
    return Call(
        channel=record.channel,
        source=record.channel,
        address_kind=kinds.get(record.channel) or SOURCES.get(record.channel, record.channel),
        raw=Raw(url or f"recorded://{record.channel}", body, {}, part=PART),
        now=now,
        digest=_digest(keyed) if provider_key else mark_of(record.channel, inbound.external_id),
        provider_key=provider_key,
        happenings=[clean(inbound)],
    )


def mark_of(channel: str, external_id: str) -> bytes:
    """Under which digest the journal keeps a contact that is known by its own id."""
    return _digest(f"{channel}\0{external_id}".encode())


def _digest(what: bytes) -> bytes:
    return sha256(PART.encode() + b"\0" + what).digest()


def id_of(partner: str, record: Recorded) -> str:
    """Under which id a contact of this partner system is kept."""
    return f"{partner}:{record.external_id}"
