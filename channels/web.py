"""The citizen's form on our own pages: what is posted there is a contact like any other.

The page layer validates before, so that a person can correct a slip; here nothing is refused but
a post without a form of ours. What cannot be understood is kept as words.
"""

import hmac
import json
import math
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import ClassVar
from urllib.parse import parse_qsl

import phonenumbers
from itsdangerous import BadSignature, Signer
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberMatcher, ValidationResult

from channels import Channel, ChannelSettings
from models.messages import (
    Answer,
    Forged,
    Inbound,
    Location,
    Outbound,
    Outcome,
    Raw,
    Undeliverable,
    Unreadable,
    remark,
)
from models.vocabulary import Form, Level

_SALT, _SHOWN = b"huiyin.web.form", b"huiyin.web.shown"
_HOW_URGENT = {"danger": Level.LIFE_THREAT, "soon": Level.PRIORITY}
_TICKED = frozenset({"1", "on", "true", "yes"})
_SAID = ("what", "how_urgent", "where", "phone", "name", "for_other", "confidential", "reach")
_DATUMS = frozenset({"WGS-84", "GCJ-02", "BD-09", "CGCS2000"})
_FOR_OTHER = remark("代他人填写")
_REACH = {"call": remark("希望打电话联系"), "text": remark("希望发短信联系，不方便接电话")}
_PHONE_AS_WRITTEN = "留的电话：{phone}"
_MAX_FIELDS = 200
_LONGEST_PHONE = 200
_CHINA = 86
_MUTILATED = re.compile(r"1[3-9](?!\d{9}$)\d+")
"""A national number that begins like a mobile one and has not its eleven digits: a digit was left
out or is one too many, and what is left would ring at somebody else's or nowhere."""
_EXTENDED = re.compile(
    r"""(?<!\d)(?P<number>
        (?:(?:\+|00)86[ \-—]{0,2}[(（]?0?|[(（]?0)[1-9]\d{1,2}[)）]?[ \-—－]{0,2}
        \d{3,4}[ \-—－]?\d{3,4}|1[3-9]\d{9})
    [ ,，(（]{0,2}
    (?:[\-—–－]|[转轉][接到]?(?:分[机機])?号?|分[机機]号?|[内內][线線]|extn?\.?|[x#])
    [ :：]{0,2}(?P<extension>\d{1,6})(?!\d)""",
    re.VERBOSE | re.IGNORECASE,
)
"""A number and who is asked for there. The number has its area code, so that the groups in which
one number is written are not taken for an extension."""


def new_nonce(now: datetime) -> str:
    """The nonce of a form that is printed now; it says when."""
    return f"{int(now.timestamp())}.{secrets.token_urlsafe(12)}"


def form_token(secret: str, nonce: str) -> str:
    """The hidden field ``key`` of one printed form: the nonce, signed.

    The same secret and nonce always give the same token, so a form that is shown again after a
    slip keeps its key. Raises ValueError for an empty secret.
    """
    if not secret:
        raise ValueError("HUIYIN_SECRET_KEY is not set")
    return _signer(secret).sign(nonce).decode()


def proof(secret: str, token: str, number: str, code: str) -> str:
    """What the page writes into the field ``shown`` of the form with this ``token``, where its
    browser has shown this number with this code. Whoever fills in a form cannot write it."""
    return _signer(secret, _SHOWN).sign(f"{token} {number} {code}").decode()


