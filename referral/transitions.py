"""The life of a request and of a referral, row for row as in domain note 3b.4 and 3b.5. Pure data.

Who, in letters: C citizen or reporter, G grid worker or village cadre, O operator, D dispatcher,
L duty lead, T township officer, B bureau officer or head, H bureau head, S supervisor,
A administrator, Y the software. The head of a shift may do what the desk may (O and D include L).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from models.vocabulary import ReferralStatus, Role, Status, Track

CITIZEN, SYSTEM = "citizen", "system"
EVERY_CLOCK = "*"

_WHO: dict[str, tuple[str, ...]] = {
    "C": (CITIZEN,),
    "G": (Role.GRID_WORKER, Role.VILLAGE_CADRE),
    "O": (Role.OPERATOR, Role.DUTY_LEAD),
    "D": (Role.DISPATCHER, Role.DUTY_LEAD),
    "L": (Role.DUTY_LEAD,),
    "T": (Role.TOWNSHIP_OFFICER,),
    "B": (Role.BUREAU_OFFICER, Role.BUREAU_HEAD),
    "H": (Role.BUREAU_HEAD,),
    "S": (Role.SUPERVISOR,),
    "A": (Role.ADMINISTRATOR,),
    "Y": (SYSTEM,),
}

RECEIVED, CLARIFY, TRIAGE = Status.RECEIVED, Status.NEEDS_CLARIFICATION, Status.IN_TRIAGE
HANDOFF, ACCEPTED, DISPATCHED = Status.EMERGENCY_HANDOFF, Status.ACCEPTED, Status.DISPATCHED
PROGRESS, SUSPENDED, REPORTED = Status.IN_PROGRESS, Status.SUSPENDED, Status.RESULT_REPORTED
CALLBACK, REOPENED, CLOSED = Status.IN_CALLBACK, Status.REOPENED, Status.CLOSED
MERGED, ARCHIVED = Status.MERGED, Status.ARCHIVED
OPEN = tuple(status for status in Status if status.is_open)

R = ReferralStatus
R_OPEN = (R.DISPATCHED, R.SIGNED, R.IN_PROGRESS, R.RETURN_REQUESTED, R.RESULT_SUBMITTED)
R_HELD = (R.DISPATCHED, R.SIGNED, R.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: the act, from where to where, who, under which guard, and what the clocks do.

    ``to`` None keeps the status, or returns to the one before where the guard says so.
    ``asked_by`` may ask for the act, which ``who`` decides. ``second`` names whose signature is
    needed besides. ``reasons`` are the closing reasons this road allows; () asks for none.
    """

    id: str
    act: str
    from_statuses: tuple[Status | ReferralStatus | None, ...]
    to: Status | ReferralStatus | None
    who: tuple[str, ...]
    guard: str
    asked_by: tuple[str, ...] = ()
    second: tuple[str, ...] = ()
    track: Track | None = None
    reasons: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()
    pauses: tuple[str, ...] = ()
    resumes: tuple[str, ...] = ()


def _row(
    identity: str,
    act: str,
    begin: Iterable[Status | ReferralStatus | None],
    end: Status | ReferralStatus | None,
    who: str,
    *,
    guard: str = "",
    asked: str = "",
    second: str = "",
    track: Track | None = None,
    reasons: str = "",
    starts: str = "",
    stops: str = "",
    pauses: str = "",
    resumes: str = "",
) -> Transition:
    return Transition(
        id=identity,
        act=act,
        from_statuses=tuple(begin),
        to=end,
        who=_people(who),
        guard=guard,
        asked_by=_people(asked),
        second=_people(second),
        track=track,
        reasons=tuple(reasons.split()),
        starts=_clocks(starts),
        stops=_clocks(stops),
        pauses=_clocks(pauses),
        resumes=_clocks(resumes),
    )


def _people(letters: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(role) for letter in letters for role in _WHO[letter]))


def _clocks(names: str) -> tuple[str, ...]:
    return tuple(name if name == EVERY_CLOCK else f"CLK-{name}" for name in names.split())


_ENDS = "resolved answered explained_not_eligible redirected unreachable false_report"

