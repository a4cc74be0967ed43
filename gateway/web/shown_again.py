"""An act that was refused is shown on the page it came from, with what was typed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from fastapi import Request, Response

from gateway import sentences
from gateway.web.staff import faults_of, worded
from referral.casework import Refusal
from referral.lifecycle import Impossible

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an act was not done, in the words of the page; ``faults`` say it at their fields."""

    status: int
    error: str
    faults: Mapping[str, str]


NOTHING = Refused(200, "", {})
"""Nothing was refused."""


def tried(
    request: Request, do: Callable[[], Done], again: Callable[[Refused], Response]
) -> Done | Response:
    """What an act of a form makes, or the page again that ``again`` makes of the refusal. What
    does not exist is shown on no page: that refusal goes on."""
    try:
        return do()
    except (Refusal, Impossible) as error:
        if sentences.status_of(error) == 404:
            raise
        return again(refused(request, error))


def refused(request: Request, error: Refusal | Impossible) -> Refused:
    """A refusal in the page's language."""
    return Refused(sentences.status_of(error), worded(request, error), faults_of(request, error))
