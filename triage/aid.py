"""Whose matter a text is: the service that danger calls for, what the words name, and what texts
like it needed before."""

from collections.abc import Sequence
from typing import Protocol

from models.vocabulary import Level
from triage.experience import NOBODY
from triage.message import Message
from triage.rows import Rule
from triage.topics import CONSULTATION, CRISIS, GENERAL_PURSE, GRIEVANCE, Need


class Judged(Protocol):
    """What is asked of a signal here."""

    @property
    def quote(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def level(self) -> Level: ...


Decided = Sequence[tuple[Rule, Judged]]


def first_service(
    text: str, decided: Decided, needs: tuple[Need, ...], level: Level, message: Message
) -> Need | None:
    """The service that a text needs first, with the words that ask for it. What the rows say
    counts ``route`` more than what experience says, ``particular`` beside it where danger to life
    names a service that its class does not, and a text that names a thing in its own words
    ``named`` more; neither is taken away for nothing. In a cry the rows alone say it. A complaint
    about those who handle cases, which few may read, is one only where its words say so; of what
    is urgent it is never the first: help comes before, and a person parts the two (I9)."""
    if level is Level.NONE:
        return None
    if level.is_urgent:
        needs = tuple(need for need in needs if need.service != GRIEVANCE)
    ruled = _ruled(decided, needs, level)
    borders = message.policy.borders
    preferred = {need.service: borders.named for need in needs}
    said = ruled or NOBODY
    preferred[said] = preferred.get(said, 0.0) + borders.route
    if _particular(decided, said):
        preferred[said] += borders.particular
    best = message.second.service(preferred, barred=(GRIEVANCE, NOBODY))
    if best is None or (ruled and best != said and _cried(text, decided, message)):
        best = said
    if best == NOBODY:
        return None
    span = None if best in preferred else message.second.asking(best)
    if span is None:
        return Need(best, "")
    start, end = message.folded.origin(*span)
    return Need(best, text[start:end])


def _ruled(decided: Decided, needs: tuple[Need, ...], level: Level) -> str | None:
    """What the rows say. Danger decides the first action (domain note 3d); otherwise the first need
    of the text. A danger that is for the police or rescue alone leaves only the aid the text itself
    asks for. A question about nothing that is named is for the desk."""
    leading = _leading(decided)
    if level.is_urgent and leading:
        return _aid(leading)
    if needs:
        return needs[0].service
    if leading:
        return _aid(leading)
    return CONSULTATION if level is Level.CONSULTATION else None


def _particular(decided: Decided, service: str) -> bool:
    """Whether a row of danger to life names this service itself, its class naming none: water with
    people in it is a disaster, whatever such texts were taken for before."""
    return any(
        rule.particular and rule.service == service and signal.level is Level.LIFE_THREAT
        for rule, signal in decided
    )


def _cried(text: str, decided: Decided, message: Message) -> bool:
    """Whether the text is a cry: experience would go by the address or the name alone. Where
    folding has moved the words it is not looked for."""
    return len(text) == len(message.folded.text) and any(
        signal.level.is_urgent and message.is_cry((signal.start, signal.end))
        for _, signal in decided
    )


def _leading(decided: Decided) -> list[Rule]:
    """The rows of the class that most of the text speaks of among what makes it urgent, a life
    counting double."""
    urgent = [(rule, signal) for rule, signal in decided if signal.level.is_urgent] or decided
    said: dict[str, set[int]] = {}
    weight: dict[str, int] = {}
    for rule, signal in urgent:
        said.setdefault(rule.cls, set()).update(range(signal.start, signal.end))
        weight[rule.cls] = max(weight.get(rule.cls, 1), 1 + (signal.level is Level.LIFE_THREAT))
    cls = max(said, key=lambda name: len(said[name]) * weight[name], default="")
    rules = [rule for rule, _ in urgent if rule.cls == cls]
    if rules and not any(rule.words or rule.frames or rule.service for rule in rules):
        spoken = [pair for pair in urgent if pair[0].words or pair[0].frames]
        return _leading(spoken) or rules
    return rules


def _aid(rules: list[Rule]) -> str | None:
    """The service of the rows that lead: one that names a particular service rather than the
    general purse. Where the second reading alone sees danger to life, a person names the aid,
    but for self-harm, which is a crisis whoever sees it."""
    services = [rule.service for rule in rules if rule.service]
    if not any(rule.words or rule.frames for rule in rules) and CRISIS not in services:
        services = [] if any(rule.level is Level.LIFE_THREAT for rule in rules) else services
    return next((s for s in services if s != GENERAL_PURSE), services[0] if services else None)


def all_needs(decided: Decided, needs: tuple[Need, ...], first: Need | None) -> tuple[Need, ...]:
    """One row for each service: those that danger opens first, then those the text names, last
    what only experience says."""
    rows: dict[str, Need] = {}
    for rule, signal in decided:
        if rule.service:
            rows.setdefault(rule.service, Need(rule.service, signal.quote))
    for need in needs:
        rows.setdefault(need.service, need)
    if first is not None and first.quote:
        rows.setdefault(first.service, first)
    return tuple(rows.values())