# fmt: off
REQUEST = (
    _row("T01", "register", [None], RECEIVED, "CGODY", starts="FIRST-REPLY TRIAGE", stops="ANSWER",
         guard="the contact is recorded and a receipt number given"),
    _row("T02", "queue", [RECEIVED], TRIAGE, "Y",
         guard="the danger screen has run on the words"),
    _row("T03", "ask", [RECEIVED, TRIAGE], CLARIFY, "O", starts="CLARIFY", pauses="TRIAGE",
         guard="place or subject is missing, no sign of danger, one attempt outwards was made"),
    _row("T04", "resume", [CLARIFY], TRIAGE, "COY", stops="CLARIFY", resumes="TRIAGE",
         guard="the answer came, or the time for it ran out: go on with what is known"),
    _row("T05", "propose_handoff", OPEN, None, "Y",
         guard="life danger affirmed and present; undecided after 60 s the duty lead is woken"),
    _row("T05", "hand_off", OPEN, HANDOFF, "OL", starts="HANDOFF",
         guard="life danger affirmed and present; the track becomes urgent"),
    _row("T06", "settle_handoff", [HANDOFF], TRIAGE, "OL", starts="SAFETY-CONFIRM", stops="HANDOFF",
         guard="the emergency line's receipt is recorded; help is still needed or the end unknown"),
    _row("T07", "confirm_safe", [HANDOFF, TRIAGE], CLOSED, "L", stops="*", reasons="safe_confirmed",
         guard="the person is confirmed safe and needs no assistance"),
    # AS-01 lets the operator of a night shift confirm an urgent case: it only ever raises.
    _row("T08", "accept", [TRIAGE], ACCEPTED, "LDO", track=Track.URGENT, stops="TRIAGE",
         starts="URGENT-CONTACT RELIEF",
         guard="an urgent sign affirmed and present, or a person's judgement"),
    _row("T09", "accept", [TRIAGE], ACCEPTED, "OD", stops="TRIAGE", starts="DISPATCH",
         guard="no urgent sign; the type is chosen; everything needed was told at once"),
    _row("T10", "close", [TRIAGE], CLOSED, "O", stops="TRIAGE CONSULT",
         reasons="answered false_report person_deceased",
         guard="answered from a named source; the danger screen is negative"),
    _row("T11", "close", [TRIAGE], CLOSED, "OL", stops="*",
         reasons="redirected transferred_other_place",
         guard="another road or place that has given its receipt; a reply is compulsory"),
    _row("T12", "merge", OPEN, MERGED, "DL",
         guard="same household, same cause, confirmed by a person; the older clocks win"),
    _row("T13", "undo_merge", [MERGED], None, "LS",
         guard="a wrong merge, within the profile's days: status and clocks as before"),
    _row("T14", "dispatch", [ACCEPTED], DISPATCHED, "DY", stops="DISPATCH", starts="SIGN HANDLE",
         guard="referrals come from the catalogue in force and bear their due times"),
    _row("T15", "sign", [DISPATCHED], PROGRESS, "BT", stops="SIGN",
         guard="the lead has signed or recorded a first action"),
    _row("T16", "suspend", [PROGRESS], SUSPENDED, "S", asked="BT", pauses="HANDLE",
         starts="SUSPEND",
         guard="a reason of the closed list; never an urgent request before help has arrived"),
    _row("T17", "resume", [SUSPENDED], PROGRESS, "BTSY", stops="SUSPEND", resumes="HANDLE",
         guard="the reason is gone or the longest pause is over"),
    _row("T18", "report_result", [PROGRESS], REPORTED, "BT", stops="HANDLE", starts="CALLBACK",
         guard="one answer for all parts; absent parts explained; the requester was contacted"),
    _row("T19", "rehandle", [REPORTED], PROGRESS, "COS", stops="CALLBACK", resumes="HANDLE",
         guard="no contact, off the point or untrue: back with the remaining time"),
    _row("T20", "callback", [REPORTED], CALLBACK, "COY",
         guard="the callback has begun"),
    _row("T21", "close", [CALLBACK], CLOSED, "O", stops="CALLBACK", starts="AFTERCARE",
         reasons=f"{_ENDS} transferred_other_place person_deceased",
         guard="the requester's view and the reply are recorded, or the failed attempts are"),
    _row("T22", "reopen", [CALLBACK], REOPENED, "OS", starts="REHANDLE", stops="CALLBACK",
         guard="the requester says it is not done and the check agrees; after two, the supervisor"),
    _row("T22b", "rehandle", [REOPENED], PROGRESS, "OSY",
         guard="the lead has the order again"),
    _row("T23", "reopen", [CLOSED], TRIAGE, "CGOY", starts="TRIAGE",
         guard="new facts, recurrence or any word of danger; the history stays linked"),
    _row("T24", "raise_urgency", OPEN, None, "CGODLTBSY", starts="URGENT-CONTACT RELIEF",
         guard="anybody may; urgent clocks start now"),
    _row("T25", "lower_urgency", OPEN, None, "L", second="S", stops="URGENT-CONTACT RELIEF",
         guard="after contact with the person, with a reason; out of life danger two sign"),
    _row("T26", "withdraw", OPEN, CLOSED, "CO", stops="*", reasons="withdrawn",
         guard="no danger, no minor or incapacitated person, no third party at risk"),
    _row("T27", "archive", [CLOSED], ARCHIVED, "Y",
         guard="aftercare, explanation and filing are done"),
)

