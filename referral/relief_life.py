"""The life of a grant, row for row as in domain note 3b.6 (A1 to A7). Pure data and its reader.

It goes beside the request and may outlive it (I10). ``declined``: the person refuses help;
``queried``: irregular, money to be recovered; ``undone``: what was entered never happened.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from models.vocabulary import Role
from referral.lifecycle import Impossible


class State(StrEnum):
    """Where a grant stands."""

    PROPOSED = "proposed"
    AUTHORIZED = "authorized"
    DELIVERED = "delivered"
    EXPLANATION_DUE = "explanation_due"
    OVERDUE = "overdue"
    EXPLAINED = "explained"
    DECLINED = "declined"
    NOT_NEEDED = "not_needed"
    QUERIED = "queried"
    UNDONE = "undone"


S = State
GIVEN = (S.DELIVERED, S.EXPLANATION_DUE, S.OVERDUE, S.EXPLAINED, S.QUERIED)
"""The person has it."""
WAITING = (S.PROPOSED, S.AUTHORIZED)
"""The person does not have it yet."""
OWED = (S.DELIVERED, S.EXPLANATION_DUE, S.OVERDUE)
"""Given, and not yet explained."""

_DESK = (Role.OPERATOR, Role.DUTY_LEAD)
_FIELD = (Role.GRID_WORKER, Role.VILLAGE_CADRE)
_TOWN = (Role.TOWNSHIP_OFFICER,)
_BUREAU = (Role.BUREAU_OFFICER, Role.BUREAU_HEAD)
SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Step:
    """One row: the act, from where to where, and who. ``to`` None keeps the state."""

    id: str
    act: str
    begin: tuple[State | None, ...]
    to: State | None
    who: tuple[str, ...]


def _row(
    identity: str, act: str, begin: Iterable[State | None], to: State | None, who: Iterable[str]
) -> Step:
    return Step(identity, act, tuple(begin), to, tuple(str(one) for one in who))


# fmt: off
STEPS = (
    _row("A1", "propose", [None], S.PROPOSED, (*_DESK, *_FIELD, *_TOWN, *_BUREAU)),
    _row("A2", "authorise", [S.PROPOSED], S.AUTHORIZED, (*_TOWN, *_BUREAU)),
    _row("A2", "decide", [S.PROPOSED], None, (*_BUREAU, Role.SUPERVISOR)),
    _row("A3", "deliver", [S.AUTHORIZED], S.DELIVERED, (*_FIELD, *_TOWN, *_BUREAU)),
    # The village's green channel: given at once, recorded afterwards (Tai'an six (3)).
    _row("A3", "record_given", [None], S.DELIVERED, (*_FIELD, *_TOWN, *_BUREAU)),
    _row("A3", "decline", WAITING, S.DECLINED, (*_DESK, *_FIELD, *_TOWN, *_BUREAU)),
    _row("A3", "not_needed", WAITING, S.NOT_NEEDED, (*_DESK, *_TOWN, *_BUREAU)),
    _row("A4", "lift", [S.DELIVERED], S.EXPLANATION_DUE, (*_TOWN, *_BUREAU, SYSTEM)),
    _row("A4", "overdue", [S.EXPLANATION_DUE], S.OVERDUE, (SYSTEM,)),
    _row("A5", "explain", OWED, S.EXPLAINED, (*_TOWN, *_BUREAU)),
    _row("A5", "publish", GIVEN, None, (*_TOWN, *_BUREAU, *_FIELD)),
    _row("A5", "query", GIVEN[:-1], S.QUERIED, (*_BUREAU, Role.SUPERVISOR)),
    _row("A6", "correct", GIVEN, None, (*_TOWN, *_BUREAU)),
    _row("A6", "undo", GIVEN, None, (*_TOWN, *_BUREAU)),
    _row("A7", "declare_kin", State, None, (*_FIELD, *_TOWN, *_BUREAU)),
)
# fmt: on


def step(act: str, state: State | None, role: Role | str) -> Step:
    """The row by which the role may do the act. Raises ``Impossible``."""
    rows = [row for row in STEPS if row.act == act]
    here = [row for row in rows if state in row.begin]
    if not here:
        possible = dict.fromkeys(str(begin) for row in rows for begin in row.begin if begin)
        raise Impossible(
            "impossible.relief_state",
            f"it is {state}; {act} is possible while it is {', '.join(possible)}",
            relief_act=act,
            relief_state=str(state),
            relief_states=", ".join(possible),
        )
    for row in here:
        if str(role) in row.who:
            return row
    who = dict.fromkeys(name for row in here for name in row.who if name != SYSTEM)
    raise Impossible(
        "impossible.relief_role",
        f"{role} may not {act}; {', '.join(who)} may",
        relief_act=act,
        role=str(role),
        who=", ".join(who),
    )


def acts(state: State, role: Role | str) -> tuple[str, ...]:
    """Every act the role may do on a grant in this state, in the order of the note."""
    return tuple(
        dict.fromkeys(row.act for row in STEPS if state in row.begin and str(role) in row.who)
    )


def roles(act: str) -> frozenset[Role]:
    """The roles that may ever do the act."""
    return frozenset(
        Role(who) for row in STEPS if row.act == act for who in row.who if who != SYSTEM
    )
