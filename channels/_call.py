"""A telephone call as a pure function: what is said, asked, written down and connected.

No provider is named here and nothing is spoken in words: steps name phrases. Whatever the caller
does, a call never ends without a trace: a contact, or word of how an existing request stands.

The state of a call is a flat document:
    at       menu, telling, number, code, after, connecting, talking, over
    tries    times that nothing usable was keyed or said at this place
    wrong    wrong numbers or codes in the whole call; the second one ends the guessing
    told     "1" once a contact was made of the call      missed  "1" once one said "unanswered"
    asked    "1" once a status was told                   danger  "1" once key 1 or words said so
    tape     on, kept: the recording runs, has come       from    the caller, for late recordings
    call     the conversation, for a call of which no end is told
"""

from collections.abc import Mapping
from dataclasses import replace

from channels import Wording, _standing
from models import numbers
from models.messages import Ask, Correspondent, Inbound, Line, Lookup, Media, Say, Step, Turn
from models.vocabulary import Form, Level

TAPED, UNREACHED = "call_taped", "call_unreached"
"""Said where the recording begins; said to a withheld number: what comes next, and by when."""

_SETTLED = frozenset({"told", "missed", "asked"})
_ANSWERED = frozenset({"completed", "answered"})
_NUMBER_DIGITS = 14
_CODE_DIGITS = 6

State = dict[str, str]


class CallFlow:
    """The dialogue of a call; ``turn.act`` is one of start, key, words, silence, recording,
    transcript, dialled, answered, hang_up. Anything else counts as silence."""

    def __init__(self, say: Wording, *, operator: bool) -> None:
        """``operator``: there is a number to which a caller can be connected."""
        self._say = say
        self._operator = operator

    def step(self, state: Mapping[str, str], turn: Turn, who: Correspondent) -> Step:
        """The next step. Words, recordings and a declared danger become contacts in the very step
        in which they arrive; a call that ends unanswered becomes exactly one missed contact."""
        caller = {"from": turn.sender} if turn.sender else {}
        kept = {**state, "call": turn.conversation, **caller}
        return _Call(self._say, operator=self._operator, state=kept, turn=turn, who=who).step()

    def unfinished(self, state: Mapping[str, str]) -> Inbound | None:
        """The missed call that is left when the provider never told us that the caller hung up."""
        ringing = state.get("at") == "connecting" and "missed" not in state
        if not state.get("call") or (state.keys() & _SETTLED and not ringing):
            return None
        words = self._say("call_unfinished", {}, Form.SPOKEN, "zh-CN")
        return Inbound(f"{state['call']}:missed", state.get("from", ""), words, missed=True)

    def lasts(self, state: Mapping[str, str]) -> bool:
        """A talk takes its time, and its recording: until then it is known whose call it was."""
        return state.get("at") in ("talking", "over") or bool(state.keys() & _SETTLED)


