"""The acts on a request, each named once: what it takes and which verb it calls.

The JSON interface and the pages are both made from this table, so neither can do what the other
could not.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
)

from gateway import access, tasks
from gateway.access import Actor
from gateway.state import State
from models.transaction import Row, acting
from models.vocabulary import Level
from referral import (
    answering,
    arbitrating,
    closing,
    correcting,
    handing_off,
    handling,
    rehandling,
    reporting,
    rerouting,
    returning,
)
from referral.casework import Refusal

Words = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


def _listed(given: Any) -> Any:
    """A list, as a form's one field writes it: names with commas between."""
    if not isinstance(given, str):
        return given
    return tuple(name.strip() for name in given.replace("，", ",").split(",") if name.strip())


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
    at: AwareDatetime | None = None


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
    due: AwareDatetime | None = None


class BringInBody(Body):
    """Which bureau helps, and with what."""

    bureau: Short
    reason: Words


class CloseBody(Body):
    """A reason of the closed list; ``note`` holds the receipt or what was found."""

    reason: Short
    note: Words = ""


Verb = Callable[..., Row]


@dataclass(frozen=True, slots=True)
class Act:
    """One act: its name in address, rights and phrases, its body, its verb."""

    name: str
    body: type[Body]
    verb: Verb


ACTS: Mapping[str, Act] = {
    name: Act(name, body, verb)
    for name, body, verb in (
        ("confirm", Nothing, correcting.confirm),
        ("raise_urgency", LevelBody, correcting.raise_urgency),
        ("lower_urgency", LevelBody, correcting.lower_urgency),
        ("correct_route", RouteBody, rerouting.correct_route),
        ("hand_off", HandOffBody, handing_off.hand_off),
        ("confirm_safe", SafeBody, handing_off.confirm_safe),
        ("claim", Nothing, handling.claim),
        ("sign", Nothing, handling.sign),
        ("record_contact", ContactBody, handling.record_contact),
        ("reply", ReplyBody, answering.reply),
        ("submit_part", PartBody, reporting.submit_part),
        ("report_result", ResultBody, reporting.report_result),
        ("callback", CallbackBody, closing.callback),
        ("rehandle", ReasonBody, rehandling.rehandle),
        ("close", CloseBody, closing.close),
        ("request_return", ReturnBody, returning.request_return),
        ("uphold_return", ReasonBody, arbitrating.uphold_return),
        ("refuse_return", ReasonBody, arbitrating.refuse_return),
        ("reassign", ReassignBody, arbitrating.reassign),
        ("bring_in", BringInBody, rerouting.bring_in),
    )
}


def perform(state: State, actor: Actor, number: str, act: Act, body: Body, *, now: datetime) -> Row:
    """Do an act in one transaction: rights and scope, then the verb. Returns the request's row.

    Raises ``Refusal``, ``Impossible`` or ``Busy``; then nothing was changed.
    """
    office = state.offices.current()
    with acting(state.database, state.mint) as tx:
        request = access.admit(tx, actor, office, number, act=act.name, now=now)
        return act.verb(tx, office, actor, request, **body.model_dump(), now=now)


def finish_task(state: State, actor: Actor, task_id: int, note: str, *, now: datetime) -> Row:
    """Finish a piece of waiting work. Raises as ``perform``."""
    office = state.offices.current()
    access.allow(actor, "done")
    with acting(state.database, state.mint) as tx:
        task = tasks.admit(tx, office, actor, task_id, now=now)
        return handing_off.done(tx, office, actor, task, note=note, now=now)


def read_form(act: Act, form: Mapping[str, str]) -> Body:
    """The body of an act from a page's form, where an empty field is none. Raises ``Refusal``."""
    filled = {name: value for name, value in form.items() if value.strip()}
    try:
        return act.body.model_validate(filled)
    except ValidationError as error:
        field = str(error.errors(include_input=False, include_url=False)[0]["loc"][0])
        raise Refusal("refusal.field", {"field": field}, 422) from None


def known(form: Mapping[str, Any], act: Act) -> dict[str, str]:
    """What was typed into an act's fields, to be shown again."""
    return {name: str(form[name]) for name in act.body.model_fields if name in form}
