"""What software wrote for itself into a task, a message or the ledger, in its reader's words: why
it held a message back, or could not send it. Whatever people or providers wrote stays as it is."""

import re
from collections.abc import Mapping

from models.phrases import Phrasebook
from models.vocabulary import Form

_WRITTEN: Mapping[str, str] = {
    r"cap of the day reached: (?P<of>all|block|number)": "own.cap",
    r"cap of the day for numbers typed in urgent messages reached: (?P<of>all|block|number)": (
        "own.typed_cap"
    ),
    r"numbers of this country are not written to": "own.abroad",
    r"the form is older than its day": "own.old_form",
    r"more than (?P<n>\d+) an hour: (?P<of>address|partner)": "own.many",
    r"no receipt of its arrival": "own.no_receipt",
    r"no answer in time": "own.no_answer",
    r"has not taken it, rests": "own.rests",
    r"the provider cannot say whether it took the message": "own.unsure",
    r"channel (?P<channel>\w+) is switched off": "own.switched_off",
    r"(?P<row>\S+): a grievance never goes to the unit complained about": "own.route.grievance",
    r"(?P<row>\S+): a question is answered at the desk": "own.route.question",
    r"(?P<row>\S+): danger decides the first action": "own.route.danger",
    r"(?P<row>\S+): the one department needed": "own.route.one",
    r"(?P<row>\S+): several departments, civil affairs leads": "own.route.several",
    r"(?P<row>\S+): no type recognised, civil affairs holds it until decided": "own.route.unclear",
    r"(?P<row>RT-\S+): (?P<service>\w+)": "own.route.named",
}
"""The sentences as they are kept, and the phrase of each; ``of`` is a word under it, ``channel``
one of the channels."""
_NONE: Mapping[str, str] = {}
_PATTERNS = [(re.compile(sentence), key) for sentence, key in _WRITTEN.items()]


def worded(
    phrases: Phrasebook, text: str, language: str, services: Mapping[str, str] = _NONE
) -> str:
    """A kept sentence in the language; what is none of software's own is given back. ``services``
    are what types of help are called."""
    for pattern, key in _PATTERNS:
        if found := pattern.fullmatch(text):
            params = found.groupdict()
            if of := params.pop("of", None):
                params["of"] = phrases.say(f"own.of.{of}", {}, Form.FULL, language)
            if channel := params.get("channel"):
                params["channel"] = _channel(phrases, channel, language)
            if service := params.get("service"):
                params["service"] = services.get(service, service)
            return phrases.say(key, params, Form.FULL, language)
    return text


def _channel(phrases: Phrasebook, code: str, language: str) -> str:
    try:
        return phrases.say(f"staff.channel.{code}", {}, Form.FULL, language)
    except KeyError:
        return code
