"""Which open requests of a person their words may join. It is asked once for each contact: what the
words join, and with which words before them they are read, is found among these alone.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from gateway import unproven
from models.messages import Inbound
from referral.directory import Directory
from referral.renewing import FORM

if TYPE_CHECKING:
    from gateway.intake import Call
    from gateway.recall import Acquaintance


def open_to(
    call: "Call", inbound: Inbound, who: "Acquaintance", directory: Directory
) -> "Acquaintance":
    """The person with only those open requests that these words may join: the one that they name,
    if they name one; none else of a reporter's or an office's, whose needs are those of one after
    another, nor of a field worker's own telephone; a form only what ``unproven`` lets it join."""
    mine = who.open_requests
    if inbound.about or not speaks_for_itself(call, inbound, directory):
        mine = tuple(one for one in mine if one["number"] == inbound.about)
    if call.channel == FORM:
        mine = tuple(one for one in mine if unproven.may_join(inbound, one))
    return replace(who, open_requests=mine)


def speaks_for_itself(call: "Call", inbound: Inbound, directory: Directory) -> bool:
    """Whether it is the person in need or somebody near; an office sends of one after another, and
    so does a grid worker or a village cadre who writes from their own telephone."""
    if inbound.reporter is not None or call.address_kind in ("unit", "staff"):
        return False
    in_writing = call.address_kind == "tel" and not call.talk
    return not (in_writing and inbound.sender[-11:] in directory.field_telephones)