class _Call:
    """One turn; every method that returns a step is a place where the caller can get to."""

    def __init__(
        self, say: Wording, *, operator: bool, state: State, turn: Turn, who: Correspondent
    ) -> None:
        self._say, self._operator = say, operator
        self._state, self._turn, self._who = state, turn, who
        self._at = state.get("at", "")

    def step(self) -> Step:
        if self._turn.act == "start":
            return self._menu("call_greeting")
        if self._turn.act == "key":
            return self._key(self._turn.value)
        others = {
            "words": self._words,
            "recording": self._recording,
            "transcript": self._transcript,
            "dialled": self._dialled,
            "answered": self._answered,
            "hang_up": self._hang_up,
        }
        return others.get(self._turn.act, self._silence)()

    def _menu(self, *before: str) -> Step:
        if self._at != "menu":
            self._state["tries"] = "0"
        return self._ask("menu", *before, "call_menu")

    def _tell(self, *before: str) -> Step:
        self._state.pop("asked", None)
        return self._ask("telling", *before, *self._taped(), "call_tell", line=Line.RECORD)

    def _connect(self, *phrases: str) -> Step:
        if not self._operator:
            return self._nobody()
        phrases = phrases or ("call_connecting",)
        return self._ask("connecting", *phrases, *self._taped(), line=Line.CONNECT)

    def _taped(self) -> tuple[str, ...]:
        """The recording begins with the phrase that says so, once in a call."""
        begun = "tape" in self._state
        self._state.setdefault("tape", "on")
        return () if begun else (TAPED,)

    def _nobody(self) -> Step:
        """Nobody took the call: it is written down as missed, and the caller may leave words."""
        danger = "danger" in self._state
        contact = None
        if "missed" not in self._state:
            contact = self._missed()
        elif self._at != "connecting":
            return self._goodbye()
        self._state["tries"] = "0"
        step = self._tell("call_danger_unanswered" if danger else "call_unanswered")
        return replace(step, contact=contact, says=step.says[:-1] if danger else step.says)

    def _after(self, contact: Inbound) -> Step:
        """It is written down: say so, of what is urgent N3; of danger connect, as by key 1."""
        self._state["tries"] = "0"
        calm = self._ask("after", "call_number", "call_after")
        self._state = {**self._state, "danger": "1"}
        connect = self._connect("call_danger") if self._operator else self._tell("call_number")
        calm = replace(calm, contact=contact, promise="urgent_accepted", if_danger=connect)
        return calm if contact.sender else replace(calm, otherwise=UNREACHED)

    def _goodbye(self) -> Step:
        return self._ask("after", "call_goodbye", line=Line.HANG_UP)

    def _ask_number(self, *before: str) -> Step:
        return self._ask("number", *before, "call_ask_number", digits=_NUMBER_DIGITS)

    def _ask(self, at: str, *phrases: str, line: Line = Line.KEYS, digits: int = 1) -> Step:
        self._state["at"] = at
        return Step(self._state, tuple(Say(phrase) for phrase in phrases), line=line, digits=digits)

    def _key(self, key: str) -> Step:
        if self._at == "number" and key not in ("0", "1"):
            return self._number(key)
        if self._at == "code" and key not in ("0", "1"):
            return self._code(key)
        match key:
            case "1":
                return self._danger()
            case "2":
                self._state["tries"] = "0"
                return self._tell()
            case "3":
                return self._ask_number()
            case "0":
                return self._connect()
            case _:
                return self._silence()

    def _danger(self) -> Step:
        """Key 1: the request exists before the first ring."""
        contact = None
        if "danger" not in self._state:
            self._state["danger"] = "1"
            text = self._written("call_words_danger")
            contact = self._contact("danger", text=text, claims=Level.LIFE_THREAT)
        step = self._connect("call_danger")
        if contact is None or step.contact is None:
            return replace(step, contact=contact or step.contact)
        return replace(step, contact=replace(contact, missed=True))  # there is no operator

    def _silence(self) -> Step:
        """Nothing usable: ask once more, then a person; who has told us already may just go."""
        tries = int(self._state.get("tries", "0"))
        self._state["tries"] = str(tries + 1)
        match self._at:
            case "number" | "code":
                return self._wrong("call_number_wrong")
            case "telling" if tries == 0:
                return self._tell("call_not_heard")
            case "after":
                return self._goodbye()
            case "telling":
                return self._connect() if "missed" not in self._state else self._goodbye()
            case "menu" if tries:
                return self._connect()
            case "":
                return self._menu("call_greeting")
            case _:
                self._state["at"] = self._at = "menu"
                return self._menu("call_menu_again")

    def _number(self, keyed: str) -> Step:
        number = numbers.normal(keyed)
        if number is None:
            return self._wrong("call_number_wrong")
        self._state["number"] = number
        return self._ask("code", "call_ask_code", digits=_CODE_DIGITS)

    def _code(self, keyed: str) -> Step:
        number = self._state.get("number", "")
        known = self._turn.known
        if len(keyed) != _CODE_DIGITS:
            return self._wrong("call_status_unknown")
        if known is None:
            return Step(self._state, lookup=Lookup(Ask.STATUS, {"number": number, "code": keyed}))
        if not known.get("found"):
            return self._wrong("call_status_unknown")
        told = Say("call_status", {"number": number, "status": known.get("status", "")})
        self._state["asked"] = "1"
        step = self._menu()
        return replace(step, says=(told, *_standing.said(known, "call_status_"), *step.says))

    def _wrong(self, phrase: str) -> Step:
        """A second wrong number or code in one call goes to a person: codes cannot be guessed."""
        wrong = int(self._state.get("wrong", "0")) + 1
        self._state["wrong"] = str(wrong)
        if wrong > 1:
            return self._connect(phrase, "call_connecting")
        return self._ask_number(phrase)

    def _words(self) -> Step:
        if not self._turn.value.strip():
            return self._silence()
        # The first words of a call have a fixed id; without a state no words are a repeat of them.
        first = bool(self._at) and "spoken" not in self._state
        self._state["spoken"] = "1"
        own = None if first else f"{self._turn.external_id}:speech"
        return self._after(self._contact("speech", text=self._turn.value, external_id=own))

    def _recording(self) -> Step:
        own = f"recording:{self._turn.value}"
        tape = self._contact(own, media=self._turn.media)
        return self._late(replace(tape, heard="spoken" in self._state), tape="kept")

    def _transcript(self) -> Step:
        if not self._turn.value.strip():
            return self._late(None)
        own = f"{self._turn.external_id}:words"
        return self._late(self._contact("transcript", text=self._turn.value, external_id=own))

    def _late(self, contact: Inbound | None, *, tape: str = "") -> Step:
        """What a provider adds in its own time: the call goes on as it was, or stays over."""
        if tape:
            self._state["tape"] = tape
        return Step(None if self._at in ("", "over") else self._state, contact=contact)

    def _answered(self) -> Step:
        """An operator picked up: the call is in the books even if nobody types a word."""
        contact = None
        if "told" not in self._state and self._at not in ("", "over"):
            spoken = self._contact("answered", text=self._written("call_words_answered"))
            contact = replace(spoken, answered=True)
        if self._at not in ("", "over"):
            self._state |= {"at": "talking", "spoken": "1"}
        return Step(self._state if self._at else None, contact=contact)

    def _dialled(self) -> Step:
        if self._turn.value not in _ANSWERED:
            return self._nobody()
        return replace(self._answered(), says=(Say("call_goodbye"),), line=Line.HANG_UP)

    def _hang_up(self) -> Step:
        waits = "danger" in self._state and self._at != "talking"
        unanswered = waits or self._at == "connecting" or not self._state.keys() & {"told", "asked"}
        once = unanswered and "missed" not in self._state and self._at != "over"
        contact = self._missed() if once else None
        if self._state.get("tape") != "on":
            return Step(None, contact=contact)
        self._state["at"] = "over"  # the recording comes after the call and needs its number
        return Step(self._state, contact=contact)

    def _written(self, phrase: str) -> str:
        return self._say(phrase, {}, Form.FULL, "zh-CN")

    def _missed(self) -> Inbound:
        claims = Level.LIFE_THREAT if "danger" in self._state else None
        self._state["missed"] = "1"
        return self._contact("missed", missed=True, claims=claims)

    def _contact(
        self,
        what: str,
        *,
        text: str = "",
        claims: Level | None = None,
        missed: bool = False,
        media: tuple[Media, ...] = (),
        external_id: str | None = None,
    ) -> Inbound:
        if not media:  # a recording alone may be of silence: the call still counts as missed
            self._state["told"] = "1"
        return Inbound(
            external_id=external_id or f"{self._turn.conversation}:{what}",
            sender=self._state.get("from", ""),
            text=text,
            claims=claims,
            missed=missed,
            media=media,
            reporter=self._who.staff,
        )
