"""What the acts of aid are told. Money is in yuan with at most two decimals, as people write it."""

import re
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, field_validator

from gateway.bodies import Body, Short, Words
from gateway.days import Moment
from models.ids import Id

Yuan = Annotated[Decimal, Field(ge=0, max_digits=13, decimal_places=2)]
_STAGE = re.compile(r"\s*(?P<yuan>\d+(?:\.\d{1,2})?)\s*元?\s*[:：]?\s*(?P<when>.*)")


def _plain(given: Any) -> Any:
    """A sum as a form's field has it: 1,200.50 or ￥500元."""
    if not isinstance(given, str):
        return given
    return given.translate(str.maketrans("", "", ",，￥¥元 ")) or "0"


Money = Annotated[Yuan, BeforeValidator(_plain)]


class AidBody(Body):
    """What an act of aid is told: a field of its own name is called by the words of aid."""

    called: ClassVar[str] = "aid"


class Judged(AidBody):
    """The three judgements, and what is to be given to whom. No identity paper is asked for;
    ``request`` is the number of the request, ``follows`` the grant that this one goes on from."""

    urgent: bool = False
    small: bool = False
    immediate: bool = False
    need: Short
    cause: Short
    form: Literal["money", "goods"] = "goods"
    amount: Money = Decimal(0)
    goods: Short = ""
    service: Short = ""
    fund: Short = ""
    recipient: Short = ""
    words: Words = ""
    standard: Short = ""
    area: Short | None = None
    household_id: Short | None = None
    resident_id: Id | None = None
    request: Short | None = None
    follows: Short | None = None
    kin_of: Short = ""
    once: Short = ""


class DeliverBody(AidBody):
    """Who received it, where, and what proves it: a witness, a photograph's number, the facts."""

    received_by: Short = ""
    place: Short = ""
    second_officer: Short = ""
    witness: Short = ""
    proof: Words = ""
    at: Moment | None = None


class GivenBody(Judged, DeliverBody):
    """What was given at once, recorded afterwards."""


class AuthoriseBody(AidBody):
    """Why, where there is a warning; and who agreed by telephone, where it needs their word."""

    reason: Words = ""
    agreed_by: Short = ""


class LiftBody(AidBody):
    """When the emergency was over; now, without a time."""

    at: Moment | None = None


class ExplainBody(AidBody):
    """Person, cause, amount and handler in words, and who signed."""

    explanation: Words
    signatures: Short


class PublishBody(AidBody):
    """Where the notice was put up."""

    place: Short


class CorrectBody(AidBody):
    """The right sum, and why."""

    amount: Money
    reason: Words


class DecideBody(AidBody):
    """What was decided, who sat together, how much; ``stages`` one a line: a sum and when."""

    words: Words
    present: Short
    amount: Money
    stages: tuple[tuple[Yuan, Short], ...] = ()

    @field_validator("stages", mode="before")
    @classmethod
    def _lines(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        found = [_STAGE.fullmatch(line) for line in given.splitlines() if line.strip()]
        if not all(found):
            raise ValueError("a stage is a sum and when: 500 第一个月")
        return tuple((one["yuan"], one["when"]) for one in found if one)


class KinBody(AidBody):
    """Whose near relative the recipient is (a sign-in name)."""

    kin_of: Short


class KinEntry(AidBody):
    """A near relative of a member of staff."""

    login: Short
    name: Short
    relation: Short
    household_id: Short | None = None


class FiledBody(AidBody):
    """An aid item of a bureau, or what a charity or firm gave: item, funds, recipient, standard."""

    kind: Literal["item", "social"] = "item"
    service: Short
    need: Short
    cause: Short = "other"
    form: Literal["money", "goods"] = "money"
    amount: Money = Decimal(0)
    goods: Short = ""
    fund: Short = "own_budget"
    standard: Short
    given_at: Moment
    recipient: Short = ""
    area: Short | None = None
    household_id: Short | None = None
    resident_id: Id | None = None
    request: Short | None = None
    giver: Short = ""
    words: Words = ""
    once: Short = ""


class TopUpBody(AidBody):
    """How much, and the voucher; ``reason`` where one is needed."""

    amount: Money
    voucher: Short
    reason: Words = ""


class CountBody(AidBody):
    """What was counted; a difference is explained."""

    counted: Money
    reason: Words = ""


class UndoEntryBody(AidBody):
    """Which entry never was, and why."""

    entry: Id
    reason: Words


class ResidentsBody(AidBody):
    """For how many people the reserve is."""

    residents: Id


class NeedBody(AidBody):
    """One need of a household in a disaster: missing, promised by somebody, met, not needed."""

    need: Literal["food", "water", "clothing", "shelter", "medical"]
    need_state: Literal["missing", "promised", "met", "not_needed"]
    supplier: Short = ""
    note: Words = ""
