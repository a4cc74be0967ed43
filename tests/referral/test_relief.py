"""Aid first, row by row (domain note 3b.6): who may do what, what each act leaves behind."""

from datetime import timedelta

import pytest

from gateway import rounds
from gateway.state import State
from models.clocks import Clock
from models.events import Event
from models.tasks import Task
from referral import relief_life
from referral.casework import Refusal
from referral.lifecycle import Impossible
from tests.conftest import Clock as Watch
from tests.gateway.people import FOOD
from tests.journeys.aid import THREE, TOWN, Aid


@pytest.fixture
def county(state: State, now: Watch) -> Aid:
    return Aid(state, now)


@pytest.fixture
def case(county: Aid) -> str:
    number = county.call("food", FOOD)
    county.do("op04", "confirm", number)
    return number


def test_three_steps_put_help_into_their_hands_without_any_paper(county: Aid, case: str) -> None:
    number = county.propose(TOWN, case)
    county.on(TOWN, "authorise", number)
    county.now.forward(hours=1)
    county.on(TOWN, "deliver", number, witness="邻居李某")
    row = county.aid(number)
    assert (row.state, row.delivered_by, row.authorised_how) == ("delivered", TOWN, "own")
    assert row.recipient == "", "no name is needed"
    assert [one["what"] for one in row.judgements] == ["urgent", "small", "immediate"]
    assert {one["by"] for one in row.judgements} == {TOWN}
    assert (row.filed_with, row.filed_at) == ("civil_affairs", county.now())
    stopped = [c for c in county.rows(Clock, case) if c.name == "CLK-RELIEF"]
    assert len(stopped) == 2
    assert all(clock.stopped_at == county.now() for clock in stopped)
    assert {"relief_proposed", "relief_authorized", "relief_delivered"} <= set(county.kinds(case))


@pytest.mark.parametrize("missing", ["urgent", "small", "immediate"])
def test_aid_first_rests_on_all_three_judgements(county: Aid, case: str, missing: str) -> None:
    with pytest.raises(Refusal) as refused:
        county.propose(TOWN, case, **{missing: False})
    assert (refused.value.key, refused.value.params) == (
        "refusal.relief_judgements",
        {"missing": missing},
    )


def test_nothing_is_delivered_before_somebody_said_yes(county: Aid, case: str) -> None:
    number = county.propose("op04", case)
    with pytest.raises(Impossible) as wrong:
        county.on(TOWN, "deliver", number, witness="邻居")
    assert wrong.value.key == "impossible.relief_state"
    with pytest.raises(Impossible) as not_theirs:
        county.on("op04", "authorise", number)
    assert not_theirs.value.key == "impossible.relief_role"


def test_what_was_handed_over_is_proved_by_somebody_or_something(county: Aid, case: str) -> None:
    number = county.propose(TOWN, case)
    county.on(TOWN, "authorise", number)
    with pytest.raises(Refusal, match="relief_proof"):
        county.on(TOWN, "deliver", number)
    county.on(TOWN, "deliver", number, proof="照片 IMG-204")


def test_another_township_neither_sees_nor_acts(county: Aid, case: str) -> None:
    number = county.propose(TOWN, case)
    with pytest.raises(Refusal) as gone:
        county.on("township_w03.1", "authorise", number)
    assert gone.value.status == 404


def test_money_out_of_a_short_reserve_waits_for_who_decides_and_is_never_refused(
    county: Aid, case: str
) -> None:
    number = county.propose(TOWN, case, need="living", amount=400, fund="reserve")
    with pytest.raises(Refusal) as why:
        county.on(TOWN, "authorise", number)
    assert why.value.key == "refusal.relief_reason"
    assert why.value.params["decides"] == "civil_affairs"
    county.on(TOWN, "authorise", number, reason="三口人没有一分钱")
    row = county.aid(number)
    assert (row.state, row.asked_unit) == ("proposed", "civil_affairs")
    assert row.asked_until == county.now() + timedelta(hours=4)
    (task,) = [t for t in county.every(Task) if t.kind == "decide_relief"]
    assert (task.unit, task.due_at, task.done_at) == ("civil_affairs", row.asked_until, None)
    county.on("civil_affairs.1", "authorise", number, reason="同意，先给")
    assert county.aid(number).state == "authorized"
    (task,) = [t for t in county.every(Task) if t.kind == "decide_relief"]
    assert task.done_by == "civil_affairs.1"


