"""Words that perhaps accuse and were not read as a complaint: they name an office or a member of
staff, and that somebody took money or did wrong, or that this is whom they complain about. Pure; a
person decides what they are (I9)."""

import re
from datetime import date
from functools import lru_cache

from referral.accused import NOBODY, Accused, accused_of
from referral.office import Office
from referral.secrecy import phrases

_REACH = 24
"""So many characters before what was done may name who did it, in one sentence."""
_ENDS = "。!?！？\n"
_WHOM = re.compile(r"[^,，、。;；!?！？\n]{1,16}")
_OFTEN = "又|还|还是|再|再次|继续|仍|仍然|依旧|照样"
_HOW = (
    f"{_OFTEN}|就|也|一直|经常|常常|天天|每天|总|总是|老|老是|喝醉|喝酒|喝了酒|回来|回家|开始|想|要"
)
_WHO = "的|人|同志|工作人员|干部|领导|主任|书记|民警"
_CAME = (
    "都|也|已经|刚|刚刚|上次|昨天|前天|今天|上周|来|过来|上门|到家|来家里"
    "|给我们|帮我们|为我们|给我|帮我|为我"
)
_DONE = "了|过|完|好|我们|我|一次|两次|三次|几次|多次|很多次"
_LATER = "以后|之后|过后|后"
_AFTER = f"{_LATER}|的时候|[,，]"
_PERSON = ("长", "主任", "书记", "干部", "会计", "员", "人")
"""A name that ends so is somebody's, as is that of a member of staff, and may be who "he" is."""
_FROM_THEM = re.compile("[被给让叫]")
"""In what was done: whoever stands right before it may have suffered it, or handed over what was
taken ("then my mother's money was taken"), and who did it is still to be said."""
_NOT = ("没", "没有", "未", "不", "不会", "别", "从不", "没人")


def perhaps(office: Office, text: str, area: str | None, day: date) -> Accused:
    """Whom these words accuse, if they do: who is named where the words of ``wrongs_done`` stand,
    or right after those of ``complaining``. Most texts hold none, and are looked at no further."""
    found = NOBODY
    for hit in phrases(str(office.policy.values["complaining"].value)).finditer(text):
        whom = _WHOM.match(text, hit.end())
        found = found.also(accused_of(office, whom.group() if whom else "", area, day))
    for hit in phrases(str(office.policy.values["wrongs_done"].value)).finditer(text):
        before = text[max(0, hit.start() - _REACH) : hit.start()]
        sentence = before[max(map(before.rfind, _ENDS)) + 1 :]
        if not sentence.endswith(_NOT):
            named = sentence
            if not _FROM_THEM.search(hit.group()):
                named = _without_who_made_peace(office, sentence, area, day)
            found = found.also(accused_of(office, named + hit.group(), area, day))
    return found


def _without_who_made_peace(office: Office, sentence: str, area: str | None, day: date) -> str:
    """What stands before a wrong, without the one who came to make peace where somebody else did
    the wrong after that: "the office made peace, then he hit me again". Only that whole turn of
    words takes away a name, and only the one right before it; whoever else is named, and every
    other turn, is for a person to look at: rather one too many than one who reads what is said
    about them. "He" is somebody else only after an office that made peace between two."""
    values = office.policy.values
    names = ("made_peace", "made_peace_between", "others_who_hurt")
    turns = _turn(*(str(values[name].value) for name in names))
    turn = turns.search(sentence)
    while turn is not None:
        head = sentence[: turn.start()]
        at = _last_named(office, head, area, day)
        if at is not None:
            named = accused_of(office, head[at:], area, day)
            somebody = head.endswith(_PERSON) or named.logins
            if not (turn["him"] and somebody):
                return head[:at] + turn.group()
        turn = turns.search(sentence, turn.start() + 1)
    return sentence


def _last_named(office: Office, head: str, area: str | None, day: date) -> int | None:
    """Where the name begins with which these words end; None where they end with none."""
    for at in range(len(head) - 1, -1, -1):
        if accused_of(office, head[at:], area, day):
            return None if accused_of(office, head[at:-1], area, day) else at
    return None


@lru_cache(maxsize=8)
def _turn(peace: str, between: str, others: str) -> re.Pattern[str]:
    """What may stand between the name of who made peace and the wrong that another did."""

    def one_of(words: str) -> str:
        return "|".join(sorted(map(re.escape, words.split()), key=len, reverse=True))

    came = f"(?:{_WHO})*(?:{_CAME})*"
    after = f"(?:{_DONE})*(?:{_AFTER})+"
    over = f"(?:(?:{_DONE})*(?:{_LATER})[,，]?|(?:{_DONE})+[,，])"
    him = f"(?:{_CAME})*(?:{one_of(between)}){over}[他她](?:{_OFTEN})+"
    other = f"{came}(?:{one_of(peace)}){after}我?(?:{one_of(others)})(?:{_HOW})*"
    return re.compile(f"(?:(?P<him>{him})|{other})$")
