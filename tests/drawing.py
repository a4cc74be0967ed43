"""The life of a request as a drawing and a table: ``python -m tests.drawing`` writes the document.

Everything in it comes from the one table of transitions and the phrases of the pages.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from models.vocabulary import Form, ReferralStatus, Status
from referral.transitions import EVERY_CLOCK, OPEN, R_OPEN, REFERRAL, REQUEST, Transition
from tests import shipped

PATH = Path(__file__).parent.parent / "docs" / "lifecycle.md"
LANGUAGES = ("zh-CN", "en")
BOOK = shipped.phrases()
HEAD = """\
# 求助的一生 · The life of a request

Generated from `referral/transitions.py` by `python -m tests.drawing`; a test holds it up to date.
由代码中的同一张表生成；是否最新由测试核对。

Who: {who}.
"""


def document() -> str:
    """The whole page."""
    parts = [
        HEAD.format(who=_legend()),
        "## 求助 · The request\n",
        _drawing(REQUEST, Status),
        _table(REQUEST, "status"),
        "## 转办单 · The order of one bureau\n",
        _drawing(REFERRAL, ReferralStatus),
        _table(REFERRAL, "order"),
    ]
    return "\n".join(parts)


def _say(key: str, language: str) -> str:
    return BOOK.say(key, {}, Form.FULL, language)


def _both(family: str, code: str) -> str:
    return " · ".join(_say(f"staff.{family}.{code}", language) for language in LANGUAGES)


def _legend() -> str:
    roles = dict.fromkeys(role for row in (*REQUEST, *REFERRAL) for role in row.who)
    return "; ".join(f"`{role}` {_both('role', role)}" for role in roles)


def _drawing(rows: Sequence[Transition], statuses: type[Status] | type[ReferralStatus]) -> str:
    """A Mermaid state diagram. A road from every open status is drawn once, from "open"."""
    lines = ["```mermaid", "stateDiagram-v2"]
    family = "status" if statuses is Status else "order"
    lines += [f'    state "{_both(family, status)}" as {status}' for status in statuses]
    lines.append('    state "办理中的任何状态 · any open" as any_open')
    lines += dict.fromkeys(f"    {edge}" for row in rows for edge in _edges(row))
    return "\n".join([*lines, "```", ""])


def _edges(row: Transition) -> Iterator[str]:
    if row.to is None:
        return
    begins = [str(begin or "[*]") for begin in row.from_statuses]
    if set(row.from_statuses) in (set(OPEN), set(R_OPEN)):
        begins = ["any_open"]
    for begin in begins:
        yield f"{begin} --> {row.to}: {row.id} {_say(f'staff.act.{row.act}', 'zh-CN')}"


def _table(rows: Sequence[Transition], family: str) -> str:
    lines = [
        "| | 办什么 · act | 从 · from | 到 · to | 谁 · who | 条件 · guard | 时限 · clocks |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.id} | {_both('act', row.act)} | {_from(row, family)} | {_to(row, family)} "
        f"| {_who(row)} | {_guard(row)} | {_clocks(row)} |"
        for row in rows
    ]
    return "\n".join([*lines, ""])


def _from(row: Transition, family: str) -> str:
    if set(row.from_statuses) in (set(OPEN), set(R_OPEN)):
        return "任何未结状态 · any open"
    return "<br>".join(_both(family, begin) if begin else "–" for begin in row.from_statuses)


def _to(row: Transition, family: str) -> str:
    to = _both(family, row.to) if row.to else "不变 · unchanged"
    reasons = ", ".join(_both("reason", reason) for reason in row.reasons)
    return f"{to}<br>({reasons})" if reasons else to


def _who(row: Transition) -> str:
    who = ", ".join(row.who)
    who += f"<br>申请 · asked by: {', '.join(row.asked_by)}" if row.asked_by else ""
    return who + (f"<br>第二人 · second: {', '.join(row.second)}" if row.second else "")


def _guard(row: Transition) -> str:
    return f"{_say(f'lifecycle.{_key(row)}', 'zh-CN')}<br>{row.guard}"


def _key(row: Transition) -> str:
    """The Chinese guard stands under the number and the act: one number may name several acts."""
    same = [one for one in (*REQUEST, *REFERRAL) if (one.id, one.act) == (row.id, row.act)]
    return f"{row.id}_{row.act}" if len(same) == 1 else f"{row.id}_{row.act}_{same.index(row)}"


def _clocks(row: Transition) -> str:
    signs = (("▶", row.starts), ("■", row.stops), ("‖", row.pauses), ("▷", row.resumes))
    shown = [
        f"{sign} {', '.join('全部 · all' if name == EVERY_CLOCK else name for name in names)}"
        for sign, names in signs
        if names
    ]
    return "<br>".join(shown) or "–"


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(document(), "utf-8")