def test_the_word_of_the_county_by_telephone_is_enough_and_recorded(county: Aid, case: str) -> None:
    number = county.propose(TOWN, case, need="living", amount=400, fund="reserve")
    county.on(TOWN, "authorise", number, reason="断炊", agreed_by="民政局萧家轩 23:10")
    row = county.aid(number)
    assert (row.state, row.authorised_how, row.agreed_by) == (
        "authorized", "telephone", "民政局萧家轩 23:10",
    )  # fmt: skip


def test_food_goes_out_of_an_empty_reserve_and_the_warning_stays_with_it(
    county: Aid, case: str
) -> None:
    number = county.propose(TOWN, case, need="food", amount=200, fund="reserve")
    county.on(TOWN, "authorise", number)
    county.on(TOWN, "deliver", number, received_by="本人")
    assert county.aid(number).state == "delivered"
    assert county.warned(number) == {"reserve_short"}
    assert county.entries(number) == [("grant", -20_000)]


def test_the_emergency_counts_as_over_after_the_hours_of_the_register(
    county: Aid, case: str
) -> None:
    number = county.given(TOWN, case, received_by="本人")
    given_at = county.now()
    county.now.forward(hours=71)
    rounds.run(county.state.database, county.state.mint, county.state.offices, county.now())
    assert county.aid(number).state == "delivered"
    county.now.forward(hours=2)
    rounds.run(county.state.database, county.state.mint, county.state.offices, county.now())
    row = county.aid(number)
    assert (row.state, row.lifted_by) == ("explanation_due", "system")
    assert row.lifted_at == given_at + timedelta(hours=72)
    clock = county.running(case)["CLK-EXPLAIN"]
    assert (clock.due_at, clock.started_at, clock.tag) == (row.explain_due_at, row.lifted_at, "L")


def test_aid_without_a_request_owes_its_explanation_too(county: Aid) -> None:
    number = county.given("village_w0101.1", recipient="刘某", goods="棉被一床", need="clothing")
    assert county.aid(number).unit == "township_w01"
    county.on(TOWN, "lift", number)
    due = county.aid(number).explain_due_at
    assert due > county.now()
    (task,) = [t for t in county.every(Task) if t.kind == "explain_relief"]
    assert (task.unit, task.due_at) == ("township_w01", due)
    county.now.at = due
    rounds.run(county.state.database, county.state.mint, county.state.offices, county.now())
    assert county.aid(number).state == "overdue"
    late = [t for t in county.every(Task) if t.kind == "explain_relief"][-1]
    assert late.unit == "coordination_office"
    assert "village_w0101.1" in late.note, "by name"


def test_an_explanation_ends_its_clock_and_keeps_that_it_was_late(county: Aid, case: str) -> None:
    number = county.given(TOWN, case, received_by="本人")
    county.on(TOWN, "lift", number)
    county.now.at = county.aid(number).explain_due_at + timedelta(hours=1)
    county.tick()
    rounds.run(county.state.database, county.state.mint, county.state.offices, county.now())
    county.on(TOWN, "explain", number, explanation="断粮，米面一份", signatures="文晓娥、彭宁")
    row = county.aid(number)
    assert (row.state, row.overdue_at) == ("explained", row.explain_due_at)
    clock = next(c for c in county.rows(Clock, case) if c.name == "CLK-EXPLAIN")
    assert clock.stopped_at == county.now()
    assert clock.breached_at == row.explain_due_at
    waits = [t for t in county.every(Task) if t.kind == "explain_relief" and not t.done_at]
    assert waits == []
    told = [e for e in county.rows(Event, case) if e.kind == "relief_explained"]
    assert '"late":true' in told[0].detail


