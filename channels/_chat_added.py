"""What belongs to a report that was handed in, guided or in free words. Pure.

The state keeps ``last``, the number of its request; ``at``, when it was handed in; ``ids``, which
message answered what; ``group``, its album; ``free``, where nobody asked the five questions.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from channels import _chat_report as report
from channels._chat_answers import answers
from models.messages import Inbound, Step, Turn


def begun(step: Step, turn: Turn, said: Inbound) -> Step:
    """A report in free words: what is written shortly after it is added to it, as its receipt says,
    and the other pictures of its album are still to come."""
    at = said.at or turn.received_at
    last = {"last": "", "free": "1", "ids": "{}", "at": at.isoformat() if at else ""}
    return replace(step, state=last | _album(turn), number_as="last")


def _album(turn: Turn) -> dict[str, str]:
    return {"group": turn.group} if turn.group else {}


def added(last: Mapping[str, str], step: Step, turn: Turn) -> Step:
    """A step after something was handed in, ``last`` the number of its request: further pictures of
    its album, what is said shortly after it and answers that were edited belong to it."""
    if step.contact is None or not _belongs(last, turn, step.contact):
        return replace(step, state=dict(last)) if step.state is None else step
    kept = {**last, **_album(turn)}
    contact = replace(step.contact, about=last["last"] or None)
    return replace(step, state=kept, contact=contact, number_as="last")


def _belongs(last: Mapping[str, str], turn: Turn, said: Inbound) -> bool:
    if turn.edits:
        return turn.edits in answers(last)
    if turn.group and turn.group == last.get("group"):
        return True
    if "free" in last and turn.group and said.text:
        return False  # another album that says for itself what it shows
    if not last.get("at") or said.at is None:
        return "ids" in last and "free" not in last
    return said.at - datetime.fromisoformat(last["at"]) <= report.SHORTLY
