"""The closed words of the field, one spelling for table, event, page, phrase and test. Pure."""

from enum import StrEnum
from operator import attrgetter


class Level(StrEnum):
    """How urgent a text is; the first two are the urgent (先行救助) side."""

    LIFE_THREAT = "life_threat"
    URGENT = "urgent"
    PRIORITY = "priority"
    STANDARD = "standard"
    CONSULTATION = "consultation"
    NONE = "none"

    rank: int
    """0 is the most urgent; queues sort by it ascending."""
    is_urgent: bool
    """Whether help comes first and papers later (Social Assistance Law Art. 50)."""

    def __init__(self, _word: str) -> None:
        self.rank = len(type(self).__members__)  # those above it in the list
        self.is_urgent = self.rank < 2


def worst(*levels: Level) -> Level:
    """The most urgent of the given levels; software may only ever move this way."""
    return min(levels, key=_RANK)


_RANK = attrgetter("rank")


class Track(StrEnum):
    """Which road a request travels."""

    URGENT = "urgent"
    STANDARD = "standard"
    CONSULTATION = "consultation"
    GRIEVANCE = "grievance"
    NONE = "none"


class Status(StrEnum):
    """Where a help request stands (domain note 3b.3)."""

    RECEIVED = "received"
    NEEDS_CLARIFICATION = "needs_clarification"
    IN_TRIAGE = "in_triage"
    EMERGENCY_HANDOFF = "emergency_handoff"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    IN_PROGRESS = "in_progress"
    SUSPENDED = "suspended"
    RESULT_REPORTED = "result_reported"
    IN_CALLBACK = "in_callback"
    REOPENED = "reopened"
    CLOSED = "closed"
    MERGED = "merged"
    ARCHIVED = "archived"

    @property
    def is_open(self) -> bool:
        """An open request has a holder, a unit and a person, at every instant."""
        return self not in (Status.CLOSED, Status.MERGED, Status.ARCHIVED)


class ReferralStatus(StrEnum):
    """Where one bureau's part stands (domain note 3b.5)."""

    DISPATCHED = "dispatched"
    SIGNED = "signed"
    IN_PROGRESS = "in_progress"
    RESULT_SUBMITTED = "result_submitted"
    COMPLETED = "completed"
    RETURN_REQUESTED = "return_requested"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class ReferralRole(StrEnum):
    """A lead gives the one final answer; a cooperating bureau delivers its part to the lead."""

    LEAD = "lead"
    COOPERATING = "cooperating"


class ContactState(StrEnum):
    """What became of a contact."""

    HANDLED = "handled"
    WAITING = "waiting"
    HOLDING_PEN = "holding_pen"


class OutboxState(StrEnum):
    """Where a message that must be said stands."""

    READY = "ready"
    LEASED = "leased"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class Form(StrEnum):
    """Which variant of a phrase a channel can carry."""

    FULL = "full"
    SMS = "sms"
    SPOKEN = "spoken"


class ClockUnit(StrEnum):
    """Calendar time runs nights and holidays; working days follow the calendar table."""

    CALENDAR = "calendar"
    WORKING_DAY = "working_day"


class PlaceRule(StrEnum):
    """Which place decides the jurisdiction (domain note 3d)."""

    EMERGENCY = "E"
    HUKOU = "H"
    SCHOOL = "S"
    RESIDENCE = "R"
    NONE = "-"


class Role(StrEnum):
    """What a member of staff is; rights hang on it."""

    OPERATOR = "operator"
    DISPATCHER = "dispatcher"
    DUTY_LEAD = "duty_lead"
    TOWNSHIP_OFFICER = "township_officer"
    BUREAU_OFFICER = "bureau_officer"
    BUREAU_HEAD = "bureau_head"
    SUPERVISOR = "supervisor"
    GRID_WORKER = "grid_worker"
    VILLAGE_CADRE = "village_cadre"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"


class TaskKind(StrEnum):
    """Work that waits visibly for a person."""

    CALL_BACK = "call_back"
    CONFIRM_HANDOFF = "confirm_handoff"
    UNDELIVERED = "undelivered"
    UNREADABLE = "unreadable"
    CHANNEL_SILENT = "channel_silent"
    ROSTER_GAP = "roster_gap"
    TAKEN_OVER = "taken_over"
    CALENDAR_MISSING = "calendar_missing"
    LOOK = "look"
    DECIDE_RETURN = "decide_return"
    DECIDE_EXTENSION = "decide_extension"
    DECIDE_SUSPENSION = "decide_suspension"
    REOPEN = "reopen"
    WELFARE_CHECK = "welfare_check"
    DELIVER_PAPER = "deliver_paper"
    DECIDE_RELIEF = "decide_relief"
    EXPLAIN_RELIEF = "explain_relief"
    HANDOFF_UNDECIDED = "handoff_undecided"
    CALL_SILENT = "call_silent"
    HAND_SILENT = "hand_silent"
    RELATIVE = "relative"
    BULK_LOOK = "bulk_look"
    NOT_DONE = "not_done"
    NEW_WORDS = "new_words"
    CANARY_LOST = "canary_lost"
    PROOF_FAILED = "proof_failed"
    CORRECT_DATA = "correct_data"
    ERASE_DATA = "erase_data"
    TELL_STOPPED = "tell_stopped"
    COMPLAINT_INSIDE = "complaint_inside"
    PERHAPS_COMPLAINT = "perhaps_complaint"
    LISTEN = "listen"
    NOBODY_CAME = "nobody_came"


class SecondOpinion(StrEnum):
    """How a learned opinion stands to what the rules decided. It decides nothing itself."""

    AGREES = "agrees"
    DIFFERS = "differs"
    LOOK = "look"  # orders like this were hurried, and the rules saw no hurry


class Protection(StrEnum):
    """The protection class of a column; every column of every table carries one."""

    OPERATIONAL = "operational"  # no person can be recognised from it
    PERSONAL = "personal"  # recognises a person: name, phone, address
    SENSITIVE = "sensitive"  # PIPL Art. 28: words, health, place, minors
    SECRET = "secret"  # noqa: S105 the class of password hashes, codes, tokens
