"""The dialogue of every channel in which people write: Telegram and its like. Pure.

One rule stands above all others: what a citizen says becomes a contact at once. Nobody in danger
is asked to choose from a menu first. Only texts that are exactly one of the few commands are not
contacts, and a command with anything else behind it is words again.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace

from channels import _chat_added as added
from channels import _chat_another as another
from channels import _chat_report as report
from channels import _standing
from models.messages import Ask, Correspondent, Inbound, Lookup, Say, Step, Turn
from models.vocabulary import Status

_WELCOME = frozenset({"/start", "/help", "/menu"})
_LINKED = re.compile(r"/start [A-Za-z0-9_-]{1,64}", re.ASCII)
"""What Telegram sends for whoever opens a link to the bot: nobody has said anything."""
_HOW = {"/status": "chat.status_how", "进度": "chat.status_how", "/bind": "chat.bind_how"}
_STATUS = re.compile(
    r"(?:/status|status|查?询?进度)[\s:：,，]*"
    r"(?P<number>(?:[A-Za-z]{2})?\d{8}-?\d{5}-?\d)[\s,，/]+(?P<code>\d{6})",
    re.IGNORECASE,
)
_BIND = re.compile(r"(?:/bind|bind|绑定)[\s:：]*(?P<code>\d{6}(?:\d\d)?)", re.IGNORECASE)
_CODE = re.compile(r"\d{8}", re.ASCII)
"""A code for binding as the staff page shows it, and nothing else; any figure may look so."""
_REPORT = frozenset({"/report", "上报", report.BEGIN})
_STATUSES = frozenset(Status)


@dataclass(frozen=True, slots=True)
class ChatFlow:
    """The dialogue; it holds nothing, so one serves all conversations."""

    def step(self, state: Mapping[str, str], turn: Turn, who: Correspondent) -> Step:
        """The next step. State is text to text and may be stored between any two turns.

        A state of an older release, or of a report whose writer is no member of staff any more,
        ends politely and every word in it goes out as a contact together with the turn's own.
        """
        if "last" in state:
            if who.staff and (begun := another.begun(state, turn, who)):
                return begun
            step = self.step({}, turn, who)
            return another.offered(added.added(state, step, turn), turn) if who.staff else step
        command = _command(turn)
        if state and not (who.staff and report.is_current(state)):
            return _start_over(state, turn, who, command=command)
        if state and turn.edits and (corrected := report.corrected(state, turn)):
            return corrected
        if command and (answered := _commanded(command, state, turn, who)):
            return answered
        if state and not turn.edits:
            return report.go_on(state, turn, who)
        if who.staff and turn.act in {"words", "command", "button"} and command in _REPORT:
            return report.begin(turn, who)
        if turn.act == "words" and (tried := _tried(command, turn, who)):
            return tried
        if turn.act == "button":
            return Step(says=(Say("chat.old_button"),))
        said = report.spoken(turn)
        if said is None:
            return _welcome(who)
        if not who.staff:
            return Step(contact=said)
        step = Step(state or None, contact=replace(said, reporter=who.staff))
        return step if state or turn.edits else added.begun(step, turn, said)

    def unfinished(self, state: Mapping[str, str]) -> Inbound | None:
        """The contact that an abandoned conversation amounts to, or None when nothing was said.

        A member of staff may be called away in the middle of a report; whoever keeps the states
        hands in an old one here, instead of throwing it away.
        """
        return None if "last" in state else report.abandoned(state)

    def lasts(self, state: Mapping[str, str]) -> bool:  # noqa: ARG002
        """Never: a report that is not gone on with is handed in."""
        return False


def _command(turn: Turn) -> str:
    if turn.media or turn.location:
        return ""
    return unicodedata.normalize("NFKC", turn.value).strip()


def _commanded(
    command: str, state: Mapping[str, str], turn: Turn, who: Correspondent
) -> Step | None:
    """The answer to a command, or None where the text is none. An ongoing report is kept."""
    kept = state or None
    if turn.act == "button":
        return None
    if command in _WELCOME or _LINKED.fullmatch(command):
        return report.ask_again(state) if state else _welcome(who)
    if command in _HOW:
        return Step(state=kept, says=(Say(_HOW[command]),))
    if command == "/report" and not who.staff:
        return Step(says=(Say("chat.report_not_staff"),))
    if asked := _STATUS.fullmatch(command):
        if turn.known is None:
            return Step(state=kept, lookup=Lookup(Ask.STATUS, _asked(asked)))
        return Step(state=kept, says=_progress(asked["number"], turn.known))
    if asked := _BIND.fullmatch(command):
        if turn.known is None:
            return Step(state=kept, lookup=Lookup(Ask.BIND, _asked(asked)))
        staff = turn.known.get("staff", "")
        if not staff:
            return Step(state=kept, says=(Say("chat.not_bound"),))
        return replace(_bound(staff), state=kept)
    return None


def _tried(code: str, turn: Turn, who: Correspondent) -> Step | None:
    """Eight digits alone bind the chat where such a code is open; otherwise they are words."""
    if not _CODE.fullmatch(code):
        return None
    if turn.known is not None:
        return _bound(turn.known["staff"]) if turn.known.get("staff") else None
    return None if who.staff else Step(lookup=Lookup(Ask.BIND, {"code": code}))


def _bound(staff: str) -> Step:
    return Step(says=(Say("chat.bound", {"staff": staff}, report.REPORT_BUTTON),))


def _asked(found: re.Match[str]) -> dict[str, str]:
    return {name: value.upper() for name, value in found.groupdict().items()}


def _progress(number: str, known: Mapping[str, str]) -> tuple[Say, ...]:
    """Unknown number and wrong code get the same sentence: nobody can try out numbers."""
    if not known.get("found"):
        return (Say("chat.status_unknown"),)
    number = known.get("number") or number
    status = known.get("status", "")
    if status not in _STATUSES:
        return (Say("chat.status_other", {"number": number, "status": status}),)
    says = _standing.said(known, "chat.status_")
    return (Say(f"chat.status_{status}", {"number": number}), *says)


def _welcome(who: Correspondent) -> Step:
    if who.staff:
        return Step(says=(Say("chat.welcome_staff", {}, report.REPORT_BUTTON),))
    return Step(says=(Say("chat.welcome"),))


def _start_over(state: Mapping[str, str], turn: Turn, who: Correspondent, *, command: str) -> Step:
    before = report.abandoned(state)
    commanded = _commanded(command, {}, turn, who) if command else None
    if before is None and commanded:
        return commanded
    said = None if commanded else report.spoken(turn)
    says = (Say("chat.start_over"),)
    if before is None:
        return Step(says=says, contact=said and replace(said, reporter=who.staff))
    if said is None:
        external_id, sender = before.external_id or turn.external_id, before.sender or turn.sender
        return Step(
            says=says,
            contact=replace(before, external_id=external_id, sender=sender, reporter=who.staff),
        )
    joined = replace(
        said,
        text="\n".join(text for text in (before.text, said.text) if text),
        place=said.place or before.place,
        location=said.location or before.location,
        media=before.media + said.media,
        claims=before.claims,
        reporter=who.staff,
    )
    return Step(says=says, contact=joined)
