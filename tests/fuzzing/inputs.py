"""What is tried: calls of every route by everybody, with values that belong there and that do not.

Bodies of the JSON interface follow its own description; forms are those of the pages as each role
sees them, taken with their hidden values; files are pictures and sheets of ours, spoiled; hooks
come signed, badly signed and unsigned.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from io import BytesIO
from random import Random
from typing import Any
from urllib.parse import quote_from_bytes, urlencode, urlsplit

from PIL import Image
from twilio.request_validator import RequestValidator

from tests.fuzzing.calls import Call
from tests.fuzzing.house import NOBODY, House, Person
from tests.fuzzing.words import JSON_BODIES, MIME, SAID, json_for, spoiled, text_for
from tests.gateway.world import ENV, call_fields, sms_fields, update

FORM = b"application/x-www-form-urlencoded"
SLOW = ("/sign-in", "/account/password", "/account/confirm", "/sign-out")
"""A password is checked there, slow by intention, or a session ends: tried less often."""


@dataclass(slots=True)
class Form:
    """A form of a page: where it leads and what it sends."""

    method: str
    action: str
    fields: dict[str, str]
    files: tuple[str, ...] = ()


HELP = Form("POST", "/help", {"what": "", "phone": "", "key": ""})
"""When no page was read that offers a form."""


class Page(HTMLParser):
    """The links and forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "a" and given.get("href", "").startswith("/"):
            self.links.append(given["href"])
        if tag == "form":
            self._open = Form(given.get("method", "get").upper(), given.get("action", ""), {})
            self.forms.append(self._open)
        if self._open is None or not (name := given.get("name")):
            if tag == "option" and self._open is not None and self._select:
                self._open.fields.setdefault(self._select, given.get("value", ""))
            return
        if tag == "input" and given.get("type") == "file":
            self._open.files += (name,)
        elif tag in ("input", "textarea", "button"):
            self._open.fields.setdefault(name, given.get("value", ""))
        elif tag == "select":
            self._select = name

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "select":
            self._select = ""


