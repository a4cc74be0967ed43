"""What an act is told: one model for each body, checked before anything is done."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from gateway.days import Moment
from models.vocabulary import Level

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


def _listed(given: Any) -> Any:
    """A list, as a form's one field writes it: names with commas between."""
    names = given.replace("，", ",").split(",") if isinstance(given, str) else None
    return given if names is None else tuple(name.strip() for name in names if name.strip())


class Body(BaseModel):
    """What an act is told. Unknown fields are refused, so that a misspelt one is not lost."""

    model_config = ConfigDict(extra="forbid")


class Nothing(Body):
    """The act needs no words."""


class LevelBody(Body):
    """A level and the reason for it."""

    level: Level
    reason: Words


class RouteBody(Body):
    """The right kind of help, or the right bureau; one of the two."""

    service: Short | None = None
    bureau: Short | None = None
    reason: Words


class HandOffBody(Body):
    """Which emergency line, and its receipt once it has taken over."""

    line: Short
    receipt: Short = ""
    reason: Words = ""


class SafeBody(Body):
    """Who has seen the person safe; ``close`` ends the request when nothing more is needed."""

    seen_by: Short
    note: Words = ""
    close: bool = False


class ContactBody(Body):
    """Who was called or visited, how, when, with what outcome."""

    who: Short
    outcome: Literal["reached", "on_site", "no_answer", "refused", "wrong_number"]
    by: Literal["phone", "sms", "chat", "visit"] = "phone"
    note: Words = ""
    at: Moment | None = None


class ReplyBody(Body):
    """The words to the citizen."""

    text: Words


class PartBody(Body):
    """A cooperating bureau's part."""

    result: Words


class ResultBody(Body):
    """The lead's result; ``absent`` explains the parts that did not come."""

    result: Words
    absent: Words = ""


class FeedbackBody(Body):
    """The lead's answer in its parts: what was found, what was done, by which rule, and whether
    the requester was contacted. A part may be empty here: the act names all that is missing."""

    found: Words = ""
    result: Words = ""
    basis: Words = ""
    contacted: Literal["", "reached", "not_reached", "no_way"] = ""
    absent: Words = ""


class CallbackBody(Body):
    """What the requester said when rung: reached or not, done or not, satisfied or not."""

    outcome: Literal["reached", "on_site", "no_answer", "refused", "wrong_number"]
    resolved: bool | None = None
    view: Literal["", "satisfied", "fairly_satisfied", "dissatisfied"] = ""
    by: Literal["phone", "sms", "chat", "visit"] = "phone"
    note: Words = ""


class ReasonBody(Body):
    """Why."""

    reason: Words


class UrgeBody(Body):
    """What the unit must hear; ``written`` makes it a supervision order (督办) that its head gets
    too."""

    words: Words
    written: bool = False


class ReturnBody(Body):
    """The rule of duty that is cited, the right unit, and why; ``first_aid`` says that first aid
    goes on until it is decided, ``overlap`` that city and county are both named."""

    rule: Short
    right_unit: Short
    reason: Words
    overlap: bool = False
    first_aid: bool = False


class ReassignBody(Body):
    """Who leads and who helps, by which ground of the closed list, and why; ``due`` only where the
    date itself must change."""

    lead: Short
    cooperating: Annotated[tuple[Short, ...], BeforeValidator(_listed)] = ()
    ground: Short = "duty_rule"
    reason: Words
    due: Moment | None = None


class BringInBody(Body):
    """Which bureau helps, and with what."""

    bureau: Short
    reason: Words


class AskBody(Body):
    """What is missing, and the question to the requester."""

    missing: Literal["place", "subject"]
    question: Words


class ExtendBody(Body):
    """How many working days more, and why; who grants may give fewer."""

    workdays: int | None = None
    reason: Words = ""


class SuspendBody(Body):
    """A ground of the closed list; who grants may leave it out."""

    ground: Short = ""
    reason: Words = ""


class DeclineBody(Body):
    """What was asked for, and why it is declined."""

    what: Literal["extension", "suspension"]
    reason: Words


class RefuseBody(Body):
    """The rule, the reasons, and other help that may fit."""

    rule: Short
    reasons: Words
    other_help: Words = ""


class NoteBody(Body):
    """What was said or done."""

    note: Words


class FollowUpBody(Body):
    """Who was helped is asked after: reached or not, by which way."""

    outcome: Literal["reached", "on_site", "no_answer", "refused", "wrong_number"]
    by: Literal["phone", "sms", "chat", "visit"] = "phone"
    note: Words = ""


class CloseBody(Body):
    """A reason of the closed list; ``note`` holds the receipt or what was found."""

    reason: Short
    note: Words = ""


class OtherBody(Body):
    """The number of the other request; both are named, so that nobody decides on one unseen."""

    other: Short
    reason: Words = ""


class UndoBody(Body):
    """The number that goes on, and why the merge was wrong; ``keep``: what people changed since
    was seen and stays."""

    other: Short
    reason: Words
    keep: bool = False


class LinkBody(Body):
    """The numbers of the other requests, with blanks or commas between, and what they share."""

    others: Annotated[str, StringConstraints(strip_whitespace=True, max_length=12_000)]
    relation: Literal["household", "event"]
    reason: Words = ""


class UnlinkBody(Body):
    """Out of which bundle."""

    relation: Literal["household", "event"]
    reason: Words = ""


class HouseholdBody(Body):
    """Which household of the registry, and why."""

    household: Short
    reason: Words = ""


class UnknownBody(Body):
    """A person whose name nobody knows: sex (M, F or U), age as it seems, where found."""

    sex: Short
    age: Annotated[int, Field(ge=0, le=120)] | None = None
    place: Short
    note: Words = ""


class OfferBody(Body):
    """The colleague who is to take the matter over, and what they must know."""

    to: Short
    note: Words = ""


class NoticeBody(Body):
    """How the one-time notice is given; ``repeated``: the person could say it back."""

    by: Literal["message", "read_out", "window"] = "message"
    repeated: bool = False
    note: Words = ""


class GrantBody(Body):
    """What is granted, and from when."""

    what: Words
    start: Short


class CheckBody(Body):
    """What a safety call after a hand-off found out; of the last two the note says who says so."""

    outcome: Literal["unknown", "in_danger", "person_deceased", "false_report"]
    note: Words = ""


class BarBody(Body):
    """Which unit or which person (login) is kept from the request; one of the two."""

    unit: Short = ""
    login: Short = ""
    reason: Words


class SplitBody(Body):
    """What the urgent part is, how urgent, and which kind of help."""

    part: Words
    level: Level
    service: Short | None = None