def test_a_correction_is_a_counter_entry_and_undone_last_first(county: Aid, case: str) -> None:
    number = county.given(TOWN, case, amount=500, fund="temp_aid", received_by="本人")
    county.on(TOWN, "correct", number, amount=450, reason="多写了50元")
    assert county.entries(number) == [("grant", -50_000), ("correction", 5_000)]
    assert county.aid(number).amount_fen == 45_000
    county.on(TOWN, "undo", number, reason="本来就是500元")
    assert county.aid(number).amount_fen == 50_000
    county.on(TOWN, "undo", number, reason="记错了人")
    row = county.aid(number)
    assert (row.state, row.amount_fen) == ("undone", 0)
    assert [kind for kind, _ in county.entries(number)] == ["grant", "correction", "undo", "undo"]
    assert sum(fen for _, fen in county.entries(number)) == 0
    with pytest.raises(Impossible):
        county.on(TOWN, "undo", number, reason="再撤一次")


def test_what_is_irregular_stays_in_the_books_until_it_comes_back(county: Aid, case: str) -> None:
    number = county.given(TOWN, case, amount=500, fund="temp_aid", received_by="本人")
    county.on("civil_affairs.1", "query", number, reason="冒领")
    assert county.aid(number).state == "queried"
    assert county.aid(number).amount_fen == 50_000


def test_who_refuses_help_has_refused_this_help_only(county: Aid, case: str) -> None:
    number = county.propose(TOWN, case)
    county.on(TOWN, "decline", number, note="本人说不用")
    assert county.aid(number).state == "declined"
    assert "CLK-RELIEF" in county.running(case)
    again = county.propose(TOWN, case)
    county.on(TOWN, "authorise", again)


def test_one_decision_carries_a_staged_aid(county: Aid, case: str) -> None:
    number = county.propose(TOWN, case, need="living", amount=3000, fund="reserve")
    county.on(TOWN, "authorise", number, reason="大病，须分期")
    county.on(
        "civil_affairs.head", "decide", number, words="一事一议：分三期",
        present="邹梓珍、文晓娥", amount=9000, stages="3000 十月\n3000 十一月\n3000 十二月",
    )  # fmt: skip
    county.on(TOWN, "authorise", number, reason="按决定第一期")
    county.on(TOWN, "deliver", number, received_by="本人")
    follow = county.propose(TOWN, case, need="living", amount=3000, fund="reserve", follows=number)
    county.on(TOWN, "authorise", follow, reason="按决定第二期")
    first, second = county.aid(number), county.aid(follow)
    assert second.state == "authorized", "the decision stands for every stage"
    assert second.decision_id == first.decision_id is not None
    assert second.follows_id == first.id


def test_the_stages_of_a_decision_add_up(county: Aid, case: str) -> None:
    number = county.propose(TOWN, case, need="living", amount=3000)
    with pytest.raises(Refusal, match="decision_sum"):
        county.on("civil_affairs.head", "decide", number, words="分期", present="两人",
                  amount=9000, stages="3000 一\n3000 二")  # fmt: skip


def test_the_same_press_twice_is_one_grant(county: Aid, case: str) -> None:
    first = county.given(TOWN, case, amount=100, received_by="本人", once="k1")
    assert county.given(TOWN, case, amount=100, received_by="本人", once="k1") == first
    assert county.entries(first) == [("grant", -10_000)]


def test_every_act_is_in_the_table_and_names_somebody() -> None:
    for step in relief_life.STEPS:
        assert step.who
        assert relief_life.roles(step.act) or step.who == (relief_life.SYSTEM,)
    assert set(THREE) == {"urgent", "small", "immediate"}
