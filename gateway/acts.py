"""The acts on a request, each named once: what it takes and which verb it calls.

The JSON interface and the pages are both made from this table, so neither can do what the other
could not.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from gateway import access, again, meanwhile, tasks
from gateway.access import Actor
from gateway.aid_bodies import NeedBody
from gateway.bodies import (
    AskBody,
    BarBody,
    Body,
    BringInBody,
    CallbackBody,
    CheckBody,
    CloseBody,
    ContactBody,
    DeclineBody,
    ExtendBody,
    FeedbackBody,
    FollowUpBody,
    GrantBody,
    HandOffBody,
    HouseholdBody,
    LevelBody,
    LinkBody,
    NoteBody,
    Nothing,
    NoticeBody,
    OfferBody,
    OtherBody,
    PartBody,
    ReasonBody,
    ReassignBody,
    RefuseBody,
    ReplyBody,
    ResultBody,
    ReturnBody,
    RouteBody,
    SafeBody,
    SplitBody,
    SuspendBody,
    UndoBody,
    UnknownBody,
    UnlinkBody,
    UrgeBody,
)
from gateway.state import State
from models.transaction import Row, acting
from referral import (
    answering,
    arbitrating,
    belonging,
    closing,
    complaining,
    correcting,
    feedback,
    granting,
    grievances,
    handing_off,
    handing_over,
    handling,
    informing,
    leave,
    likening,
    merging,
    needs,
    own_data,
    parting,
    refusing,
    rehandling,
    reopening,
    reporting,
    returning,
    secrecy,
    splitting,
    urging,
    waiting,
    withdrawing,
    withholding,
)
from referral.casework import Refusal

_NUMBERS = re.compile(r"[\s,，、;；]+")
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
        ("correct_route", RouteBody, complaining.correct_route),
        ("hand_off", HandOffBody, handing_off.hand_off),
        ("confirm_safe", SafeBody, handing_off.confirm_safe),
        ("claim", Nothing, handling.claim),
        ("sign", Nothing, handling.sign),
        ("record_contact", ContactBody, handling.record_contact),
        ("reply", ReplyBody, answering.reply),
        ("submit_part", PartBody, reporting.submit_part),
        ("report_result", ResultBody, reporting.report_result),
        ("feedback", FeedbackBody, feedback.feedback),
        ("callback", CallbackBody, closing.callback),
        ("rehandle", ReasonBody, rehandling.rehandle),
        ("close", CloseBody, closing.close),
        ("merge", OtherBody, merging.merge),
        ("undo_merge", UndoBody, parting.undo_merge),
        ("keep_apart", OtherBody, likening.keep_apart),
        ("link", LinkBody, likening.link),
        ("unlink", UnlinkBody, likening.unlink),
        ("link_household", HouseholdBody, belonging.link_household),
        ("refuse_household", HouseholdBody, belonging.refuse_household),
        ("unlink_household", HouseholdBody, belonging.unlink_household),
        ("name_unknown", UnknownBody, belonging.name_unknown),
        ("offer_handover", OfferBody, handing_over.offer_handover),
        ("accept_handover", Nothing, handing_over.accept_handover),
        ("decline_handover", ReasonBody, handing_over.decline_handover),
        ("request_return", ReturnBody, returning.request_return),
        ("uphold_return", ReasonBody, arbitrating.uphold_return),
        ("refuse_return", ReasonBody, arbitrating.refuse_return),
        ("reassign", ReassignBody, arbitrating.reassign),
        ("bring_in", BringInBody, complaining.bring_in),
        ("give_words", BringInBody, withholding.give_words),
        ("ask", AskBody, waiting.ask),
        ("resume", ReasonBody, waiting.resume),
        ("extend", ExtendBody, leave.extend),
        ("suspend", SuspendBody, leave.suspend),
        ("decline", DeclineBody, leave.decline),
        ("refuse_aid", RefuseBody, refusing.refuse_aid),
        ("withdraw", NoteBody, withdrawing.withdraw),
        ("reopen", ReasonBody, reopening.reopen),
        ("give_notice", NoticeBody, informing.give_notice),
        ("grant_aid", GrantBody, granting.grant_aid),
        ("safety_check", CheckBody, handing_off.safety_check),
        ("keep_confidential", ReasonBody, secrecy.keep_confidential),
        ("bar", BarBody, grievances.bar),
        ("take_upward", ReasonBody, grievances.take_upward),
        ("split_off", SplitBody, splitting.split_off),
        ("follow_up", FollowUpBody, reopening.follow_up),
        ("set_need", NeedBody, needs.set_need),
        ("urge", UrgeBody, urging.urge),
        ("accept_correction", NoteBody, own_data.accept_correction),
        ("decline_correction", ReasonBody, own_data.decline_correction),
    )
}


def perform(
    state: State,
    actor: Actor,
    number: str,
    act: Act,
    body: Body,
    *,
    now: datetime,
    seen: int | None = None,
) -> Row:
    """Do an act in one transaction: rights and scope, then the verb. Returns the request's row.

    ``seen`` is the last entry of the history on the page that the act came from: what others did
    since is shown first, and the same act sent twice from one page is done once. Raises
    ``Refusal`` (``Stale`` among them), ``Impossible`` or ``Busy``; then nothing was changed.
    """
    office = state.offices.current()
    with acting(state.database, state.mint) as tx:
        request = access.admit(tx, actor, office, number, act=act.name, now=now)
        given = body.model_dump()
        if again.is_repeat(tx, actor, request, act.name, given, seen):
            return request
        meanwhile.require_seen(tx, office, actor, request, act.name, seen, now)
        if "other" in given:
            given["other"] = access.admit(tx, actor, office, given["other"], act=act.name, now=now)
        if "others" in given:
            given["others"] = [
                access.admit(tx, actor, office, one, act=act.name, now=now)
                for one in dict.fromkeys(_NUMBERS.split(given["others"]))
                if one
            ]
        return act.verb(tx, office, actor, request, **given, now=now)


def finish_task(state: State, actor: Actor, task_id: int, note: str, *, now: datetime) -> Row:
    """Finish a piece of waiting work. Raises as ``perform``."""
    office = state.offices.current()
    access.allow(actor, "done")
    with acting(state.database, state.mint) as tx:
        task = tasks.admit(tx, office, actor, task_id, now=now)
        return handing_off.done(tx, office, actor, task, note=note, now=now)


class Takes(Protocol):
    """Whatever is told something: an act on a request, on a grant, on a reserve."""

    @property
    def body(self) -> type[Body]:
        """What it is told."""


def read_form(act: Takes, form: Mapping[str, str]) -> Body:
    """The body of an act from a page's form, where an empty field is none. Raises ``Refusal``."""
    filled = {name: value for name, value in form.items() if value.strip()}
    try:
        return act.body.model_validate(filled)
    except ValidationError as error:
        raise unfilled(error, act.body) from None


