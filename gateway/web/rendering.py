"""How a page is made: templates, the phrasebook's words, dates in China time, addresses of files.

Every value is escaped, an undefined name is an error, and no sentence stands in a template: a
template asks for it by ``t("key", name=value)``, which speaks the page's language. Other names in
every template: ``language``, ``elder``, ``hotline``, ``now``, ``unwritten`` (steps of an invented
history that are still to come), ``path``, ``switches`` (whether the
switches of language and edition are shown), ``static(name)``, ``called(what, code)`` and
``matter(summary)`` (``gateway.called``), ``comma``, ``semicolon``, ``colon``, ``gap``; filters:
``named`` (a row in the reader's language), ``when`` (an aware datetime in words, to the minute),
``day`` (the date alone; both with the year on what is printed), ``machine`` (RFC 3339), ``digits``
(what a telephone dials), ``money`` (a sum as it is read: 12,345.60).
"""

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from functools import cache
from hashlib import sha256
from importlib.util import cache_from_source
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jinja2
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import (
    Environment,
    FileSystemBytecodeCache,
    FileSystemLoader,
    StrictUndefined,
    pass_context,
)
from jinja2.bccache import Bucket
from jinja2.runtime import Context

from gateway.called import caller, reader
from gateway.hooks import raw_of
from gateway.state import State
from gateway.web.spoofing import in_page
from models.messages import Unreadable
from models.phrases import SOURCE_LANGUAGE, Phrasebook
from models.vocabulary import Form
from referral import wording
from referral.directory import ZONE

HERE = Path(__file__).parent
STATIC = HERE / "static"
EMERGENCY_LINES = ("110", "119", "120")
MOST_FIELDS = 200
YEAR_SECONDS = 31_536_000
_MARKS = {
    False: {"comma": "、", "semicolon": "；", "colon": "：", "gap": "　"},
    True: {"comma": ", ", "semicolon": "; ", "colon": ": ", "gap": " "},
}
"""What stands between the parts of a list or after its name; by whether the page is English."""


@pass_context
def _when(context: Context, at: datetime) -> str:
    return wording.when(at, context["language"], kept=_is_kept(context))


@pass_context
def _day(context: Context, at: datetime) -> str:
    return wording.day(at, context["language"], kept=_is_kept(context))


def _is_kept(context: Context) -> bool:
    """Whether the page is a paper: it lies in a file for years, so its dates have theirs."""
    return bool(context.get("printed") or context.get("printing"))


@pass_context
def _named(context: Context, row: Any) -> str:
    # the figures of a closed quarter are kept as they were told, names and all
    kept = SimpleNamespace(**row) if isinstance(row, Mapping) else row
    return wording.named(kept, context["language"])


def _machine(at: datetime) -> str:
    return at.astimezone(ZONE).isoformat(timespec="seconds")


def _digits(line: str) -> str:
    """What a telephone dials of a line's name and number, e.g. 12345 of 望河12345."""
    return "".join(filter(str.isdecimal, line))


def money(sum_of: str) -> str:
    """A plain sum of yuan (``gateway.aid.yuan``) with its thousands set apart."""
    return f"{Decimal(sum_of):,f}" if sum_of else ""


@cache
def static(name: str) -> str:
    """The address of a file of ours, with a mark of its content: it may be cached for ever."""
    mark = sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={mark}"


