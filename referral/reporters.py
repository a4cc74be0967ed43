"""What is said of a matter to who only reported somebody else's need: received, helped, not found,
referred, and no private details (N16). Pure.

Words that staff write, and reasons, may hold such details: a phrase with a place for them is never
said to a reporter as it is.
"""

OUTCOME = "reporter_outcome"
NEW_DATE = "reporter_new_date"
REFUSED = "refused_in_writing"
ANSWERS = ("reply_to_citizen", REFUSED, OUTCOME)
"""What answers a request; reporters hear the last, without private details (N16)."""

AS_IT_IS = frozenset(
    {
        "grievance_upward",
        "handed_over",
        "no_longer_urgent",
        "reopened",
        "running_late",
        "taken_up_again",
        "urgent_joined",
    }
)
"""Who works on it, by when, how urgent: without a word that staff wrote."""

TO_WHO_CAME = frozenset({"ask_for_more", "closed_unreachable", "handed_off"})
"""Said to the reporter whose own request it is: what they are asked, which emergency line took over
from them, and that they themselves could not be reached."""

_MOVED = frozenset({"due_changed", "handed_over_later"})
"""Another date, perhaps of another unit, with the reason that a person wrote."""

_ENDS = frozenset(
    {
        "closed_unreachable",
        "redirected",
        "refused_in_writing",
        "reply_to_citizen",
        "withdrawn",
    }
)


def said(phrase: str, *, own: bool) -> str | None:
    """The phrase that a reporter hears instead of this one, None for nothing. ``own``: the request
    is theirs, not one that was joined to somebody else's."""
    if phrase in AS_IT_IS or (own and phrase in TO_WHO_CAME):
        return phrase
    if phrase in _MOVED:
        return NEW_DATE
    return OUTCOME if phrase in _ENDS else None
