"""What is right and wrong about triage on sentences whose answer is known."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.vocabulary import Level
from triage.assess import Assessment, Context, assess
from triage.policy import SignalPolicy

DATA = Path(__file__).parents[1] / "triage" / "sentences"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A text and what a careful duty lead makes of it. ``ok`` are all levels he would accept;
    ``services`` all first services, None among them when none need be named. ``pair`` joins two
    texts that differ in little, of which one is danger and the other is not."""

    id: str
    text: str
    level: Level
    ok: frozenset[Level]
    cls: str
    variant: str
    services: frozenset[str | None] | None
    pair: str | None
    service: str | None = None  # the best of ``services``

    @property
    def is_decoy(self) -> bool:
        """Whether nobody would call it urgent."""
        return not any(level.is_urgent for level in self.ok)


def read_sentences(path: Path) -> list[Sentence]:
    """One JSON object a line. Raises ValueError naming file and line."""
    sentences = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            named = row.get("services_ok", [])
            services = (
                {None if name == "none" else name for name in (*named, row.get("service"))}
                if "service" in row or named
                else None
            )
            sentences.append(
                Sentence(
                    id=str(row["id"]),
                    text=row["text"],
                    level=Level(row["level"]),
                    ok=frozenset({Level(row["level"]), *map(Level, row.get("ok", ()))}),
                    cls=row["class"],
                    variant=row["variant"],
                    services=None if services is None else frozenset(services),
                    pair=row.get("pair"),
                    service=row.get("service"),
                )
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{path}:{number}: not a sentence: {error!r}") from None
    return sentences


@dataclass(frozen=True, slots=True)
class Answer:
    """A sentence with what triage saw in it."""

    sentence: Sentence
    seen: Assessment

    @property
    def urgent(self) -> bool:
        return self.seen.level.is_urgent

    @property
    def accepted(self) -> bool:
        return self.seen.level in self.sentence.ok

    @property
    def missed(self) -> bool:
        """Danger that is not on the urgent side."""
        return self.sentence.level.is_urgent and not self.urgent

    @property
    def right_side(self) -> bool:
        return self.urgent if self.sentence.level.is_urgent else not self.urgent or self.accepted

    @property
    def served(self) -> bool:
        return self.sentence.services is None or self.seen.service in self.sentence.services


def answers(sentences: Iterable[Sentence], policy: SignalPolicy) -> list[Answer]:
    """Every sentence assessed as a message of its own."""
    return [Answer(s, assess(s.text, Context(), policy)) for s in sentences]


@dataclass(frozen=True, slots=True)
class Share:
    """``hits`` of ``total``; an empty share is not a figure."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        return self.hits / self.total if self.total else 1.0

    def __str__(self) -> str:
        return f"{self.value:6.1%} ({self.hits}/{self.total})" if self.total else "     – (0/0)"


def share(rows: Sequence[Answer], hit: Callable[[Answer], bool]) -> Share:
    return Share(sum(map(hit, rows)), len(rows))


def urgent_recall(rows: Iterable[Answer]) -> Share:
    """Of what is dangerous or urgent, the part that stands on the urgent side."""
    return share([a for a in rows if a.sentence.level.is_urgent], lambda a: a.urgent)


def life_recall(rows: Iterable[Answer]) -> Share:
    """Of danger to life, the part that is seen as such."""
    return share(
        [a for a in rows if a.sentence.level is Level.LIFE_THREAT],
        lambda a: a.seen.level is Level.LIFE_THREAT,
    )


def false_alarms(rows: Iterable[Answer], *levels: Level) -> Share:
    """Of the texts of these levels that nobody would call urgent, the part that is called so."""
    return share(
        [a for a in rows if a.sentence.level in levels and a.sentence.is_decoy],
        lambda a: a.urgent,
    )


def decoys_called_urgent(rows: Iterable[Answer]) -> Share:
    return share([a for a in rows if a.sentence.is_decoy], lambda a: a.urgent)


def pairs_right(rows: Iterable[Answer]) -> Share:
    """Of near-identical pairs, those of which both stand on their own side."""
    pairs: dict[str, list[Answer]] = {}
    for answer in rows:
        if answer.sentence.pair:
            pairs.setdefault(answer.sentence.pair, []).append(answer)
    whole = [pair for pair in pairs.values() if len(pair) > 1]
    return Share(sum(all(a.right_side for a in pair) for pair in whole), len(whole))


def service_right(rows: Iterable[Answer]) -> Share:
    return share([a for a in rows if a.sentence.services is not None], lambda a: a.served)


def report(rows: Sequence[Answer]) -> Iterator[str]:
    """Lines of the report on one set."""
    quiet = (Level.STANDARD, Level.CONSULTATION)
    yield f"  life_threat+urgent recall            {urgent_recall(rows)}"
    yield f"  life threat seen as life threat      {life_recall(rows)}"
    yield f"  standard/consultation called urgent  {false_alarms(rows, *quiet)}"
    yield f"  all that is not urgent called urgent {decoys_called_urgent(rows)}"
    yield f"  pairs right                          {pairs_right(rows)}"
    yield f"  service right                        {service_right(rows)}"
    yield f"  level accepted                       {share(rows, lambda a: a.accepted)}"
    for level in Level:
        of = [a for a in rows if a.sentence.level is level]
        called = [a for a in rows if a.seen.level is level]
        yield (
            f"  level {level.value:12} n={len(of):4} recall {share(of, lambda a: a.accepted)}"
            f"  precision {share(called, lambda a: a.accepted)}"
        )
    yield from _by("class", rows, lambda s: s.cls)
    yield from _by("variant", rows, lambda s: s.variant)


def _by(name: str, rows: Sequence[Answer], key: Callable[[Sentence], str]) -> Iterator[str]:
    for value in sorted({key(a.sentence) for a in rows}):
        of = [a for a in rows if key(a.sentence) == value]
        seen = " ".join(f"{k.value}={n}" for k, n in Counter(a.seen.level for a in of).items())
        yield (
            f"  {name} {value:26} n={len(of):4} urgent recall {urgent_recall(of)}"
            f"  called urgent {decoys_called_urgent(of)}"
            f"  accepted {share(of, lambda a: a.accepted)}  service {service_right(of)}  [{seen}]"
        )


def misses(rows: Iterable[Answer], *, services: bool = False) -> Iterator[str]:
    """Each wrong text and what was seen in it."""
    for answer in rows:
        sentence, seen = answer.sentence, answer.seen
        wrong_service = services and not answer.served
        if answer.accepted and not wrong_service:
            continue
        kind = "MISS" if answer.missed else "ALARM" if not answer.right_side else "level"
        kind = "service" if answer.accepted else kind
        yield (
            f"- {kind} {sentence.id} [{sentence.cls} {sentence.variant}] wanted"
            f" {sentence.level.value} seen {seen.level.value} service {seen.service}"
            f" of {sorted(map(str, sentence.services or ()))}: {sentence.text}"
        )
        yield from (f"      {line}" for line in saw(seen))


def saw(seen: Assessment) -> Iterator[str]:
    """The signals of an assessment: those that count with their level, the others with why not."""
    for s in seen.signals[:8]:
        judged = f"{s.polarity.value} {s.time.value} {s.person.value} {s.purpose.value}"
        yield f"{s.rule} {s.quote!r} {s.level.value if s.counts else 'no: ' + judged}"
    for was, read_as in seen.repaired:
        yield f"repaired {was} -> {read_as}"
