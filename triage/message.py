"""What is true of a text as a whole: a plea, news or an offer, a petition, an exercise."""

import re
from bisect import bisect_right
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from triage.places import read_address
from triage.policy import SignalPolicy
from triage.second_reading import SecondReading
from triage.signals import Scan, Span
from triage.text import Folded, squeeze

PUBLIC_CUES = ("collector", "news", "offer", "cheer", "notice", "recruit")
"""Groups of cues.toml whose words speak to everybody."""

_NUMBER = re.compile(r"\d[\d\- ]{6,20}\d")
_LETTER = 60  # characters from which on a text can be a petition
_CIVIC = 2  # different words of administration that make a text a petition
_EMERGENCY = 2  # different words of a present emergency that make it none
_DESK = 3  # words of a desk's business from which on the whole text is about it
_DOOR = frozenset(("cellno", "floorno", "roomno"))  # parts of an address that name one door
_ENDS = 8  # clauses at either end of a part that are looked at; courtesy is never longer
_DENSE = 0.75  # share of sentences with danger in them that makes it none


@dataclass(frozen=True, slots=True)
class Message:
    """A text as the judges see it, with what is true of it as a whole."""

    folded: Folded
    scan: Scan
    policy: SignalPolicy
    pleads: bool  # it asks for help
    public: bool  # it is addressed to everybody: news, an offer, good wishes, a warning
    widely: bool  # ... in more words than one, which may have been about something else
    chain: bool  # it is passed on without anybody one could call
    petition: bool  # a long letter about administration, where danger words are mostly history
    exercise: bool  # it calls itself an exercise
    registered: bool  # ... with a code that the running system knows
    reporter: bool  # a member of staff reports somebody else's need
    disaster: bool  # it pleads from the scene of one, and is no petition
    second: SecondReading  # what experience says of it

    def is_cry(self, span: Span) -> bool:
        """Whether nothing stands beside these words but who, where, a number to call, courtesy, and
        a call for help."""
        text = self.folded.text
        if len(text) > self.policy.borders.cry:
            return False
        return self._says_nothing(f"{text[: span[0]]} {text[span[1] :]}")

    def told(self, part: Span, span: Span) -> Span:
        """The part that holds the span, without the clauses at its ends that say nothing and the
        words before it that only say who is speaking."""
        text, clause = self.folded.text, self.folded.clause
        first, last = part
        for _ in range(_ENDS):
            end = clause(first)[1]
            if end > span[0] or not self._says_nothing(text[first:end]):
                break
            first = end
        for _ in range(_ENDS):
            start = clause(last - 1)[0]
            if start < span[1] or not self._says_nothing(text[start:last]):
                break
            last = start
        fill = self.policy.groups["cry_fill"]
        while lead := next((w for w in fill if text.startswith(w, first, span[0])), ""):
            first += len(lead)
        return first, last

    def _says_nothing(self, words: str) -> bool:
        """Whether they are nothing but who, where, a number to call, courtesy, a call for help."""
        if place := read_address(words):
            words = f"{words[: place.start]} {words[place.end :]}"
        words = _NUMBER.sub(" ", words)
        for word in self.policy.groups["cry_fill"]:
            words = words.replace(word, " ")
        return sum(map(str.isalnum, words)) <= self.policy.borders.bare

    def bare_plea(self) -> Span | None:
        """The call for help of a text that says nothing else but who and where."""
        if not self.pleads:
            return None
        return next((span for span in self.scan.cues.get("plea", ()) if self.is_cry(span)), None)

    def at_the_desk(self, place: Span) -> bool:
        """Whether the text does more than tell: a letter, much talk of a desk's business, or a
        sentence that asks how to apply, complains, thanks."""
        spoken = self.scan.cues.get("desk_talk", ())
        if self.petition or len(spoken) >= _DESK:
            return True
        told = self.told(self.folded.sentence(place[0]), place)
        return any(self.scan.within(cue, *told) for cue in ("desk_talk", "all_over"))


def read_message(
    folded: Folded,
    scan: Scan,
    policy: SignalPolicy,
    *,
    heard: Scan,
    reporter: bool,
    exercise_codes: AbstractSet[str],
) -> Message:
    """Read the kind of a text. ``heard`` is what stands in it when misheard words are mended;
    ``exercise_codes`` are those registered in the running system."""
    cues = scan.cues
    pleads = any(not folded.tagged(*span) for span in cues.get("plea", ()))
    petition = _is_petition(folded, scan, policy)
    spoken = _public_words(scan)
    return Message(
        folded=folded,
        scan=scan,
        policy=policy,
        pleads=pleads,
        public=_is_public(folded.text, scan, bool(spoken), pleads=pleads),
        widely=spoken > 1,
        chain="chain" in cues and "chain_ask" in cues and "flood_scene" not in cues,
        petition=petition,
        exercise="exercise" in cues,
        registered=any(code and squeeze(code) in folded.text for code in exercise_codes),
        reporter=reporter,
        disaster=pleads and "flood_scene" in cues and not petition,
        second=SecondReading(policy.experience, folded, heard),
    )


def _is_public(text: str, scan: Scan, spoken: bool, *, pleads: bool) -> bool:
    """Whether a text speaks to everybody. Who passes on calls for help and names the very door
    where it is needed speaks for those behind it."""
    if "collector" in scan.cues:
        place = read_address(text) if pleads else None
        return place is None or _DOOR.isdisjoint(place.parts)
    return not pleads and spoken


def _public_words(scan: Scan) -> int:
    """How many words of news, cheer, offers, notices and the like stand one after the other."""
    found = sorted(span for group in PUBLIC_CUES for span in scan.cues.get(group, ()))
    words = end = 0
    for span in found:
        if span[0] >= end:
            words, end = words + 1, span[1]
    return words


def _is_petition(folded: Folded, scan: Scan, policy: SignalPolicy) -> bool:
    """A letter of some length in the words of administration, unless it is full of danger."""

    def kinds(group: str) -> int:
        return len({folded.text[slice(*span)] for span in scan.cues.get(group, ())})

    if len(folded.text) < _LETTER or kinds("emergency") >= _EMERGENCY:
        return False
    if "salutation" not in scan.cues and kinds("civic") < _CIVIC:
        return False
    dangerous = {
        bisect_right(folded.ends, start)
        for owner, spans in scan.rows.items()
        if owner in policy.signals and policy.signals[owner].level.is_urgent
        for (start, _), _, _ in spans
    }
    ends_with_stop = bool(folded.ends) and folded.ends[-1] == len(folded.text)
    sentences = len(folded.ends) + (not ends_with_stop)
    return len(dangerous) < _DENSE * sentences