@dataclass
class Corpus:
    """What the pages offered and the interface describes, and how a call is made of it."""

    house: House
    chance: Random
    offered: dict[str, list[Form]] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)
    sheets: list[bytes] = field(default_factory=list)
    serial: int = 0

    def __post_init__(self) -> None:
        self.known = dict(self.house.known)
        described = self.house.app.openapi()
        self.schemas = described.get("components", {}).get("schemas", {})
        self.bodies: dict[str, Any] = {
            path: one["post"].get("requestBody", {}).get("content", {})
            for path, one in described["paths"].items()
            if "post" in one
        }
        self.queries = {
            path: [p["name"] for p in one["get"].get("parameters", ()) if p["in"] == "query"]
            for path, one in described["paths"].items()
            if "get" in one
        }
        self.routes = self.house.routes()
        self.validator = RequestValidator(ENV["TWILIO_AUTH_TOKEN"])
        self.names = sorted(
            {n for forms in self.offered.values() for f in forms for n in f.fields} or {"q"}
        )

    def learn(self, person: Person, path: str, page: bytes) -> Iterable[str]:
        """Take what a page offers to somebody; the links that were not known yet."""
        read = Page()
        read.feed(page.decode("utf-8", "replace"))
        for form in read.forms:
            form.action = form.action or path
            self.offered.setdefault(person.name, []).append(form)
        known = self.links.setdefault(person.name, [])
        fresh = [link for link in dict.fromkeys(read.links) if link not in known]
        known += fresh
        self.names = sorted({*self.names, *(n for form in read.forms for n in form.fields)})
        return fresh

    def next(self) -> Call:
        """One call; which one is the seed's to say."""
        kind = self.chance.choices(
            (self._route, self._form, self._link, self._hook), weights=(45, 30, 8, 17)
        )[0]
        call = kind()
        while call.path.decode("latin-1").startswith(SLOW) and self.chance.random() < 0.95:
            call = kind()
        return call

    # -- routes as they are declared

    def _route(self) -> Call:
        method, template = self.chance.choice(self.routes)
        person = self._person(template)
        path = re.sub(r"\{(\w+)\}", lambda m: self._part(m[1]), template)
        if self.chance.random() < 0.03:
            method = self.chance.choice(
                ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD", "get")
            )
        query = b""
        if self.chance.random() < 0.4:
            query = self._query(self.queries.get(template) or ())
        if method != "POST":
            return Call(f"{method} {template}", method, path.encode(), query, self._who(person))
        if template.startswith("/api/"):
            kind, body = b"application/json", self._json(template)
        else:
            kind, body = self._fields(person, self._some_fields(), files=())
        if self.chance.random() < 0.05:
            kind = self.chance.choice(MIME).encode("latin-1")
        headers = (*self._who(person, changing=True), (b"content-type", kind))
        return Call(f"POST {template}", "POST", path.encode(), query, headers, body)

    def _person(self, template: str) -> Person:
        """Anybody; mostly somebody whom such a route is for."""
        api = template.startswith("/api/")
        likely = [one for one in self.house.people if one.csrf or (api and one.headers)]
        return self.chance.choice(likely if self.chance.random() < 0.8 else self.house.people)

    def _part(self, name: str) -> str:
        value = text_for(self.chance, name, self.known)
        return quote_from_bytes(value.encode("utf-8", "surrogatepass"), safe="")[:2000] or "x"

    def _query(self, names: Iterable[str]) -> bytes:
        chosen = [*names, *self.chance.sample(self.names, min(2, len(self.names)))]
        pairs = [(one, self._value(one)) for one in chosen if self.chance.random() < 0.7]
        if self.chance.random() < 0.05:
            return self.chance.choice((b"%", b"%ff=%ff", b"&&&", b"a" * 9000, b"=", b"a[]=1&a[]=2"))
        return urlencode(pairs).encode()

    def _value(self, name: str) -> bytes:
        return text_for(self.chance, name, self.known).encode("utf-8", "surrogatepass")

    def _json(self, template: str) -> bytes:
        if self.chance.random() < 0.12:
            return self.chance.choice(JSON_BODIES)
        content = self.bodies.get(template, {}).get("application/json", {})
        value = self._of(content.get("schema", {}), "")
        if isinstance(value, dict) and self.chance.random() < 0.2:
            value[self.chance.choice(self.names)] = json_for(self.chance, "", self.known)
        body = json.dumps(value).encode()
        return spoiled(self.chance, body) if self.chance.random() < 0.08 else body

    def _of(self, schema: Mapping[str, Any], name: str, depth: int = 0) -> Any:
        """A value for a schema: right four times in five."""
        if "$ref" in schema:
            schema = self.schemas.get(schema["$ref"].rpartition("/")[2], {})
        if depth > 5 or self.chance.random() < 0.12:
            return json_for(self.chance, name, self.known)
        if one := schema.get("anyOf") or schema.get("oneOf"):
            return self._of(self.chance.choice(one), name, depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self.chance.choice(schema["enum"])
        match schema.get("type"):
            case "object":
                must = schema.get("required", ())
                made = {
                    key: self._of(of, key, depth + 1)
                    for key, of in schema.get("properties", {}).items()
                    if key in must or self.chance.random() < 0.6
                }
                if isinstance(of := schema.get("additionalProperties"), dict):
                    made[text_for(self.chance, name, self.known)] = self._of(of, name, depth + 1)
                return made
            case "array":
                many = self.chance.choice((0, 1, 2, 2, 5))
                return [self._of(schema.get("items", {}), name, depth + 1) for _ in range(many)]
            case "integer":
                return self.chance.choice((0, 1, 2, 7, 100, -1, 2**31, 2**63, 2**70))
            case "number":
                return self.chance.choice((0, 1, 0.5, -1, 30.1, 114.3, 1e300, 2**70))
            case "boolean":
                return self.chance.random() < 0.5
            case "null":
                return None
        return text_for(self.chance, name, self.known)

    # -- forms and links as the pages offer them

    def _form(self) -> Call:
        person = self._person("")
        forms = self.offered.get(person.name) or self.offered.get(NOBODY) or [HELP]
        form = self.chance.choice(forms)
        split = urlsplit(form.action)
        fields = dict(form.fields)
        for name in list(fields):
            roll = self.chance.random()
            if name != "csrf" and roll < 0.1:
                del fields[name]
            elif name != "csrf" and (roll < 0.5 or not fields[name]):
                fields[name] = text_for(self.chance, name, self.known)
        name = f"{form.method} {split.path} (form)"
        if form.method == "GET":
            pairs = {k: v.encode("utf-8", "surrogatepass") for k, v in fields.items()}
            query = urlencode(pairs).encode()
            return Call(name, "GET", split.path.encode(), query, self._who(person))
        kind, body = self._fields(person, fields, files=form.files)
        headers = (*self._who(person, changing=True), (b"content-type", kind))
        path = split.path.encode("utf-8")
        return Call(name, "POST", path, split.query.encode(), headers, body)

    def _link(self) -> Call:
        person = self._person("")
        links = self.links.get(person.name) or ["/"]
        split = urlsplit(self.chance.choice(links))
        query = split.query.encode()
        if self.chance.random() < 0.7:
            query = spoiled(self.chance, query or b"page=2")
        return Call(
            f"GET {split.path} (link)", "GET", split.path.encode(), query, self._who(person)
        )

    def _some_fields(self) -> dict[str, str]:
        many = self.chance.choice((0, 1, 3, 6, 12))
        chosen = self.chance.sample(self.names, min(many, len(self.names)))
        return {name: text_for(self.chance, name, self.known) for name in chosen}

    def _fields(
        self, person: Person, fields: dict[str, str], *, files: tuple[str, ...]
    ) -> tuple[bytes, bytes]:
        """The body of a form and its type."""
        given = {"csrf": person.csrf, **fields}
        if self.chance.random() < 0.9:
            given["csrf"] = person.csrf
        if not files and self.chance.random() < 0.9:
            pairs = {k: v.encode("utf-8", "surrogatepass") for k, v in given.items()}
            body = urlencode(pairs).encode()
            return FORM, spoiled(self.chance, body) if self.chance.random() < 0.05 else body
        named = [(name, self._file()) for name in files or ("file", "photo")]
        return self._multipart(given, named)

    def _multipart(
        self, fields: Mapping[str, str], files: Iterable[tuple[str, tuple[str, bytes, bytes]]]
    ) -> tuple[bytes, bytes]:
        edge = b"fuzzing-edge"
        parts = []
        for name, value in fields.items():
            head = b'Content-Disposition: form-data; name="%s"' % name.encode("utf-8", "replace")
            parts.append(head + b"\r\n\r\n" + value.encode("utf-8", "surrogatepass"))
        for name, (called, kind, content) in files:
            title = called.encode("utf-8", "surrogatepass").replace(b'"', b"%22")
            head = b'Content-Disposition: form-data; name="%s"; filename="%s"\r\nContent-Type: %s'
            parts.append(head % (name.encode(), title, kind) + b"\r\n\r\n" + content)
        body = b"".join(b"--" + edge + b"\r\n" + part + b"\r\n" for part in parts)
        body += b"--" + edge + b"--\r\n"
        if self.chance.random() < 0.08:
            body = spoiled(self.chance, body)
        return b"multipart/form-data; boundary=" + edge, body

    def _file(self) -> tuple[str, bytes, bytes]:
        called = self.chance.choice(
            ("a.png", "a.jpg", "户.xlsx", "a.csv", "", "../../x", "\x00", "a\r\nb")
        )
        makers: tuple[Callable[[], bytes], ...] = (
            lambda: b"",
            lambda: _picture("PNG"),
            lambda: _picture("JPEG"),
            lambda: self.chance.choice(self.sheets) if self.sheets else b"PK\x03\x04",
            ("编号,姓名,电话\n" + ",".join(self.chance.choices(SAID, k=3))).encode,
            lambda: "编号,姓名\n1,王".encode("gb18030"),
            lambda: b"%PDF-1.7\n<script>",
            lambda: b"GIF89a" + b"\x00" * 40 + b"<html>",
            lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='x'/>",
        )
        kind = self.chance.choice((b"image/png", b"image/jpeg", b"text/csv", b"x/y", b"\xff"))
        return called, kind, spoiled(self.chance, self.chance.choice(makers)())

    # -- providers

    def _hook(self) -> Call:
        self.serial += 1
        maker = self.chance.choice(
            (self._sms, self._sms, self._voice, self._telegram, self._console)
        )
        return maker()

    def _sms(self) -> Call:
        self.serial += 1
        fields = sms_fields(text_for(self.chance, "text", {}), sender=self._sender())
        fields["MessageSid"] = f"SM{self.serial:032x}"
        path = self.chance.choice(
            ("/hook/sms", "/hook/sms", "/hook/sms_second", "/hook/sms/status")
        )
        if path.endswith("status"):
            states = ("sent", "delivered", "undelivered", "failed", "x", "")
            fields = {
                "MessageSid": fields["MessageSid"],
                "MessageStatus": self.chance.choice(states),
            }
            path += "?key=" + self.chance.choice(self.known["id"])
        if self.chance.random() < 0.3:
            media = {"NumMedia": "1", "MediaUrl0": text_for(self.chance, "url", {})}
            fields |= media | {"MediaContentType0": "image/jpeg"}
        return self._signed(path, self._touched(fields))

    def _voice(self) -> Call:
        self.serial += 1
        sid = f"CA{self.chance.randrange(40):032x}"
        fields = call_fields(sid, From=self._sender())
        step = self.chance.choice(("", "/0", "/1", "/2", "/recorded", "/done", "/status", "/hear"))
        more = {
            "Digits": self.chance.choice(("", "1", "2", "9", "0", "#", "123456789012")),
            "SpeechResult": text_for(self.chance, "text", {}),
            "Confidence": self.chance.choice(("0.9", "NaN", "x", "-1", "")),
            "RecordingSid": f"RE{self.serial:032x}",
            "RecordingUrl": self.chance.choice(
                ("https://api.twilio.com/x", "file:///etc/passwd", "")
            ),
            "RecordingDuration": self.chance.choice(("5", "0", "x", "-1", "9" * 30)),
            "CallStatus": self.chance.choice(("completed", "ringing", "no-answer", "x")),
            "DialCallStatus": self.chance.choice(("completed", "busy", "no-answer")),
            "TranscriptionText": text_for(self.chance, "text", {}),
        }
        fields |= {k: v for k, v in more.items() if self.chance.random() < 0.4}
        return self._signed(f"/hook/voice{step}", self._touched(fields))

    def _touched(self, fields: dict[str, str]) -> dict[str, str]:
        for name in list(fields):
            if self.chance.random() < 0.04:
                fields[name] = text_for(self.chance, name, {})
            elif self.chance.random() < 0.02:
                del fields[name]
        return fields

    def _signed(self, path: str, fields: dict[str, str]) -> Call:
        pairs = {k: v.encode("utf-8", "surrogatepass") for k, v in fields.items()}
        body = urlencode(pairs).encode()
        try:
            signature = self.validator.compute_signature(f"https://hotline.example{path}", fields)
        except UnicodeEncodeError:
            signature = "none"
        if self.chance.random() < 0.1:
            signature = self.chance.choice(("", "x", signature[:-2], "é" * 28))
        if self.chance.random() < 0.05:
            body = spoiled(self.chance, body)
        headers = (
            (b"content-type", FORM + b"; charset=UTF-8"),
            (b"x-twilio-signature", signature.encode("latin-1", "replace")),
        )
        place, _, query = path.partition("?")
        return Call(f"hook {place}", "POST", place.encode(), query.encode(), headers, body)

    def _telegram(self) -> Call:
        self.serial += 1
        sent: Any = update(self.serial, text_for(self.chance, "text", {}), chat=self.serial % 50)
        if self.chance.random() < 0.4:
            sent = self._shaken(sent)
        body = json.dumps(sent).encode()
        if self.chance.random() < 0.1:
            body = spoiled(self.chance, body)
        secret = ENV["TELEGRAM_SECRET"].encode()
        if self.chance.random() < 0.1:
            secret = self.chance.choice((b"", b"x", b"\xff"))
        headers = (
            (b"content-type", b"application/json"),
            (b"x-telegram-bot-api-secret-token", secret),
        )
        return Call("hook /hook/telegram", "POST", b"/hook/telegram", b"", headers, body)

    def _console(self) -> Call:
        self.serial += 1
        sent = {
            "external_id": f"c{self.serial}",
            "sender": self._sender(),
            "text": text_for(self.chance, "text", {}),
            "at": text_for(self.chance, "at", {}),
            "place": text_for(self.chance, "place", {}),
        }
        body = json.dumps(self._shaken(sent) if self.chance.random() < 0.3 else sent).encode()
        token = self.chance.choice((ENV["CONSOLE_TOKEN"], ENV["CONSOLE_TOKEN"], "", "é"))
        headers = ((b"authorization", f"Bearer {token}".encode()),)
        return Call("hook /hook/console", "POST", b"/hook/console", b"", headers, body)

    def _shaken(self, value: Any) -> Any:
        """A document with some of its values put out of place."""
        if self.chance.random() < 0.08:
            return json_for(self.chance, "", self.known)
        if isinstance(value, dict):
            kept = {k: self._shaken(v) for k, v in value.items() if self.chance.random() > 0.04}
            if self.chance.random() < 0.1:
                kind = ("location", "photo", "voice", "contact", "caption", "document", "sticker")
                kept[self.chance.choice(kind)] = json_for(self.chance, "", self.known)
            return kept
        return value

    def _sender(self) -> str:
        if self.chance.random() < 0.1:
            return text_for(self.chance, "phone", {})
        return f"+86199{self.chance.randrange(60):08d}"

    # -- who calls

    def _who(self, person: Person, *, changing: bool = False) -> tuple[tuple[bytes, bytes], ...]:
        headers = list(person.headers)
        if changing and person.csrf and self.chance.random() < 0.95:
            headers.append((b"x-csrf-token", person.csrf.encode()))
        roll = self.chance.random()
        if roll < 0.05:
            site = self.chance.choice((b"same-origin", b"cross-site", b"none", b"\xff"))
            headers.append((b"sec-fetch-site", site))
        elif roll < 0.1:
            odd = text_for(self.chance, "", {}).encode("utf-8", "replace")[:500]
            odd = odd.replace(b"\r", b"").replace(b"\n", b"").replace(b"\x00", b"")
            name = self.chance.choice(
                (
                    b"accept-language",
                    b"cookie",
                    b"origin",
                    b"referer",
                    b"authorization",
                    b"x-csrf-token",
                    b"content-length",
                    b"x-forwarded-for",
                    b"accept",
                    b"range",
                    b"if-none-match",
                    b"last-event-id",
                )
            )
            headers.append((name, odd))
        return tuple(headers)


def _picture(kind: str) -> bytes:
    out = BytesIO()
    Image.new("RGB", (16, 12), "teal").save(out, kind)
    return out.getvalue()