def unfilled(error: ValidationError, body: type[BaseModel]) -> Refusal:
    """What a form lacks or has wrong, every field of it at once, in the words of that form."""
    found = error.errors(include_input=False, include_url=False)
    fields = dict.fromkeys(str(one["loc"][0]) for one in found if one["loc"])
    called = getattr(body, "called", "")  # whose words its fields have: ``staff.<called>_field``
    own = {"called": called} if called else {}
    return Refusal("refusal.field", {"field": ", ".join(fields), **own}, 422)


_CHOSEN = frozenset((
    "bureau", "by", "close", "contacted", "cooperating", "first_aid", "ground", "keep",
    "lead", "level", "line", "login", "missing", "outcome", "overlap", "relation", "repeated",
    "resolved", "right_unit", "service", "sex", "to", "unit", "view", "written",
))  # fmt: skip
"""Fields of the bodies that hold a choice, not words."""


def known(form: Mapping[str, Any], act: Act) -> dict[str, str]:
    """What was typed into an act's fields, to be shown again."""
    return {name: str(form[name]) for name in act.body.model_fields if name in form}


def written(typed: Mapping[str, str], act: str) -> dict[str, str]:
    """What of it somebody wrote in words: what was chosen from a list is a code, and the form on
    the page has it still."""
    chosen = _CHOSEN | ({"reason"} if act == "close" else frozenset())
    return {name: text for name, text in typed.items() if text and name not in chosen}
