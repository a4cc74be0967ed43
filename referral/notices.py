"""The one-time full notice (一次性告知, N4) of a kind of help, worked out from dated rows. Pure.

Conditions and papers stand in ``notices.toml`` and ``papers.toml``; the time limit, who decides and
the departments follow from the clocks and routes in force that day. What a data check supplies is
never asked for (Social Assistance Law Art. 62); nothing without the force of law is shown as law.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import TYPE_CHECKING

from models.phrases import SMS_UNITS, Phrasebook, units
from models.vocabulary import Form
from referral.routing import RouteRow, row_for
from referral.rows import NOT_LAW, in_force

if TYPE_CHECKING:
    from referral.policy import Policy

WHERE = ("township", "bureau", "hospital", "school", "station", "desk")
REMEDIES = ("reconsideration", "complaint", "upward")


@dataclass(frozen=True, slots=True)
class Paper:
    """Something that an application rests on; ``supplied_by_zh`` names the check that has it, and
    is empty for what only the person can give."""

    code: str
    name_zh: str
    name_en: str
    source: str
    tag: str
    supplied_by_zh: str = ""
    supplied_by_en: str = ""

    def name(self, language: str) -> str:
        """What it is called."""
        return self.name_en if language.startswith("en") else self.name_zh

    def supplier(self, language: str) -> str:
        """Whose register holds it."""
        return self.supplied_by_en if language.startswith("en") else self.supplied_by_zh


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """What is told about one kind of help from ``effective_from`` to ``effective_until``."""

    service: str
    conditions_zh: str
    conditions_en: str
    papers: tuple[str, ...]
    checked: tuple[str, ...]
    where: str
    remedy: str
    source: str
    tag: str
    published: bool = False
    effective_from: date = date.min
    effective_until: date | None = None

    def in_force(self, on: date) -> bool:
        """Whether the row counts on this day."""
        return in_force(self, on)


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice, ready to be filled into the phrases. ``version`` changes with any of its data;
    ``papers`` are the names of what the person must bring."""

    services: tuple[str, ...]
    version: str
    papers: tuple[str, ...]
    params: dict[str, str]
    published: bool


def row_of(policy: "Policy", service: str, on: date) -> NoticeRow:
    """The row of a kind of help on a day; before the first version the first, for an unknown kind
    that of ``unclear``."""
    rows = [row for row in policy.notices if row.service == service]
    if not rows:
        rows = [row for row in policy.notices if row.service == "unclear"]
    in_force = [row for row in rows if row.in_force(on)]
    past = [row for row in rows if row.effective_from <= on]
    return (in_force or past[-1:] or rows)[0]


def compose(
    policy: "Policy", phrases: Phrasebook, services: Sequence[str], on: date, language: str
) -> Notice:
    """The notice of one kind of help, or of several told in one go."""
    kinds = tuple(dict.fromkeys(services)) or ("unclear",)
    rows = [row_of(policy, kind, on) for kind in kinds]
    routes = [route for kind in kinds if (route := row_for(kind, on, policy.routes))]
    english = language.startswith("en")
    words = _Words(phrases, language)
    wanted = [policy.papers[code] for code in dict.fromkeys(c for r in rows for c in r.papers)]
    held = [policy.papers[code] for code in dict.fromkeys(c for r in rows for c in r.checked)]
    names = tuple(paper.name(language) for paper in wanted)
    params = {
        "kind": words.list(route.name_en if english else route.name_zh for route in routes),
        "conditions": words.list(
            (r.conditions_en if english else r.conditions_zh for r in rows), 1
        ),
        "papers": words.list(names) or words.say("notice.no_papers"),
        "checked": words.list(
            words.say("notice.supplied", paper=paper.name(language), by=paper.supplier(language))
            for paper in held
        ),
        "where": words.list(
            (words.say(f"notice.where.{w}") for w in dict.fromkeys(r.where for r in rows)), 1
        ),
        "limit": words.list(_limit(policy, route, on, words) for route in routes),
        "decides": words.list(_body(policy, route.lead, english) for route in routes),
        "departments": _departments(policy, routes, english, words),
        "remedies": words.list(
            words.say(f"notice.remedy.{r}") for r in dict.fromkeys(r.remedy for r in rows)
        ),
        "sources": words.list(_law(policy, rows, routes, on)) or words.say("notice.no_source"),
    }
    clocks = [policy.clock(route.clock, route.clock_case, on) for route in routes]
    content = repr((rows, wanted, held, clocks, [(r.lead, r.cooperating) for r in routes]))
    newest = max((row.effective_from for row in rows), default=date.min)
    version = f"{'+'.join(kinds)}/{newest.isoformat()}/{sha256(content.encode()).hexdigest()[:8]}"
    return Notice(kinds, version, names, params, any(row.published for row in rows))


