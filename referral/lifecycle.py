"""What may happen next to a request or a referral, and who may do it. Pure.

The rows stand in ``referral.transitions``; this is the one place that reads them. Guards that need
facts (danger, attempts, limits) are checked where the facts are; here a row says them in words.
"""

from models.vocabulary import ReferralStatus, Role, Status, Track
from referral.transitions import REFERRAL, REQUEST, Transition

__all__ = ["Impossible", "Transition", "acts", "after", "may", "may_on_referral"]

REQUEST_ACTS = frozenset(row.act for row in REQUEST)
REFERRAL_ACTS = frozenset(row.act for row in REFERRAL)


class Impossible(Exception):
    """The act cannot be done; the message says what stands, who could, what goes instead.

    ``key`` is the phrase to show: ``impossible.status``, ``impossible.role``,
    ``impossible.approval`` (may be asked for, not done) or ``impossible.reason``; ``params`` fills
    it.
    """

    def __init__(self, key: str, message: str, **params: str) -> None:
        super().__init__(message)
        self.key = key
        self.params = params


def may(
    act: str,
    status: Status | None,
    role: Role | str,
    *,
    track: Track | None = None,
    reason: str = "",
    asking: bool = False,
) -> Transition:
    """The row by which ``role`` ("citizen" and "system" included) may do the act on a request.

    ``track`` and ``reason`` choose between rows of one act (accepting urgent or standard; the ways
    of closing). ``asking`` asks for an act that somebody else decides, e.g. a pause. Raises
    ``Impossible``, or ValueError for an act there is none of.
    """
    return _find(REQUEST, act, status, str(role), track, reason, asking=asking)


def may_on_referral(
    act: str, status: ReferralStatus | None, role: Role | str, *, asking: bool = False
) -> Transition:
    """The same for one bureau's referral."""
    return _find(REFERRAL, act, status, str(role), None, "", asking=asking)


def acts(status: Status | ReferralStatus, role: Role | str) -> tuple[str, ...]:
    """Every act that the role may do or ask for in this status, in the order of the note."""
    table = REFERRAL if isinstance(status, ReferralStatus) else REQUEST
    return tuple(
        dict.fromkeys(
            row.act
            for row in table
            if status in row.from_statuses and str(role) in (*row.who, *row.asked_by)
        )
    )


def after(row: Transition, status: Status, before: Status | None = None) -> Status:
    """The status a request has after a row: the row's, or the one it has, or (undoing a merge) the
    one it had before."""
    if isinstance(row.to, Status):
        return row.to
    return before if row.act == "undo_merge" and before is not None else status


def _find(
    table: tuple[Transition, ...],
    act: str,
    status: Status | ReferralStatus | None,
    role: str,
    track: Track | None,
    reason: str,
    *,
    asking: bool,
) -> Transition:
    rows = [row for row in table if row.act == act]
    if not rows:
        raise ValueError(f"there is no act {act!r}")
    here = [row for row in rows if status in row.from_statuses]
    if track is None:
        here = [row for row in here if row.track is None] or here
    else:
        here = [row for row in here if row.track in (None, track)]
    if not here:
        raise _wrong_status(table, rows, act, status, role)
    if reason:
        fitting = [row for row in here if reason in row.reasons]
        if not fitting:
            allowed = ", ".join(dict.fromkeys(name for row in here for name in row.reasons))
            raise Impossible(
                "impossible.reason",
                f"{act} from {status} does not end as {reason}; it ends as {allowed or 'nothing'}",
                act=act,
                status=str(status),
                reason=reason,
                allowed=allowed,
            )
        here = fitting
    for row in here:
        if role in row.who or (asking and role in row.asked_by):
            return row
    raise _wrong_role(here, act, status, role)


def _wrong_status(
    table: tuple[Transition, ...],
    rows: list[Transition],
    act: str,
    status: Status | ReferralStatus | None,
    role: str,
) -> Impossible:
    possible = ", ".join(
        dict.fromkeys(str(begin) for row in rows for begin in row.from_statuses if begin)
    )
    instead = ", ".join(
        dict.fromkeys(row.act for row in table if status in row.from_statuses and role in row.who)
    )
    return Impossible(
        "impossible.status",
        f"it is {status}; {act} is possible while it is {possible or 'new'}"
        + (f"; instead: {instead}" if instead else ""),
        act=act,
        status=str(status),
        possible=possible,
        instead=instead,
    )


def _wrong_role(
    here: list[Transition], act: str, status: Status | ReferralStatus | None, role: str
) -> Impossible:
    who = ", ".join(dict.fromkeys(name for row in here for name in row.who))
    key = "impossible.role"
    if any(role in row.asked_by for row in here):
        key = "impossible.approval"
    return Impossible(
        key,
        f"{role} may not {act}; {who} may" + (", when asked" if key.endswith("approval") else ""),
        act=act,
        status=str(status),
        role=role,
        who=who,
    )
