"""A form that was sent when it was time to prove again who is at the keyboard: it goes to the proof
and back with its fields, so that after it one press sends what was typed. Nothing of it is kept
here: it stands in the pages of the person who typed it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson
from fastapi import Request
from starlette.routing import Match

from gateway.web.unsent import SECRET, Unsent, opened

NOT_CARRIED = ("csrf", *SECRET)
"""The session's token, which the proof changes, and secrets."""
DOWNLOADS = ("/audit/export",)
"""Forms that are answered with a file: their page stays, and they may be sent again."""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """``to`` is where the form was sent, ``page`` the page to look at it again."""

    to: str
    page: str
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def carried(self) -> str:
        """The fields as the form of the proof carries them."""
        return orjson.dumps(dict(self.fields)).decode()

    @property
    def downloads(self) -> bool:
        """Whether a file answers."""
        return self.to in DOWNLOADS

    @property
    def words(self) -> list[str]:
        """What was typed, to be read again."""
        return [value for value in Unsent(self.page, fields=self.fields).words if value.strip()]


def sent(request: Request, fields: Mapping[str, str]) -> HeldBack:
    """What this call has sent."""
    kept = {name: value for name, value in fields.items() if name not in NOT_CARRIED}
    return HeldBack(request.url.path, _page(request), kept)


def come_back(fields: Mapping[str, str], inside: str) -> HeldBack | None:
    """What the form of the proof carried, if anything; ``inside`` is its address, "" if it is none
    of ours."""
    kept = opened(fields.get("held", ""))
    if not inside or kept is None:
        return None
    return HeldBack(inside, fields.get("next", ""), kept)


def _page(request: Request) -> str:
    """The nearest address that can be looked at: this one, or one above it."""
    path = request.url.path
    while path:
        scope = {**request.scope, "path": path, "method": "GET"}
        if any(one.matches(scope)[0] == Match.FULL for one in request.app.router.routes):
            return path
        path = path.rpartition("/")[0]
    return "/"
