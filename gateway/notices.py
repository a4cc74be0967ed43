"""The one-time notice as the page of a request shows it: what to read out, and what was told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.vocabulary import Level, Status, Track
from referral import informing
from referral.casework import Refusal, history
from referral.office import Office


@dataclass(frozen=True, slots=True)
class Given:
    """One time that it was told: to which number, which version, how, by whom; ``repeated``
    is whether a caller could say it back, None for what was sent."""

    at: datetime
    by: str
    to: str
    version: str
    channel: str
    form: str
    language: str
    repeated: bool | None


@dataclass(frozen=True, slots=True)
class Told:
    """The notice in force with the words to read out, and every time that it was given.
    ``asked_again`` counts how often one telling to the same number was not enough."""

    version: str
    script: str
    language: str
    papers: tuple[str, ...]
    given: tuple[Given, ...]

    @property
    def times(self) -> int:
        """How often it was told."""
        return len(self.given)

    @property
    def asked_again(self) -> int:
        """How often it had to be told once more."""
        return len(self.given) - len({one.to for one in self.given})

    def as_json(self) -> dict[str, Any]:
        """The same for the JSON interface."""
        return {
            "version": self.version,
            "script": self.script,
            "papers": self.papers,
            "times": self.times,
            "asked_again": self.asked_again,
            "given": [{name: getattr(one, name) for name in Given.__slots__} for one in self.given],
        }


def told(connection: Any, office: Office, request: Mapping[str, Any], now: datetime) -> Told | None:
    """The notice of a request; None where there is none: an urgent matter needs no papers, and a
    complaint asks for nothing."""
    if Level(request["level"]).is_urgent or request["track"] == Track.GRIEVANCE:
        return None
    if not Status(request["status"]).is_open:
        return None
    try:
        notice, script, language = informing.script(connection, office, request, now)
    except Refusal:  # no lead: nobody has decided what it is
        return None
    given = tuple(
        Given(
            at=one.at,
            by=one.by,
            to=one.detail["to"],
            version=one.detail["version"],
            channel=one.detail["channel"],
            form=one.detail["form"],
            language=one.detail["language"],
            repeated=one.detail.get("repeated"),
        )
        for one in history(connection, request["id"], informing.GIVEN)
    )
    return Told(notice.version, script, language, notice.papers, given)