def parts(
    notice: Notice, phrases: Phrasebook, language: str, **common: str
) -> list[dict[str, str]]:
    """What must be brought, as parameters of as many ``notice_part`` messages as it takes for each
    to fit one SMS; no paper is cut out. [] when nothing must be brought."""
    groups: list[list[str]] = []
    words = _Words(phrases, language)
    for paper in notice.papers:
        longer = [*groups[-1], paper] if groups else [paper]
        trial = {**common, "papers": words.list(longer), "part": "9/9"}
        fits = units(phrases.say("notice_part", trial, Form.SMS, language)) <= SMS_UNITS
        if groups and fits:
            groups[-1] = longer
        else:
            groups.append([paper])
    return [
        {"papers": words.list(group), "part": f"{index}/{len(groups)}"}
        for index, group in enumerate(groups, 1)
    ]


def faults(policy: "Policy", services: Iterable[str]) -> Iterable[str]:
    """What is wrong with the rows, one sentence each."""
    told = {row.service for row in policy.notices}
    for service in services:
        if service not in told:
            yield f"no one-time notice for the type {service}"
    for row in policy.notices:
        if row.service not in services:
            yield f"a notice is for {row.service!r}, which is no type of assistance"
        for code in (*row.papers, *row.checked):
            if code not in policy.papers:
                yield f"the notice of {row.service} names the paper {code!r}, which does not exist"
        for code in row.papers:
            if code in policy.papers and policy.papers[code].supplied_by_zh:
                yield f"the notice of {row.service} asks for {code!r}, which a data check supplies"
        for code in row.checked:
            if code in policy.papers and not policy.papers[code].supplied_by_zh:
                yield f"the notice of {row.service} says that {code!r} is checked; nobody has it"
        if row.where not in WHERE or row.remedy not in REMEDIES:
            yield f"the notice of {row.service} goes to {row.where!r} and {row.remedy!r}"


@dataclass(frozen=True, slots=True)
class _Words:
    phrases: Phrasebook
    language: str

    def say(self, name: str, **params: str) -> str:
        return self.phrases.say(name, params, Form.FULL, self.language)

    def list(self, words: Iterable[str], sentence: int = 0) -> str:
        marks = (", ", "; ") if self.language.startswith("en") else ("、", "；")
        return marks[sentence].join(dict.fromkeys(word for word in words if word))


def _limit(policy: "Policy", route: RouteRow, on: date, words: _Words) -> str:
    rule = policy.clock(route.clock, route.clock_case, on)
    long = words.say(f"notice.measure.{rule.measure}", n=f"{rule.amount:g}")
    law = rule.is_law and rule.tag not in NOT_LAW
    return words.say("notice.limit_by_law" if law else "notice.limit_promised", long=long)


def _body(policy: "Policy", code: str, english: bool) -> str:
    body = policy.authorities.get(code)
    return (body.name_en if english else body.name_zh) if body else code


def _departments(policy: "Policy", routes: Sequence[RouteRow], english: bool, words: _Words) -> str:
    codes = [route.lead for route in routes]
    codes += [code for route in routes for code in route.cooperating]
    return words.list(_body(policy, code, english) for code in codes)


def _law(
    policy: "Policy", rows: Sequence[NoticeRow], routes: Sequence[RouteRow], on: date
) -> list[str]:
    """The sources that may be shown as such: never those of one place, of hearsay, or our own."""
    found = [row.source for row in rows if row.tag not in NOT_LAW]
    for route in routes:
        rule = policy.clock(route.clock, route.clock_case, on)
        if rule.is_law and rule.tag not in NOT_LAW:
            found.append(rule.source)
    return found