class WebChannel(Channel):
    """The form at /help. The answer is a page; nothing can be pushed to a browser that has left."""

    name: ClassVar[str] = "web"
    form: ClassVar[Form] = Form.FULL
    address_kind: ClassVar[str] = "tel"
    source: ClassVar[str] = "web_form"
    pushes: ClassVar[bool] = False
    typed: ClassVar[bool] = True

    def __init__(self, settings: ChannelSettings) -> None:
        self._secret = settings.env.get("SECRET_KEY", "")

    def verify(self, raw: Raw) -> None:
        """Raise ``Forged`` unless the post carries a token that we signed.

        An old token is still good for being kept: somebody who wrote for two days on a page left
        open, or whose telephone kept the post until there was a signal, must not be turned away.
        What it is no longer good for is a message that costs money (``printed_at``).
        """
        try:
            token = _fields(raw).get("key", "")
        except Unreadable as error:
            raise Forged("the post is no form of ours") from error
        if not self._secret or self._nonce(token) is None:
            raise Forged("the form's token is missing or not ours")

    def parse(self, raw: Raw) -> Sequence[Inbound]:
        """The one contact of the form, whatever was filled in or left out."""
        fields = _fields(raw)
        phone = fields.get("phone", "")
        sender = e164(phone)
        lines = [fields.get("what", "")]
        if fields.get("for_other", "") in _TICKED:
            lines.append(_FOR_OTHER)
        lines.append(_REACH.get(fields.get("reach", ""), ""))
        lines.append(as_written(phone))
        contact = Inbound(
            external_id=self._external_id(fields),
            sender=sender,
            text="\n".join(line for line in lines if line),
            place=fields.get("where") or None,
            location=_location(fields),
            name=fields.get("name") or None,
            claims=_HOW_URGENT.get(fields.get("how_urgent", "")),
            confidential=fields.get("confidential", "") in _TICKED,
            language=fields.get("language") or None,
            shown=self._shown(fields),
        )
        return (contact,)

    async def send(self, message: Outbound) -> str:  # noqa: ARG002
        """Always ``Undeliverable``; whoever left a telephone number is answered by SMS."""
        raise Undeliverable("no push to a web form; the status page shows it")

    def key(self, raw: Raw) -> str | None:
        """The form's nonce with a mark of its words; None for a body that is no form."""
        try:
            return self._external_id(_fields(raw))
        except Unreadable:
            return None

    def printed_at(self, raw: Raw) -> datetime | None:
        """When the form was printed; long ago where its nonce does not say."""
        said = (self._nonce(_fields(raw).get("key", "")) or "").partition(".")[0]
        plain = said if said.isascii() and said.isdecimal() and len(said) < 11 else "0"
        return datetime.fromtimestamp(int(plain), UTC)

    def answer(self, raw: Raw, outcome: Outcome) -> Answer:  # noqa: ARG002
        """The number and the query code as JSON; the page layer redirects a browser instead.

        Whoever types somebody's telephone number into the form joins that person's open request
        without being told its number or code. That there is one can be told by their
        absence (docs/security.md).
        """
        own = outcome.opened or outcome.held
        body = {
            "number": outcome.number if own else None,
            "code": outcome.code if own else None,
            "kept": True,
        }
        return Answer(
            json.dumps(body).encode(), "application/json", headers={"cache-control": "no-store"}
        )

    def _external_id(self, fields: Mapping[str, str]) -> str:
        """The form's nonce and a mark of what was said in it.

        A second click says the same and is a repeat. Somebody who goes back, changes the words
        and sends the same form again says something new, which must not pass for a repeat.
        """
        nonce = self._nonce(fields.get("key", "")) or ""
        said = "\0".join(fields.get(name, "") for name in _SAID)
        return f"{nonce}-{sha256(said.encode()).hexdigest()[:12]}"

    def _shown(self, fields: Mapping[str, str]) -> tuple[str, str] | None:
        """The number and code that our own page says this writer has shown (``proof``)."""
        try:
            said = _signer(self._secret, _SHOWN).unsign(fields.get("shown", "")).decode()
        except BadSignature:
            return None
        token, number, code = said.split(" ")
        return (number, code) if token == fields.get("key") else None

    def _nonce(self, token: str) -> str | None:
        nonce, given = token.rpartition(".")[0], token.encode()
        # Signed again and compared: base64 has several spellings of one signature.
        signed = _signer(self._secret).sign(nonce)
        return nonce if nonce and hmac.compare_digest(signed, given) else None


def channel(settings: ChannelSettings) -> WebChannel:
    """The web channel; without HUIYIN_SECRET_KEY it refuses every post."""
    return WebChannel(settings)


def e164(phone: str) -> str:
    """The number in international form, read as a Chinese one unless it says otherwise; "" when
    there is none in the text, or only a mutilated one. Full-width digits and words around the
    number do not matter; an extension has no international form (``extension``)."""
    phone = _EXTENDED.sub(r"\g<number> ", phone[:_LONGEST_PHONE])
    try:
        number = phonenumbers.parse(phone, "CN")
    except phonenumbers.NumberParseException:
        number = next((found.number for found in PhoneNumberMatcher(phone, "CN")), PhoneNumber())
    # Not is_valid_number: a range opened after the library was made would lose us the person.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return ""
    if number.country_code == _CHINA and _MUTILATED.fullmatch(str(number.national_number)):
        return ""
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def extension(phone: str) -> str:
    """Whom to ask for at the number that ``e164`` finds in the text; "" where nobody is named."""
    found = _EXTENDED.search(phone[:_LONGEST_PHONE])
    return found["extension"] if found else ""


def as_written(phone: str) -> str:
    """The line under somebody's words that shows their number as they wrote it; "" where its
    international form says all of it."""
    if not phone or (e164(phone) and not extension(phone)):
        return ""
    return remark(_PHONE_AS_WRITTEN.format(phone=phone))


def _signer(secret: str, salt: bytes = _SALT) -> Signer:
    return Signer(secret.encode(), salt=salt, digest_method=sha256)


def _fields(raw: Raw) -> dict[str, str]:
    """The first non-empty value of each field, trimmed."""
    kind = raw.headers.get("content-type", "").partition(";")[0].strip().lower()
    as_json = kind == "application/json" or (not kind and raw.body.lstrip()[:1] == b"{")
    fields: dict[str, str] = {}
    for name, value in _json_pairs(raw.body) if as_json else _form_pairs(raw.body):
        text = value.replace("\r\n", "\n").strip()
        fields[name] = fields.get(name) or text
    return fields


def _form_pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        text = body.decode("utf-8", "replace")
        return parse_qsl(text, True, encoding="utf-8", errors="replace", max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise Unreadable("the form has too many fields") from None


def _json_pairs(body: bytes) -> list[tuple[str, str]]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise Unreadable("the body is no JSON") from None
    if not isinstance(content, dict):
        raise Unreadable("the body is no JSON object")
    return [
        (name, _plain(value))
        for name, value in content.items()
        if value is not None and value is not False
    ]


def _plain(value: object) -> str:
    if value is True:
        return "1"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    # A lone surrogate is valid in JSON and in nothing that we must store or sign.
    return text.encode("utf-8", "replace").decode()


def _location(fields: Mapping[str, str]) -> Location | None:
    try:
        latitude, longitude = float(fields["latitude"]), float(fields["longitude"])
    except (KeyError, ValueError):
        return None
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    if abs(latitude) > 90 or abs(longitude) > 180:
        return None
    datum = fields.get("datum", "")
    return Location(latitude, longitude, datum if datum in _DATUMS else "WGS-84")
