"""A telephone number that somebody typed into the form is nobody's proof that it is theirs.

What is typed into a form begins a request of its own, unless number and code of an open one were
shown: whoever tries somebody else's number out is told the same whether they asked for help or not.
Whoever reads it at the desk is shown the two side by side. Whoever began a request in a browser got
its number and code there; what is said later from the telephone itself must not be read with that
code: the code is changed, and the new one goes to the telephone alone. So it is when the desk joins
what a browser began with another request of the person (``referral.merging``).
"""

from typing import TYPE_CHECKING

from models.messages import Inbound
from models.transaction import Row, Transaction
from referral import renewing, telling
from referral.office import Arrival, Office
from referral.renewing import FORM

if TYPE_CHECKING:
    from gateway.intake import Call


def may_join(inbound: Inbound, request: Row) -> bool:
    """A form joins only that of which its writer has shown number and code; a code that was changed
    since opens nothing."""
    own = request["number"], request["code"]
    return request["number"] == inbound.about or inbound.shown == own


def spoken(tx: Transaction, office: Office, call: "Call", arrival: Arrival, request: Row) -> Row:
    """The telephone itself has spoken in a request that a browser began: from now on another code
    opens it, told to the telephone. Once for a request."""
    typed = call.channel == FORM or call.address_kind != "tel"
    if typed or not renewing.is_owed(tx, request):
        return request
    request = renewing.renew(tx, request, arrival.now)
    telling.say(tx, office, arrival, request, renewing.RENEWED, due=arrival.now)
    return request