class _Compiled(FileSystemBytecodeCache):
    """Compiled templates, where Python keeps our compiled modules too: no less to be trusted than
    the code beside them. Where nothing can be written, each process compiles for itself; what was
    compiled in another way, by another release, is not taken."""

    @classmethod
    def beside(cls, templates: Path) -> "_Compiled | None":
        """The cache of these templates; None where Python is to write no compiled code."""
        if sys.dont_write_bytecode:
            return None
        place = Path(cache_from_source(str(templates.with_suffix(".py")))).parent
        with suppress(OSError):
            place.mkdir(parents=True, exist_ok=True)
        how = sha256(jinja2.__version__.encode() + Path(__file__).read_bytes()).hexdigest()[:12]
        return cls(str(place), f"template-{how}-%s.cache")

    def load_bytecode(self, bucket: Bucket) -> None:
        """What was compiled before; nothing where the power went while it was written."""
        try:
            super().load_bytecode(bucket)
        except Exception:  # whatever a file raises that ends in the middle
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled, if there is room and leave for it."""
        with suppress(OSError):
            super().dump_bytecode(bucket)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        bytecode_cache=_Compiled.beside(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals |= {"static": static, "lines": EMERGENCY_LINES}
    environment.filters |= {
        "when": _when,
        "day": _day,
        "machine": _machine,
        "named": _named,
        "digits": _digits,
        "money": money,
    }
    return environment


_TEMPLATES = _environment()


def compile_now() -> None:
    """Have every template ready now: a process that answers callers as well takes most of a second
    for the first page of a large one. What is forked later shares them."""
    for name in _TEMPLATES.list_templates():
        _TEMPLATES.get_template(name)


def translator(phrases: Phrasebook, language: str) -> Callable[..., str]:
    """``t`` of the templates; raises KeyError for an unknown phrase or a missing parameter."""

    def t(key: str, **params: object) -> str:
        return phrases.say(
            key, {name: str(value) for name, value in params.items()}, Form.FULL, language
        )

    return t


def state_of(request: Request) -> State:
    """The process that this request came to."""
    state: State = request.app.state.huiyin
    return state


def language_of(request: Request) -> str:
    """The language that was asked for here or before; Chinese otherwise."""
    known = state_of(request).offices.current().phrases.languages()
    asked = request.query_params.get("lang") or request.cookies.get("lang", "")
    return asked if asked in known else SOURCE_LANGUAGE


def is_elder(request: Request) -> bool:
    """Whether the elder edition (长辈版) is on: larger letters, larger targets, the same pages."""
    return (request.query_params.get("edition") or request.cookies.get("edition")) == "elder"


_SWITCHES = ("lang", "edition")
_WHO = ("name", "phone", "address")
"""Whoever is looked for is in no link."""


def _here(request: Request) -> str:
    """This page with what was asked of it, for a link that adds how it is shown."""
    asked = [one for one in request.query_params.multi_items() if one[0] not in (*_SWITCHES, *_WHO)]
    return f"{request.url.path}?{urlencode(asked)}{'&' if asked else ''}"


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    for_staff: bool = False,
    **context: Any,
) -> HTMLResponse:
    """A whole page as an answer; ``for_staff`` shows what hides or turns words. Raises when the
    template, a name in it or a phrase is missing."""
    state = state_of(request)
    office = state.offices.current()
    language = language_of(request)
    values = {
        "t": translator(office.phrases, language),
        "language": language,
        "languages": office.phrases.languages(),
        "elder": is_elder(request),
        "hotline": office.hotline,
        "called": caller(office, language),
        "matter": reader(office, language),
        **_MARKS[language.startswith("en")],
        "now": state.now(),
        "unwritten": state.unwritten(),
        "path": request.url.path,
        "here": _here(request),
        # A switch is a link, and a link would throw away what was typed into a form shown again.
        "switches": request.method == "GET",
        **context,
    }
    html = _TEMPLATES.get_template(template).render(values)
    if for_staff:
        html = in_page(html)
    answer = HTMLResponse(html, status, dict(headers or {}))
    switched = {"lang": language, "edition": "elder" if values["elder"] else "standard"}
    for name, value in switched.items():  # remembered; neither tells who somebody is
        if name in request.query_params:
            secure = state.settings.public_url.startswith("https:")
            answer.set_cookie(
                name, value, YEAR_SECONDS, secure=secure, httponly=True, samesite="lax"
            )
    return answer


async def fields_of(request: Request) -> dict[str, str]:
    """The fields of a posted form, trimmed; the first filled one of each name. Raises what the
    hooks raise for a body beyond the limit, and ``Unreadable`` for one that is no form."""
    return fields_in((await raw_of(request, state_of(request).settings, "")).body)


def fields_in(body: bytes) -> dict[str, str]:
    """The fields of a form's body. Raises ``Unreadable``."""
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Unreadable("the form has too many fields") from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields[name] = fields.get(name) or value.replace("\r\n", "\n").strip()
    return fields
