"""A round of visits with half of the doors closed, and two people at one door."""

from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway import differences, discovery
from gateway.discovery_timeline import of_household
from models.discovery import Mode, Round, Visit
from models.households import Resident
from models.outbox import Outgoing
from models.transaction import acting
from referral import differing, visiting
from referral.casework import Refusal
from tests.journeys.walkers import Walkers


@pytest.fixture
def county(state, now):
    """The county on Monday 5 October 2026, its rounds just planned."""
    now.forward(days=5)
    made = Walkers(state, now)
    made.reach_out()
    return made


def open_of(county: Walkers, rule: str = "monthly_tekun"):
    return [one for one in county.visits() if one.rule == rule and one.settled_at is None]


def test_every_household_of_a_category_gets_one_visit_and_one_named_person(county):
    visits = county.visits()
    groups = {home.id: home.categories for home in county.homes().values()}
    officers = county.state.offices.current().directory.officer
    assert {one.household_id for one in visits} == {home for home, of in groups.items() if of}
    assert len({one.household_id for one in visits}) == len(visits), "the most frequent rule only"
    assert all(officers[one.holder].unit == one.unit for one in visits)
    assert {officers[one.holder].role for one in visits} == {"grid_worker"}
    serious = {home for home, of in groups.items() if "serious_illness" in of}
    rules = {one.household_id: one.rule for one in visits}
    assert {rules[home] for home in serious} == {"monthly_serious_illness"}


@pytest.mark.parametrize("seen_at", ["", "2026-10-05T23:00:00+08:00"], ids=["none", "ahead"])
def test_what_comes_again_from_a_door_without_a_time_of_its_own_is_the_same(county, seen_at):
    """A plain form pressed twice, and a telephone whose clock runs ahead and that heard no
    answer: it was told that its key was used for something else, and reported anew."""
    visit = open_of(county)[0]
    given = {"key": "0123456789abcdef", "note": "屋里冷，没有煤", "seen_at": seen_at}
    first = county.door(visit.holder, visit, "needs_help", **given)
    county.now.forward(minutes=2)
    again = county.door(visit.holder, visit, "needs_help", **given)
    assert (again.repeated, again.number) == (True, first.number)
    assert len(county.entries(visit.id)) == 1


def test_a_door_whose_form_is_gone_back_to_keeps_both_words(county):
    """The second was refused as a key used twice, in words that no village cadre can read."""
    visit = open_of(county)[0]
    given = {"key": "0123456789abcdef"}
    first = county.door(visit.holder, visit, "nobody", **given)
    second, again = (
        county.door(visit.holder, visit, "needs_help", note="屋里冷，没有煤", **given)
        for _ in range(2)
    )
    assert (first.number, again.repeated) == (None, True)
    assert second.number == again.number
    assert county.request(second.number).number == second.number
    assert [one.outcome for one in county.entries(visit.id)] == ["nobody", "needs_help"]


def test_who_has_died_is_not_asked_for_and_where_nobody_lives_nobody_knocks(state, now):
    now.forward(days=5)
    county = Walkers(state, now)
    serious = [one for one in county.homes().values() if "serious_illness" in one.categories]
    widowed, empty = serious[0], serious[1]
    died = update(Resident).values(died_at=date(2026, 9, 1))
    with acting(state.database, state.mint) as tx:
        tx.add(Resident, id=tx.mint(), household_id=widowed.id, name="余下的人")
        tx.execute(died.where(col(Resident.household_id) == empty.id))
        of_widowed = select(Resident.__table__.c.id, Resident.__table__.c.name).where(
            col(Resident.household_id) == widowed.id
        )
        for row in tx.execute(of_widowed).all():
            if row.name == widowed.head_name:
                tx.execute(died.where(col(Resident.id) == row.id))
    county.reach_out()
    visited = {one.household_id for one in county.visits()}
    assert widowed.id in visited
    assert empty.id not in visited
    asked_for = county.homes()[widowed.id].head_name
    assert asked_for != widowed.head_name
    assert empty.id not in county.homes()


def test_planning_twice_or_a_day_later_adds_nothing(county):
    before = len(county.visits()), len(county.every(Round))
    county.reach_out()
    county.now.forward(hours=10)
    county.reach_out()
    assert (len(county.visits()), len(county.every(Round))) == before


def test_a_new_month_is_a_new_round_and_the_quarter_goes_on(county):
    county.now.forward(days=31)  # 5 November
    county.reach_out()
    rules = Counter((row.rule, row.starts_on) for row in county.every(Round))
    assert rules["monthly_tekun", date(2026, 10, 1)] == 1
    assert rules["monthly_tekun", date(2026, 11, 1)] == 1
    assert rules["quarterly_stable", date(2026, 10, 1)] == 1
    assert rules["quarterly_stable", date(2026, 11, 1)] == 0