REFERRAL = (
    _row("R1", "dispatch", [None], R.DISPATCHED, "DY", starts="SIGN HANDLE",
         guard="due time, the citizen's words, summary, danger flags, the least personal data"),
    _row("R2", "sign", [R.DISPATCHED], R.SIGNED, "BT", stops="SIGN",
         guard="the named officer becomes the holder"),
    _row("R2", "handle", [R.SIGNED], R.IN_PROGRESS, "BT",
         guard="the first action is recorded"),
    _row("R3", "remind", R_OPEN, None, "YSL",
         guard="not signed: remind, then the head, then the supervisor; the order stays theirs"),
    _row("R4", "request_return", [R.DISPATCHED, R.SIGNED], R.RETURN_REQUESTED, "BT",
         starts="ARBITRATE",
         guard="in time, cites the rule of duty, names the right unit, once, not designated; "
               "an urgent order only while first aid goes on; the handling clock runs on"),
    _row("R5", "uphold_return", [R.RETURN_REQUESTED], R.RETURNED, "DS", stops="ARBITRATE",
         guard="a new order goes to the named unit with the original due time"),
    _row("R6", "refuse_return", [R.RETURN_REQUESTED], R.SIGNED, "DS", stops="ARBITRATE SIGN",
         guard="refused with a reason; the order becomes designated and cannot be returned again"),
    _row("R7", "reassign", R_OPEN, R.RETURNED, "S", stops="ARBITRATE",
         guard="a second return or an overlap: designated, never down to a township"),
    _row("R8", "extend", R_HELD, None, "S", asked="BT",
         guard="once, asked before the due time, reason told; never an urgent order"),
    _row("R9", "submit_part", R_HELD, R.RESULT_SUBMITTED, "BT", stops="COOP",
         guard="a cooperating bureau's part goes to the lead"),
    _row("R9", "report_result", R_HELD, R.RESULT_SUBMITTED, "BT", stops="HANDLE",
         guard="the lead's one answer"),
    _row("R9", "complete", [R.RESULT_SUBMITTED], R.COMPLETED, "OSY",
         guard="the result was checked and the request closed"),
    _row("R9", "rehandle", [R.RESULT_SUBMITTED, R.COMPLETED], R.IN_PROGRESS, "OSY",
         resumes="HANDLE",
         guard="the check or the requester says it is not done"),
    _row("R10", "reassign", R_OPEN, R.CANCELLED, "A",
         guard="the bureau was retired: open orders move to its successor, due times kept"),
    _row("R10", "cancel", R_OPEN, R.CANCELLED, "DSY", stops="SIGN HANDLE COOP",
         guard="the request was merged, withdrawn or closed without this part"),
)
# fmt: on
