"""Rounds of calls, each on a fresh house: a round is told by its seed and can be done again."""

import asyncio
import traceback
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from tests.fuzzing.calls import Answer, Call, ask
from tests.fuzzing.house import NOBODY, House, opened
from tests.fuzzing.inputs import Corpus, Form

PAGES_AT_MOST = 100
"""Pages that are read for each person before the calls begin, for their forms and links."""
KINDS = ("households", "units", "staff", "areas")


@dataclass(slots=True)
class Found:
    """What a run met. ``broken`` are sentences: which call, which answer or fault."""

    inputs: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    operations: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    held: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Found") -> None:
        """Count another run in."""
        self.inputs += other.inputs
        for mine, theirs in (
            (self.statuses, other.statuses),
            (self.operations, other.operations),
            (self.held, other.held),
        ):
            mine.update(theirs)
        self.broken += other.broken


SIGN_IN_EVERY = 150
SLOW_SECONDS = 3.0
"""CPU time that no single call may take. A password is checked in a tenth of a second."""


@dataclass(slots=True)
class Run:
    """Rounds of one process; the pages are read at the first round, the county is always the
    same at its beginning."""

    template: Path
    offered: dict[str, list[Form]] = field(default_factory=dict)
    links: dict[str, list[str]] = field(default_factory=dict)
    sheets: list[bytes] = field(default_factory=list)
    pages: int = PAGES_AT_MOST

    def round(self, folder: Path, seed: str, inputs: int) -> Found:
        """One round on a copy of the template."""
        with opened(self.template, folder) as house:
            corpus = Corpus(house, Random(seed), self.offered, self.links, self.sheets)
            return asyncio.run(self._calls(house, corpus, seed, inputs))

    async def _calls(self, house: House, corpus: Corpus, seed: str, inputs: int) -> Found:
        if not self.offered:
            await _read_pages(house, corpus, self.pages)
        return await _round(house, corpus, seed, inputs)


async def _round(house: House, corpus: Corpus, seed: str, inputs: int) -> Found:
    found = Found()
    for at in range(inputs):
        if at % SIGN_IN_EVERY == 0:
            house.sign_in()
        call = corpus.next()
        house.now.forward(seconds=corpus.chance.choice((0, 0.1, 1, 5)))
        answer = await ask(house.app, call)
        found.inputs += 1
        found.statuses[answer.status] += 1
        found.operations[call.name] += 1
        found.broken += _faults(house, call, answer, f"{seed}#{at}")
        for held in house.faults.held:
            found.held[held.strip().rpartition("\n")[2][:200]] += 1
        house.faults.held.clear()
    return found


def _faults(house: House, call: Call, answer: Answer, where: str) -> Iterable[str]:
    logged, house.faults.seen[:] = list(house.faults.seen), []
    said = f"{where} {call.name} {call.path[:200]!r}?{call.query[:200]!r}\n  {call.body[:600]!r}"
    if answer.broke is not None:
        logged.append(_told(answer.broke))
    if answer.seconds > SLOW_SECONDS:
        logged.append(f"took {answer.seconds:.1f} s of CPU")
    if answer.status >= 500 or answer.status == 0:
        logged.append(f"answered {answer.status}: {answer.body[:200]!r}")
    if logged:
        yield "\n".join((said, *logged))


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


async def _read_pages(house: House, corpus: Corpus, most: int) -> None:
    """What each person is offered."""
    plain = [path for method, path in corpus.routes if method == "GET" and "{" not in path]
    for person in house.people:
        waiting = [path for path in plain if not path.startswith("/api/") and path != "/live"]
        for number in house.known["number"][:3]:
            waiting += [f"/desk/{number}", f"/inbox/{number}", f"/paper/{number}"]
        waiting += [f"/households/{one}" for one in house.known["household"][:2]]
        corpus.chance.shuffle(waiting)
        seen: set[str] = set()
        while waiting and len(seen) < most:
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            place, _, query = path.partition("?")
            answer = await ask(
                house.app, Call("page", "GET", place.encode(), query.encode(), person.headers)
            )
            if answer.status == 200 and "text/html" in answer.headers.get("content-type", ""):
                waiting += corpus.learn(person, place, answer.body)
            elif answer.body[:2] == b"PK" and person.name != NOBODY:
                corpus.sheets.append(answer.body)
