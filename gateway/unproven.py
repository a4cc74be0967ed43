"""A telephone number that somebody typed into the form is nobody's proof that it is theirs.

What is typed into a form begins a request of its own, unless number and code of an open one were
shown: whoever tries somebody else's number out is told the same whether they asked for help or not.
Whoever reads it at the desk is shown the two side by side. Whoever began a request in a browser got
its number and code there; what is said later from the telephone itself must not be read with that
code: the code is changed, and the new one goes to the telephone alone.
"""

from typing import TYPE_CHECKING

from sqlalchemy import update
from sqlmodel import col

from models import numbers
from models.messages import Inbound
from models.requests import HelpRequest
from models.transaction import Row, Transaction
from referral import casework, telling
from referral.office import Arrival, Office

if TYPE_CHECKING:
    from gateway.intake import Call

FORM = "web"
RENEWED = "code_renewed"


def may_join(inbound: Inbound, request: Row) -> bool:
    """A form joins only that of which its writer has shown number and code; a code that was changed
    since opens nothing."""
    own = request["number"], request["code"]
    return request["number"] == inbound.about or inbound.shown == own


def spoken(tx: Transaction, office: Office, call: "Call", arrival: Arrival, request: Row) -> Row:
    """The telephone itself has spoken in a request that a browser began: from now on another code
    opens it, told to the telephone. Once for a request."""
    typed = call.channel == FORM or call.address_kind != "tel"
    if typed or request["channel"] != FORM or _renewed(tx, request):
        return request
    own = col(HelpRequest.number) == request["number"]  # it may go on with another's
    request = {**request, "code": numbers.code(), RENEWED: True}
    tx.later(update(HelpRequest).where(own).values(code=request["code"]))
    tx.event(RENEWED, at=arrival.now, request=request, of=request["number"])
    telling.say(tx, office, arrival, request, RENEWED, due=arrival.now)
    return request


def _renewed(tx: Transaction, request: Row) -> bool:
    """Whether it was renewed before, or just now, by words of the same transaction."""
    if RENEWED in request:
        return True
    told = casework.history(tx, request["id"], RENEWED)
    return any(one.detail["of"] == request["number"] for one in told)
