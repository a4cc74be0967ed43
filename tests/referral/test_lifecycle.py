"""Who may do what, when: the rows of domain note 3b, and what is said when it cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.vocabulary import ReferralStatus, Role, Status, Track
from referral.lifecycle import Impossible, acts, after, may, may_on_referral
from referral.transitions import EVERY_CLOCK, OPEN, REFERRAL, REQUEST
from tests import shipped

POLICY = shipped.policy()
S, R = Status, ReferralStatus
EVERYBODY = [*map(str, Role), "citizen", "system"]


def test_every_row_of_the_note_is_there() -> None:
    assert {row.id for row in REQUEST} == {*(f"T{n:02d}" for n in range(1, 28)), "T22b"}
    assert {row.id for row in REFERRAL} == {f"R{n}" for n in range(1, 11)}


@pytest.mark.parametrize(
    ("act", "status", "role", "row", "to"),
    [
        ("register", None, "citizen", "T01", S.RECEIVED),
        ("register", None, Role.GRID_WORKER, "T01", S.RECEIVED),
        ("queue", S.RECEIVED, "system", "T02", S.IN_TRIAGE),
        ("ask", S.RECEIVED, Role.OPERATOR, "T03", S.NEEDS_CLARIFICATION),
        ("ask", S.IN_TRIAGE, Role.OPERATOR, "T03", S.NEEDS_CLARIFICATION),
        ("resume", S.NEEDS_CLARIFICATION, "citizen", "T04", S.IN_TRIAGE),
        ("hand_off", S.IN_PROGRESS, Role.DUTY_LEAD, "T05", S.EMERGENCY_HANDOFF),
        ("settle_handoff", S.EMERGENCY_HANDOFF, Role.OPERATOR, "T06", S.IN_TRIAGE),
        ("confirm_safe", S.EMERGENCY_HANDOFF, Role.DUTY_LEAD, "T07", S.CLOSED),
        ("accept", S.IN_TRIAGE, Role.OPERATOR, "T09", S.ACCEPTED),
        ("dispatch", S.ACCEPTED, "system", "T14", S.DISPATCHED),
        ("sign", S.DISPATCHED, Role.BUREAU_OFFICER, "T15", S.IN_PROGRESS),
        ("suspend", S.IN_PROGRESS, Role.SUPERVISOR, "T16", S.SUSPENDED),
        ("resume", S.SUSPENDED, "system", "T17", S.IN_PROGRESS),
        ("report_result", S.IN_PROGRESS, Role.BUREAU_OFFICER, "T18", S.RESULT_REPORTED),
        ("rehandle", S.RESULT_REPORTED, Role.OPERATOR, "T19", S.IN_PROGRESS),
        ("callback", S.RESULT_REPORTED, Role.OPERATOR, "T20", S.IN_CALLBACK),
        ("close", S.IN_CALLBACK, Role.OPERATOR, "T21", S.CLOSED),
        ("reopen", S.IN_CALLBACK, Role.OPERATOR, "T22", S.REOPENED),
        ("rehandle", S.REOPENED, "system", "T22b", S.IN_PROGRESS),
        ("reopen", S.CLOSED, "citizen", "T23", S.IN_TRIAGE),
        ("withdraw", S.IN_PROGRESS, "citizen", "T26", S.CLOSED),
        ("archive", S.CLOSED, "system", "T27", S.ARCHIVED),
        ("merge", S.IN_TRIAGE, Role.DISPATCHER, "T12", S.MERGED),
    ],
)
def test_a_request_goes_the_roads_of_the_note(
    act: str, status: Status | None, role: str, row: str, to: Status
) -> None:
    found = may(act, status, role)
    assert (found.id, found.to) == (row, to)


def test_the_track_chooses_the_way_of_accepting_and_there_is_no_way_round() -> None:
    urgent = may("accept", S.IN_TRIAGE, Role.DUTY_LEAD, track=Track.URGENT)
    assert (urgent.id, urgent.starts) == ("T08", ("CLK-URGENT-CONTACT", "CLK-RELIEF"))
    standard = may("accept", S.IN_TRIAGE, Role.DISPATCHER, track=Track.STANDARD)
    assert (standard.id, standard.starts) == ("T09", ("CLK-DISPATCH",))


@pytest.mark.parametrize(
    ("status", "reason", "row"),
    [
        (S.IN_TRIAGE, "answered", "T10"),
        (S.IN_TRIAGE, "redirected", "T11"),
        (S.IN_TRIAGE, "transferred_other_place", "T11"),
        (S.IN_CALLBACK, "unreachable", "T21"),
        (S.IN_CALLBACK, "resolved", "T21"),
    ],
)
def test_the_reason_chooses_the_way_of_closing(status: Status, reason: str, row: str) -> None:
    assert may("close", status, Role.OPERATOR, reason=reason).id == row


def test_a_request_in_triage_is_not_closed_as_resolved() -> None:
    with pytest.raises(Impossible, match="does not end as resolved") as refused:
        may("close", S.IN_TRIAGE, Role.OPERATOR, reason="resolved")
    assert refused.value.key == "impossible.reason"
    assert "answered" in refused.value.params["allowed"]


def test_software_never_closes_merges_accepts_or_lowers() -> None:
    """I3 and I4: it proposes; a named person decides."""
    for act in ("close", "merge", "accept", "lower_urgency", "withdraw", "confirm_safe", "suspend"):
        for status in OPEN:
            with pytest.raises(Impossible):
                may(act, status, "system")


def test_anybody_may_raise_and_only_the_duty_lead_lowers_with_a_second_signature() -> None:
    for status in OPEN:
        for role in (Role.GRID_WORKER, Role.OPERATOR, Role.BUREAU_OFFICER, "citizen", "system"):
            assert may("raise_urgency", status, role).to is None
        lowered = may("lower_urgency", status, Role.DUTY_LEAD)
        assert lowered.second == ("supervisor",)
        with pytest.raises(Impossible):
            may("lower_urgency", status, Role.OPERATOR)


def test_life_danger_goes_to_the_emergency_line_from_every_open_status() -> None:
    for status in OPEN:
        assert may("propose_handoff", status, "system").to is None
        assert may("hand_off", status, Role.OPERATOR).to is S.EMERGENCY_HANDOFF


def test_a_pause_is_asked_by_the_bureau_and_granted_by_the_supervisor() -> None:
    with pytest.raises(Impossible, match="supervisor may, when asked") as refused:
        may("suspend", S.IN_PROGRESS, Role.BUREAU_OFFICER)
    assert refused.value.key == "impossible.approval"
    assert may("suspend", S.IN_PROGRESS, Role.BUREAU_OFFICER, asking=True).id == "T16"
    assert may_on_referral("extend", R.IN_PROGRESS, Role.BUREAU_OFFICER, asking=True).id == "R8"


def test_what_cannot_be_says_what_stands_who_could_and_what_goes_instead() -> None:
    with pytest.raises(Impossible) as wrong_status:
        may("dispatch", S.IN_TRIAGE, Role.DISPATCHER)
    assert wrong_status.value.key == "impossible.status"
    assert wrong_status.value.params["possible"] == "accepted"
    assert "accept" in wrong_status.value.params["instead"]
    with pytest.raises(Impossible) as wrong_role:
        may("sign", S.DISPATCHED, Role.OPERATOR)
    assert wrong_role.value.key == "impossible.role"
    assert "bureau_officer" in wrong_role.value.params["who"]
    with pytest.raises(ValueError, match="no act 'obliterate'"):
        may("obliterate", S.RECEIVED, Role.OPERATOR)


def test_an_undone_merge_returns_where_it_came_from() -> None:
    row = may("undo_merge", S.MERGED, Role.SUPERVISOR)
    assert after(row, S.MERGED, S.IN_PROGRESS) is S.IN_PROGRESS
    raised = may("raise_urgency", S.DISPATCHED, "citizen")
    assert after(raised, S.DISPATCHED) is S.DISPATCHED


@pytest.mark.parametrize(
    ("act", "status", "role", "row", "to"),
    [
        ("dispatch", None, Role.DISPATCHER, "R1", R.DISPATCHED),
        ("sign", R.DISPATCHED, Role.BUREAU_OFFICER, "R2", R.SIGNED),
        ("request_return", R.DISPATCHED, Role.BUREAU_OFFICER, "R4", R.RETURN_REQUESTED),
        ("uphold_return", R.RETURN_REQUESTED, Role.DISPATCHER, "R5", R.RETURNED),
        ("refuse_return", R.RETURN_REQUESTED, Role.SUPERVISOR, "R6", R.SIGNED),
        ("reassign", R.RETURN_REQUESTED, Role.SUPERVISOR, "R7", R.RETURNED),
        ("extend", R.IN_PROGRESS, Role.SUPERVISOR, "R8", None),
        ("submit_part", R.IN_PROGRESS, Role.BUREAU_OFFICER, "R9", R.RESULT_SUBMITTED),
        ("reassign", R.SIGNED, Role.ADMINISTRATOR, "R10", R.CANCELLED),
    ],
)
def test_a_referral_goes_the_roads_of_the_note(
    act: str, status: ReferralStatus | None, role: str, row: str, to: ReferralStatus | None
) -> None:
    found = may_on_referral(act, status, role)
    assert (found.id, found.to) == (row, to)


def test_a_bureau_never_decides_its_own_return() -> None:
    for act in ("uphold_return", "refuse_return", "reassign"):
        for role in (Role.BUREAU_OFFICER, Role.BUREAU_HEAD, Role.TOWNSHIP_OFFICER):
            with pytest.raises(Impossible):
                may_on_referral(act, R.RETURN_REQUESTED, role)


def test_asking_for_a_return_stops_no_clock() -> None:
    row = may_on_referral("request_return", R.SIGNED, Role.BUREAU_OFFICER)
    assert row.stops == row.pauses == ()
    assert row.starts == ("CLK-ARBITRATE",)


@pytest.mark.parametrize("row", [*REQUEST, *REFERRAL], ids=lambda row: f"{row.id}-{row.act}")
def test_every_row_names_people_guard_and_existing_clocks(row) -> None:  # type: ignore[no-untyped-def]
    assert row.who
    assert set(row.who) | set(row.asked_by) | set(row.second) <= set(EVERYBODY)
    assert len(row.guard) > 10
    for clock in (*row.starts, *row.stops, *row.pauses, *row.resumes):
        assert clock == EVERY_CLOCK or POLICY.cases(clock)


@given(st.sampled_from(Status), st.sampled_from(EVERYBODY))
def test_the_acts_offered_are_exactly_those_that_may_be_done(status: Status, role: str) -> None:
    offered = set(acts(status, role))
    for act in {row.act for row in REQUEST}:
        try:
            may(act, status, role, asking=True)
            allowed = True
        except Impossible:
            allowed = any(
                role in (*row.who, *row.asked_by)
                for row in REQUEST
                if row.act == act and status in row.from_statuses
            )
        assert (act in offered) == allowed


def test_every_open_request_has_a_way_on_by_a_person_of_the_desk() -> None:
    desk = {Role.OPERATOR, Role.DISPATCHER, Role.DUTY_LEAD, Role.SUPERVISOR, Role.BUREAU_OFFICER}
    for status in OPEN:
        roads = [
            row
            for row in REQUEST
            if status in row.from_statuses and row.to not in (None, status) and set(row.who) & desk
        ]
        assert roads, status


def test_every_status_is_reached_and_every_open_one_left() -> None:
    reached = {row.to for row in REQUEST}
    assert set(Status) <= reached
    left = {status for row in REQUEST for status in row.from_statuses if row.to is not None}
    assert set(OPEN) <= left
    assert set(ReferralStatus) <= {row.to for row in REFERRAL}