def test_half_of_the_doors_stay_shut(county):
    """Who opens is done; who does not goes up the ladder until the police look."""
    doors = open_of(county)
    shut = doors[::2]
    for one in doors:
        county.door(one.holder, one, "nobody" if one in shut else "well")
    state = {one.id: county.visit(one.id) for one in doors}
    assert all(state[one.id].seen for one in doors if one not in shut)
    assert {state[one.id].door for one in shut} == {"again"}
    for step in ("neighbour", "cadre", "police", "police"):
        county.now.forward(hours=20)
        for one in shut:
            now = county.visit(one.id)
            county.door(now.holder, now, "nobody")
        assert {county.visit(one.id).door for one in shut} == {step}
    officers = county.state.offices.current().directory.officer
    last = [county.visit(one.id) for one in shut]
    assert {officers[one.holder].role for one in last} == {"township_officer"}
    assert {one.tries for one in last} == {5}
    assert all(one.settled_at is None for one in last), "nobody is given up"
    with county.state.database.read() as session:
        actor = county.actor("super01")
        office = county.state.offices.current()
        rounds = discovery.rounds(session, actor, office, county.now())
        unseen = discovery.unseen(session, actor, office, county.now())
    tekun = next(one for one in rounds if one.code == "monthly_tekun")
    assert (tekun.planned, tekun.seen) == (len(doors), len(doors) - len(shut))
    assert {one.household_id for one in shut} <= {one.household_id for one in unseen}
    assert [one.tries for one in unseen[: len(shut)]] == [5] * len(shut), "shut doors come first"


def test_a_cadre_comes_before_the_police_and_reminders_come_as_one_message(county):
    one = open_of(county)[0]
    for _ in range(3):
        county.door(county.visit(one.id).holder, county.visit(one.id), "nobody")
    officers = county.state.offices.current().directory.officer
    assert officers[county.visit(one.id).holder].role == "village_cadre"
    county.now.at = max(v.due_at for v in county.visits()) + timedelta(days=4)
    county.reach_out()
    due = [v for v in county.visits() if v.due_at < county.now()]
    assert len(due) > 50
    assert all(v.breached_at for v in due)
    sent = Counter(m.staff for m in county.every(Outgoing) if m.phrase.startswith("staff_outreach"))
    assert max(sent.values()) <= 2, "one message a reader, not one a door"
    breach = county.visit(one.id).breached_at
    county.door(county.visit(one.id).holder, county.visit(one.id), "well")
    assert county.visit(one.id).breached_at == breach, "late is late for ever"


def test_who_needs_help_is_reported_by_the_path_of_every_call(county):
    one = open_of(county)[0]
    kept = county.door(one.holder, one, "needs_help", note="断粮两天了，炉子也没生")
    assert kept.number
    request = county.request(kept.number)
    assert request.level in ("urgent", "life_threat")
    assert county.visit(one.id).number == kept.number
    with county.state.database.read() as session:
        story = of_household(session.connection(), one.household_id)
    assert [(m.kind, m.code, m.number) for m in story] == [("visit", "needs_help", kept.number)]


def test_help_and_absence_need_a_word_of_explanation(county):
    one = open_of(county)[0]
    with pytest.raises(Refusal) as refused:
        county.door(one.holder, one, "moved")
    assert refused.value.key == "refusal.finding_note"
    assert county.entries(one.id) == []


def test_a_stranger_to_the_grid_records_nothing_there(county):
    one = open_of(county)[0]
    other = next(
        o.login
        for o in county.state.offices.current().directory.officers
        if o.role == "grid_worker" and o.login[:7] != one.holder[:7]
    )
    with pytest.raises(Refusal) as refused:
        county.door(other, one, "well")
    assert refused.value.status == 404


def cadre_of(county: Walkers, one) -> str:
    """Somebody else who knows this door."""
    return f"village_{one.area[:5].lower()}.1"


def test_two_who_found_differently_both_stand_until_a_person_decides(county):
    one = open_of(county)[0]
    county.door(one.holder, one, "well", phone="19900009001", people="2")
    kept = county.door(
        cadre_of(county, one),
        one,
        "in_hospital",
        note="邻居说住院了",
        phone="19900009002",
        people="2",
    )
    assert set(kept.differs) == {"outcome", "phone"}, "the same number of people is no quarrel"
    assert len(county.entries(one.id)) == 2, "nothing is lost"
    row = county.visit(one.id)
    assert (row.outcome, row.said["phone"]) == ("well", "19900009001")
    office = county.state.offices.current()
    township = f"township_{one.area[:3].lower()}.1"
    with acting(county.state.database, county.state.mint) as tx:
        mine = differences.of(tx, county.actor(township), office)
        assert {d["first_value"] for d in mine} == {"well", "19900009001"}
        phone = next(d for d in mine if d["field"] == "phone")
        differing.decide(
            tx, office, county.actor(township), phone, chosen=phone["second_entry"],
            reason="打通了第二个号码", now=county.now(),
        )  # fmt: skip
    assert county.visit(one.id).said["phone"] == "19900009002"
    assert [d.settled_by for d in county.differences() if d.field == "phone"] == [township]
    assert [e.said["phone"] for e in county.entries(one.id)] == ["19900009001", "19900009002"]


