"""Is it the same matter again? A judgement on two reports, with what speaks for it and against.

Three relations that are not each other: a repeat is one need told twice, a household is one door
with another need, an event is one cause that many doors report. The software proposes and a named
person decides (Social Assistance Law Art. 70; domain note I4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from math import exp
from typing import Any

import tomli

from triage.assess import Assessment
from triage.evidence import Evidence, evidence
from triage.matter import Matter


class Relation(StrEnum):
    """How two reports hang together."""

    REPEAT = "repeat"
    HOUSEHOLD = "household"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Scale:
    """What findings weigh and from where on they count (same_matter.toml)."""

    weights: Mapping[str, float]
    start: float
    propose: float
    group: float
    keep_out: float
    event_hours: float
    events: frozenset[str]


@dataclass(frozen=True, slots=True)
class Likeness:
    """The verdict. ``odds`` is the sum of the weights; ``score`` the same as a probability;
    ``findings`` carry their weights, so that nothing is hidden from who decides."""

    relation: Relation | None
    odds: float
    findings: tuple[tuple[Evidence, float], ...]

    @property
    def score(self) -> float:
        """From 0 to 1."""
        return 1 / (1 + exp(-max(-30.0, min(30.0, self.odds))))

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of findings."""
        return frozenset(found.kind for found, _ in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Plain values, to be kept with a proposal."""
        return {
            "relation": self.relation,
            "score": round(self.score, 3),
            "findings": [
                {"kind": found.kind, "mine": found.mine, "theirs": found.theirs, "weight": weight}
                for found, weight in self.findings
            ],
        }


@cache
def shipped_scale() -> Scale:
    """The scale that comes with the program."""
    return read_scale(
        resources.files("triage.rules").joinpath("same_matter.toml").read_text("utf-8")
    )


def read_scale(text: str) -> Scale:
    """A scale from TOML. Raises ValueError in one sentence."""
    try:
        data = tomli.loads(text)
        limits, weights = dict(data["limits"]), dict(data["weights"])
        events = frozenset(limits.pop("events"))
        return Scale(
            weights={kind: float(weight) for kind, weight in weights.items()},
            events=events,
            **{name: float(value) for name, value in limits.items()},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"same_matter.toml: {error}") from None


def causes(assessment: Assessment) -> frozenset[str]:
    """What a report is about: services it asks for and classes of danger that count in it."""
    return frozenset(
        [need.service for need in assessment.needs]
        + [signal.cls for signal in assessment.signals if signal.counts]
    )


def weigh(a: Matter, b: Matter, scale: Scale) -> float:
    """The odds that two reports are one matter, without the words for it, for grouping many; below
    what is proposed when one door has two needs."""
    kinds = {found.kind for found in evidence(a, b, explain=False)}
    odds = scale.start + sum(scale.weights[kind] for kind in kinds)
    return min(odds, scale.propose - 0.1) if _other_need(kinds) else odds


def compare(a: Matter, b: Matter, scale: Scale | None = None, *, explain: bool = True) -> Likeness:
    """Hold two reports against each other; ``mine`` in the findings is ``a``. Symmetric in its
    verdict, deterministic, never raises. ``explain`` False leaves out the shared passages."""
    scale = scale or shipped_scale()
    findings = tuple(
        (found, scale.weights[found.kind]) for found in evidence(a, b, explain=explain)
    )
    odds = scale.start + sum(weight for _, weight in findings)
    return Likeness(_relation(a, b, odds, {f.kind for f, _ in findings}, scale), odds, findings)


def _relation(a: Matter, b: Matter, odds: float, kinds: set[str], scale: Scale) -> Relation | None:
    if odds >= scale.propose and not _other_need(kinds):
        return Relation.REPEAT
    if _one_door(kinds):
        return Relation.HOUSEHOLD
    if _one_event(a, b, kinds, scale):
        return Relation.EVENT
    return None


def _one_door(kinds: set[str]) -> bool:
    """The same door, or a shared telephone and nothing that says two doors."""
    if kinds & {"flat_other", "house_other", "place_other"}:
        return False
    return "flat" in kinds or ("flat_part" in kinds and "house" in kinds) or "phone" in kinds


_ONE_NEED = {"phone", "name", "name_sound", "name_called", "cause", "age", "event"}


def _other_need(kinds: set[str]) -> bool:
    """One door, and another cause or nothing but the door: T12 joins only what has one cause."""
    if not _one_door(kinds):
        return False
    alike = kinds & _ONE_NEED or any(kind.startswith("words_") for kind in kinds - {"words_none"})
    return "cause_other" in kinds or not alike


def _one_event(a: Matter, b: Matter, kinds: set[str], scale: Scale) -> bool:
    if "event" not in kinds and not _one_cause(a, b, kinds, scale):
        return False
    if a.at is None or b.at is None:
        return True
    return abs((a.at - b.at).total_seconds()) <= scale.event_hours * 3600


def _one_cause(a: Matter, b: Matter, kinds: set[str], scale: Scale) -> bool:
    """Whether both tell, in no words that are known for it, what comes upon many households of one
    place. Events of two kinds are two, unless a disaster brought both; a bill is one's own."""
    shared = a.causes & b.causes & scale.events
    two = bool(a.events and b.events) and "disaster" not in shared
    if two or not kinds & {"place", "town"}:
        return False
    return bool(shared - (_CUT_OFF if a.bill or b.bill else frozenset()))


_CUT_OFF = frozenset({"U9", "utilities_relief"})
"""What may be a bill that was not paid."""
