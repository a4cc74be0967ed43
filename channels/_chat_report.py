"""The guided report of a grid worker: five questions, one contact, nothing lost between. Pure.

The state holds what was answered so far: ``v`` the release of this form, ``step`` the question
that is open, ``id`` and ``sender`` for the contact, ``ids`` which message answered what, and the
answers under their own names; of a report that was handed in, ``at`` is when.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from channels._chat_answers import answers, set_aside
from models.messages import Correspondent, Inbound, Location, Media, Say, Step, Turn, remark
from models.vocabulary import Level

VERSION = "1"
BEGIN = "report"
SHORTLY = timedelta(minutes=15)
"""So long after the handing in what is written belongs to the report; later it is another need."""
REPORT_BUTTON = ((BEGIN, "chat.button_report"),)

_STEPS = ("who", "where", "what", "photo", "urgent", "confirm")
_ANY = "*"
_CANCEL_WORDS = frozenset({"取消", "/cancel", "cancel"})
_UNKNOWN_WORDS = frozenset({"不知道", "不清楚", "unknown", "/skip"})
_BACK_WORDS = frozenset({"上一步", "返回", "/back", "back"})
_SKIP_WORDS = frozenset({"跳过", "没有", "无", "skip", "/skip"})
_SEND_WORDS = frozenset({"报出", "确认", "提交", "是", "对", "ok", "send", "/send"})
_URGENT_WORDS = {
    **dict.fromkeys(("有生命危险", "危险", "life in danger", "danger"), "danger"),
    **dict.fromkeys(("紧急", "急", "很急", "着急", "是", "是的", "urgent", "yes"), "urgent"),
    **dict.fromkeys(("不急", "不紧急", "不是", "不", "否", "not urgent", "no"), "no"),
}
_CLAIMS = {"danger": Level.LIFE_THREAT, "urgent": Level.URGENT}
_SAID, _BESIDE = ("what", "more"), {"who": "求助人", "where": "地点", "was": "改前"}
_CONTROL = frozenset(
    {
        "v",
        "step",
        "id",
        "sender",
        "staff",
        "media",
        "lat",
        "lon",
        "datum",
        "claim",
        "ids",
        "at",
        "free",
        "redo",
    }
)
_CHOICES = {
    "who": (("unknown", "chat.button_unknown"),),
    "where": (("skip", "chat.button_unknown"),),
    "what": (),
    "photo": (("skip", "chat.button_skip"),),
    "urgent": (("urgent", "chat.button_urgent"), ("no", "chat.button_not_urgent")),
    "confirm": (("send", "chat.button_send"),),
}


def spoken(turn: Turn) -> Inbound | None:
    """What a turn says as a contact, or None for a turn without words, place or picture."""
    said = turn.message
    if said is None and turn.act != "button":
        said = Inbound(
            external_id=turn.external_id,
            sender=turn.sender,
            text=turn.value,
            location=turn.location,
            media=turn.media,
        )
    if said is None or not (said.text.strip() or said.place or said.location or said.media):
        return None
    return said


def is_current(state: Mapping[str, str]) -> bool:
    """Whether the state was written by this release of the form and can be gone on with."""
    return state.get("v") == VERSION and state.get("step") in _STEPS


def begin(turn: Turn, who: Correspondent) -> Step:
    """The first question of a new report."""
    state = {
        "v": VERSION,
        "step": "who",
        "id": f"{turn.conversation}:report:{turn.external_id}",
        "sender": turn.sender,
        "staff": who.staff or "",
    }
    return Step(state=state, says=(_question(state),))


def ask_again(state: Mapping[str, str], *, noted: bool = False) -> Step:
    """The open question once more."""
    before = (Say("chat.report_added"),) if noted else ()
    return Step(state=dict(state), says=(*before, _question(state)))


def go_on(state: Mapping[str, str], turn: Turn, who: Correspondent) -> Step:
    """The next question, or the contact. The state must be current and the writer staff.

    A danger to life is reported the moment it is pressed or written as an answer, with whatever
    is known by then: asking on would cost time. Everything else waits for the confirmation.
    """
    state = {**state, "staff": who.staff or ""}
    step = state["step"]
    choice = _pressed(turn, step) if turn.act == "button" else _written(turn, step)
    if choice == "cancel":
        return Step(says=(Say("chat.report_cancelled", {}, REPORT_BUTTON),))
    if choice == "danger":
        state["claim"] = "danger"
        return _handed_in(state, turn, "chat.report_danger_done")
    if turn.act == "button" and choice is None:
        return ask_again(state)
    if choice is None:
        return _take(state, turn)
    if choice == "back":
        return _back(state)
    if choice == "send":
        return _handed_in(state, turn, "chat.report_done")
    if step == "urgent":
        state["claim"] = choice
    elif state.get("redo") == step:
        set_aside(state)
    return _next(state)


def corrected(state: Mapping[str, str], turn: Turn) -> Step | None:
    """The answer of an edited message in its new words; None for a message that answered nothing.
    Where others were added to it, the new words stand beside the old."""
    ids = answers(state)
    name, said = ids.get(turn.edits or ""), spoken(turn)
    if name is None or said is None:
        return None
    words = "\n".join(text for text in (said.place, said.text) if text and text.strip())
    alone = name in _CHOICES and list(ids.values()).count(name) == 1
    name = name if alone else "more"
    before = "" if alone else state.get(name, "")
    changed = {name: "\n".join(text for text in (before, words) if text)} if words else {}
    changed |= _place_of(said)
    step = ask_again({**state, **changed})
    return replace(step, says=(Say("chat.report_corrected"), *step.says))


def _handed_in(state: Mapping[str, str], turn: Turn, phrase: str) -> Step:
    """The report as a contact; what is needed to add to it stays known, and since when."""
    written = turn.message.at if turn.message is not None else None
    at = written or turn.received_at
    last = {"last": "", "ids": state.get("ids", "{}"), "at": at.isoformat() if at else ""}
    return Step(last, (Say(phrase),), _contact(state), number_as="last")


def abandoned(state: Mapping[str, str]) -> Inbound | None:
    """The report as far as it went, or, of a form that is not ours, every value as words."""
    if is_current(state):
        contact = _contact(state)
        return contact if contact.text or contact.media or contact.location else None
    text = "\n".join(value for key, value in state.items() if key not in _CONTROL and value.strip())
    found = replace(_contact(state), text=text)
    return found if text or found.media or found.location else None


def _take(state: dict[str, str], turn: Turn) -> Step:
    """Keep everything that came; go on when it answered the open question."""
    step = state["step"]
    said = spoken(turn)
    if said is None:
        return ask_again(state)
    words = "\n".join(text for text in (said.place, said.text) if text and text.strip())
    answered = {
        "who": bool(words) and not (said.location or said.media),
        "where": bool(words or said.location) and not said.media,
        "what": bool(words) and not said.location,
        "photo": bool(said.media),
    }.get(step, False)
    if answered and state.get("redo") == step:
        set_aside(state)
    state |= _place_of(said)
    if said.media:
        media = [*_media(state), *said.media]
        state["media"] = json.dumps([(item.url, item.content_type) for item in media])
    if words:
        name = step if answered and step != "photo" else "more"
        state["ids"] = json.dumps({**answers(state), said.external_id: name})
        state[name] = "\n".join(text for text in (state.get(name), words) if text)
    if answered:
        return _next(state)
    return ask_again(state, noted=True)


def _place_of(said: Inbound) -> dict[str, str]:
    place = said.location
    if place is None:
        return {}
    return {"lat": repr(place.latitude), "lon": repr(place.longitude), "datum": place.datum}


def _back(state: dict[str, str]) -> Step:
    """The question before; its answer stands until there is another one."""
    state["step"] = before = _STEPS[max(_STEPS.index(state["step"]) - 1, 0)]
    given = before in state or (before == "where" and "lat" in state)
    state |= {"redo": before} if given else {}
    return ask_again(state)


def _next(state: dict[str, str]) -> Step:
    state.pop("redo", None)
    state["step"] = _STEPS[_STEPS.index(state["step"]) + 1]
    if state["step"] == "what" and state.get("what"):  # taken over from another report
        state["step"] = "photo"
    return Step(state=state, says=(_question(state),))


def _question(state: Mapping[str, str]) -> Say:
    step = state["step"]
    params = {"summary": _paragraph(state)} if step == "confirm" else {}
    buttons = [(f"r:{step}:{value}", label) for value, label in _CHOICES[step]]
    if step != _STEPS[0]:
        buttons.append((f"r:{step}:back", "chat.button_back"))
    buttons.append((f"r:{_ANY}:danger", "chat.button_danger"))
    buttons.append((f"r:{_ANY}:cancel", "chat.button_cancel"))
    return Say(f"chat.report_{step}", params, tuple(buttons))


def _pressed(turn: Turn, step: str) -> str | None:
    """The choice of a button, None for one that belongs to another question."""
    form, _, rest = turn.value.partition(":")
    asked, _, choice = rest.partition(":")
    if form != "r" or asked not in (step, _ANY):
        return None
    known = {value for value, _ in _CHOICES[step]} | {"danger", "cancel", "back"}
    return choice if choice in known else None


def _written(turn: Turn, step: str) -> str | None:
    """The choice that somebody wrote instead of pressing; the whole text must be the answer."""
    if turn.media or turn.location:
        return None
    words = turn.value.strip().lower()
    if words in _CANCEL_WORDS:
        return "cancel"
    if words in _BACK_WORDS:
        return "back"
    if step in ("who", "where") and words in _UNKNOWN_WORDS:
        return "unknown"
    if step == "photo" and words in _SKIP_WORDS:
        return "skip"
    if step == "urgent":
        return _URGENT_WORDS.get(words)
    if step == "confirm" and words in _SEND_WORDS:
        return "send"
    return None


def _contact(state: Mapping[str, str]) -> Inbound:
    return Inbound(
        external_id=state.get("id", ""),
        sender=state.get("sender", ""),
        text=_paragraph(state),
        place=state.get("where"),
        location=_location(state),
        media=_media(state),
        name=state.get("who"),
        reporter=state.get("staff") or None,
        claims=_CLAIMS.get(state.get("claim", "")),
    )


def _paragraph(state: Mapping[str, str]) -> str:
    said = [state[key] for key in _SAID if state.get(key)]
    beside = [remark(f"{label}：{state[key]}") for key, label in _BESIDE.items() if state.get(key)]
    return "\n".join((*said, *beside))


def _media(state: Mapping[str, str]) -> tuple[Media, ...]:
    try:
        return tuple(Media(url, kind) for url, kind in json.loads(state.get("media", "[]")))
    except (ValueError, TypeError):
        return ()


def _location(state: Mapping[str, str]) -> Location | None:
    try:
        return Location(float(state["lat"]), float(state["lon"]), state.get("datum", "WGS-84"))
    except (KeyError, ValueError):
        return None
