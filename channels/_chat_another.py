"""Words that were added to a report and are about another household: they are offered a
report of their own. Software deletes nothing, so they stay where they are, with a note. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from channels import _chat_report as report
from models.messages import Correspondent, Inbound, Say, Step, Turn, remark

_BUTTON = (("another", "chat.button_another"),)
_WORDS = frozenset({"another", "是另一户", "另一户", "another household"})


def offered(step: Step, turn: Turn) -> Step:
    """The step, where it added free words to a report with a way to say that they are another's."""
    said, state = step.contact, step.state or {}
    is_added = step.number_as == "last" and "ids" in state
    if said is None or not is_added or not said.text or turn.edits or turn.group:
        return step
    says = (*step.says, Say("chat.report_joined", {}, _BUTTON))
    return replace(step, state={**state, "words": said.text}, says=says)


def begun(last: Mapping[str, str], turn: Turn, who: Correspondent) -> Step | None:
    """A new report with the words that were added, and the note for the request that has them, as
    long as that is surely open; None where nothing was added, or for anything else that is said."""
    if not last.get("words") or turn.edits or turn.value.strip().lower() not in _WORDS:
        return None
    step = report.begin(turn, who)
    note = Inbound(
        external_id=turn.external_id,
        sender=turn.sender,
        text=remark("报告人：上一条补充说的是另一户，不是这一户"),
        reporter=who.staff,
        about=last["last"] or None,
    )
    says = (Say("chat.report_another"), *step.says)
    state = {**(step.state or {}), "what": last["words"]}
    return replace(step, state=state, says=says, contact=note if _is_soon(last, turn) else None)


def _is_soon(last: Mapping[str, str], turn: Turn) -> bool:
    """Within as long again as words may be added: later the request may be over, and the note would
    begin one of its own."""
    at = turn.received_at or (turn.message.at if turn.message is not None else None)
    if at is None or not last.get("at"):
        return True
    return at - datetime.fromisoformat(last["at"]) <= 2 * report.SHORTLY
