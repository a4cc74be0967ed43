"""What was typed into a form whose sign-in had run out: it goes to the sign-in page and back, and
becomes the draft of the form it was meant for. Nothing of it is kept before somebody signs in."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from gateway import calls, drafts, sessions
from gateway.state import State
from models import numbers
from models.transaction import acting
from referral.casework import Refusal

SECRET = ("password", "new", "again", "current")
"""The fields of forms in which a password is typed."""
NOT_SHOWN = (*drafts.NOT_TYPED, *SECRET, "code", "had", "held", "held_to", "next")
"""What is no text of anybody, or a secret."""
_PROOF = "/account/confirm"
_ACT = re.compile(r"/(desk|inbox)/([^/]{1,40})/([a-z_]{1,40})")
_ENTER = "/desk/enter"
_CODE = re.compile(r"[a-z][a-z_]*")
_CARRIED = ("left_page", "left_place", "left_act")


@dataclass(frozen=True, slots=True)
class Unsent:
    """``page`` shows the form again; ``place`` and ``act`` name its draft, "" where it has none."""

    page: str
    place: str = ""
    act: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def carried(self) -> str:
        """The fields as the form of the sign-in carries them."""
        return orjson.dumps(dict(self.fields)).decode()

    @property
    def words(self) -> list[str]:
        """What was typed, without the codes of what was chosen from a list."""
        return [value for value in self.fields.values() if not _CODE.fullmatch(value)]


def typed(path: str, form: Mapping[str, str]) -> Unsent:
    """What somebody had typed into a form that was sent to this path, or into the form that the
    proof of who is there carried along."""
    if path == _PROOF:
        page, held = form.get("next", ""), opened(form.get("held", ""))
        return Unsent(page or "/account", fields=_shown(held or {}))
    fields = _shown(form)
    if path == _ENTER:
        call = calls.named(form.get("call", ""))
        page = f"{path}?call={call}" if call else path
        return Unsent(page, drafts.ENTRY, drafts.slot(call), fields)
    found = _ACT.fullmatch(path)
    if found and (number := numbers.normal(found[2])):
        return Unsent(f"/{found[1]}/{number}", number, found[3], fields)
    return Unsent(f"/{path.split('/')[1]}", fields=fields)


def _shown(form: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in form.items() if name not in NOT_SHOWN and value.strip()}


def opened(carried: str) -> dict[str, str] | None:
    """The fields that a form carried along; None for anything else."""
    try:
        fields = orjson.loads(carried)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(fields, dict) or not all(isinstance(one, str) for one in fields.values()):
        return None
    return {str(name): value for name, value in fields.items()}


def come_along(form: Mapping[str, str]) -> Unsent | None:
    """What the form of the sign-in carried, if anything."""
    fields = opened(form.get("left", ""))
    if fields is None:
        return None
    page, place, act = (form.get(name, "") for name in _CARRIED)
    return Unsent(page, place, act, fields)


def keep(state: State, key: str, left: Unsent) -> None:
    """Make it the draft of who has signed in with this session. More than a form can hold is let
    go: it stood on the page before."""
    if not left.act or not (left.place == "enter" or numbers.normal(left.place)):
        return
    half = sessions.half_way(state, key)
    login = half.login if half else sessions.signed_in(state, key).actor.login
    try:
        with acting(state.database, state.mint) as tx:
            drafts.save(tx, login, left.place, left.act, left.fields, now=state.now())
    except Refusal:
        return