def test_entries_that_touch_different_fields_do_not_differ(county):
    one = open_of(county)[0]
    county.door(one.holder, one, "nobody", phone="19900009001")
    kept = county.door(cadre_of(county, one), one, "well", people="3")
    assert kept.differs == ()
    assert county.visit(one.id).said == {
        "phone": "19900009001", "outcome": "well", "people": "3",
    }  # fmt: skip


def test_two_who_found_nobody_at_once_climb_one_step(county):
    one = open_of(county)[0]
    county.door(one.holder, one, "nobody")
    county.door(cadre_of(county, one), one, "nobody")
    row = county.visit(one.id)
    assert (row.door, row.tries) == ("again", 2)


def test_an_entry_sent_twice_counts_once_and_a_key_has_one_content(county):
    one = open_of(county)[0]
    at = county.now().isoformat()
    county.door(one.holder, one, "nobody", key="one-key-only", seen_at=at)
    again = county.door(one.holder, one, "nobody", key="one-key-only", seen_at=at)
    assert again.repeated
    other = county.door(one.holder, one, "well", key="one-key-only", seen_at=at)
    assert not other.repeated
    keys = [entry.entry_key for entry in county.entries(one.id)]
    assert len(set(keys)) == 2, "other content has a key of its own"


def storm(county: Walkers, area: str = "W04", **more):
    with acting(county.state.database, county.state.mint) as tx:
        return visiting.switch_on(
            tx, county.state.offices.current(), county.actor("super01"),
            mode="extreme_weather", area=area,
            until=more.pop("until", date(2026, 10, 7)), reason=more.pop("reason", "寒潮蓝色预警"),
            now=county.now(),
        )  # fmt: skip


def test_a_storm_asks_for_a_visit_a_day_in_its_area_while_it_lasts(county):
    storm(county)
    for _ in range(4):
        county.reach_out()
        county.now.forward(days=1)
    rounds = [row for row in county.every(Round) if row.mode == "extreme_weather"]
    assert [row.starts_on for row in rounds] == [date(2026, 10, 5) + timedelta(n) for n in range(3)]
    visits = [one for one in county.visits() if one.rule == "extreme_weather"]
    assert visits
    assert {one.area[:3] for one in visits} == {"W04"}
    assert all(one.urgent for one in visits)


def test_who_was_seen_in_the_storm_was_seen(county):
    storm(county)
    county.reach_out()
    one = open_of(county, "extreme_weather")[0]
    county.door(one.holder, one, "well")
    assert all(v.seen for v in county.visits() if v.household_id == one.household_id)


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": " "},
        {"until": date(2026, 10, 4)},
        {"until": date(2027, 9, 29)},
        {"area": "nowhere"},
    ],
)
def test_a_mode_has_a_reason_a_last_day_and_a_place(county, wrong):
    with pytest.raises(Refusal):
        storm(county, **wrong)
    assert county.every(Mode) == []


def test_the_same_mode_is_not_switched_on_twice_in_a_place(county):
    storm(county)
    with pytest.raises(Refusal):
        storm(county)


def test_coverage_adds_up_to_the_visits(county):
    for one in open_of(county)[:3]:
        county.door(one.holder, one, "well")
    with county.state.database.read() as session:
        found = discovery.coverage(
            session, county.actor("super01"), county.state.offices.current(), county.now()
        )
    heads = [rows[0] for rows in found.values()]
    assert sum(one.planned for one in heads) == len(county.visits())
    assert sum(one.seen for one in heads) == 3
    assert all(sum(one.planned for one in rows[1:]) == rows[0].planned for rows in found.values())
    assert len(county.every(Visit)) == len(county.visits())


def test_half_the_doors_shut_is_right_to_the_unit_in_every_place(county):
    """Every second door of every place stays shut: page, township and place say so to the door."""
    by_place = {}
    for one in county.visits():
        by_place.setdefault(one.area, []).append(one)
    opened = {}
    for area, doors in by_place.items():
        for at, one in enumerate(doors):
            county.door(one.holder, one, "nobody" if at % 2 else "well")
        opened[area] = (len(doors) + 1) // 2
    with county.state.database.read() as session:
        office = county.state.offices.current()
        found = discovery.coverage(session, county.actor("super01"), office, county.now())
        town = discovery.coverage(session, county.actor("township_w01.1"), office, county.now())
    places = {row.code: row for rows in found.values() for row in rows[1:]}
    assert {code: (row.planned, row.seen) for code, row in places.items()} == {
        area: (len(doors), opened[area]) for area, doors in by_place.items()
    }
    for head, *rest in found.values():
        assert (head.planned, head.seen) == (
            sum(one.planned for one in rest), sum(one.seen for one in rest),
        )  # fmt: skip
    assert sum(rows[0].seen for rows in found.values()) == sum(opened.values())
    assert town == {code: rows for code, rows in found.items() if code == "W01"}
    waiting = {one.household_id for one in county.visits() if not one.seen}
    assert len(waiting) == len(county.visits()) - sum(opened.values())
    assert all(one.door == "again" for one in county.visits() if not one.seen)
