"""What a caller hears: phrases filled in and spelt out, as TwiML. Pure."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from channels import ChannelSettings
from channels._call import TAPED
from channels._twilio import dialable
from models import spelling
from models.messages import Line, Outcome, Say, Step
from models.vocabulary import Form, Status

RING = 25
"""Seconds that a telephone rings: the operator's before the caller may leave words, the citizen's
when we call."""

LONGEST_SAID = 4_000
"""Characters that Twilio speaks at once at most (4096): an answer of a unit may be longer."""

_UNSPEAKABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0
_CHINESE = re.compile("[\u3400-\u9fff]")
_LATIN = re.compile("[A-Za-z]")
_CHINA = ZoneInfo("Asia/Shanghai")
_SPEECH = {"zh": ("cmn-CN", "cmn-Hans-CN"), "en": ("en-US", "en-US")}
"""Twilio's names of a language: for speaking, for hearing."""


class Speaker:
    """HUIYIN_TWILIO_VOICE and HUIYIN_TWILIO_SAY_LANGUAGE choose the voice that speaks Chinese."""

    def __init__(self, settings: ChannelSettings, hook: str) -> None:
        """``hook`` is the public address of the channel's web hook."""
        self._settings = settings
        self._hook = hook

    def twiml(self, step: Step, outcome: Outcome, *, action: str) -> str:
        """The answer to a turn; whatever the caller does next is posted to ``action``."""
        from twilio.twiml.voice_response import (  # type: ignore[import-untyped]
            Dial,
            Gather,
            VoiceResponse,
        )

        response = VoiceResponse()
        spoken, heard = _SPEECH.get(outcome.language[:2], _SPEECH["zh"])
        texts = [self._words(say, outcome) for say in step.says]
        if any(say.phrase == TAPED for say in step.says):
            response.start().recording(
                recording_status_callback=f"{self._hook}/status",
                track="inbound",
                channels="mono",
                trim="do-not-trim",
            )
        if step.line in (Line.KEYS, Line.RECORD):
            # Keys and words may interrupt a question, but neither a number nor advice in danger.
            held = max(1, len(texts) - 1) if outcome.number else 0
            self._speak(response, texts[:held], spoken)
            keys_only = step.digits > 1
            gather = Gather(
                input="dtmf" if keys_only else "dtmf speech",
                action=action,
                method="POST",
                num_digits=step.digits,
                finish_on_key="#",
                timeout=10 if keys_only or step.line is Line.RECORD else 6,
                action_on_empty_result=True,
                **({} if keys_only else _hearing(heard, telling=step.line is Line.RECORD)),
            )
            self._speak(gather, texts[held:], spoken)
            response.append(gather)
            return str(response)
        self._speak(response, texts, spoken)
        if step.line is Line.CONNECT:
            dial = Dial(action=action, method="POST", timeout=RING)
            dial.number(
                dialable(self._settings.operator_number),
                status_callback=f"{self._hook}/status",
                status_callback_event="answered",
            )
            response.append(dial)
            return str(response)
        response.hangup()
        return str(response)

    def reading(self, text: str, *, twice: bool) -> str:
        """A text that we telephone, in the language of most of it: a line may have a Chinese name
        in an English sentence, an account a Latin one in a Chinese."""
        from twilio.twiml.voice_response import VoiceResponse

        letters = len(_LATIN.findall(text))
        language = "zh-CN" if len(_CHINESE.findall(text)) * 2 >= letters else "en"
        again = (self._phrase("call_repeat", {}, language), text) if twice else ()
        response = VoiceResponse()
        self._speak(response, (text, *again), _SPEECH[language[:2]][0])
        return str(response)

    def _speak(self, verb: Any, texts: Sequence[str], language: str) -> None:
        voice = self._settings.env.get("TWILIO_VOICE")
        chosen = self._settings.env.get("TWILIO_SAY_LANGUAGE") if language == "cmn-CN" else None
        for text in texts:
            for start in range(0, max(len(text), 1), LONGEST_SAID):
                part = _UNSPEAKABLE.sub(" ", text[start : start + LONGEST_SAID])
                verb.say(part, language=chosen or language, voice=voice)

    def _words(self, say: Say, outcome: Outcome) -> str:
        language = outcome.language
        phrase, params = say.phrase, dict(say.params)
        if phrase == "call_number":
            if not outcome.number:
                return self._phrase("call_kept", {}, language)
            params = {"number": outcome.number, "code": outcome.code or ""}
            phrase = phrase if outcome.code else "call_number_only"
        params = self._spelt(params, language)
        if params.get("status") in set(Status):
            params["status"] = self._phrase(f"call_state.{params['status']}", {}, language)
        if "due" in params:
            params["due"] = self._moment(params["due"], language)
        return self._phrase(phrase, params, language)

    def _phrase(self, key: str, params: Mapping[str, str], language: str) -> str:
        return self._settings.say(key, params, Form.SPOKEN, language)

    def _spelt(self, params: Mapping[str, str], language: str) -> dict[str, str]:
        names = self._phrase(spelling.NAMES, {}, language).split()
        return spelling.spoken(params, names, self._phrase(spelling.PAUSE, {}, language))

    def _moment(self, due: str, language: str) -> str:
        """A time is spoken in China time; words stay as they are."""
        try:
            at = datetime.fromisoformat(due)
        except ValueError:
            return due
        at = at.astimezone(_CHINA) if at.tzinfo else at
        parts = {"month": at.month, "day": at.day, "hour": at.hour, "minute": f"{at:%M}"}
        return self._phrase("call_due", {k: str(v) for k, v in parts.items()}, language)


def _hearing(language: str, *, telling: bool) -> dict[str, Any]:
    """How speech is taken: no word is masked, and who is telling may pause for breath."""
    pause: Any = 3 if telling else "auto"
    return {"language": language, "profanity_filter": False, "speech_timeout": pause}
