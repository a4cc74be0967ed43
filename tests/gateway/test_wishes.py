"""What a person's wish to be erased reaches at once, what a duty keeps, and that they are told."""

import asyncio
from contextlib import suppress

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway import erased_again, intake, progress, retention, subjects, wish_list, wishes
from gateway.app import create_app
from gateway.registry import enrol, households, search
from models import keyring, people
from models.access import Look
from models.attachments import Attachment
from models.desk import PhoneCall
from models.discovery import DoorEntry, Visit, Warned
from models.events import Event
from models.holds import LegalHold
from models.households import Belonging, HouseholdPhone, Resident, hash_anew
from models.outbox import Outgoing
from models.people import Address, Person
from models.relief import Relief
from models.requests import Contact, FormerNumber, HelpRequest
from models.transaction import acting
from tests.client import TestClient
from tests.conftest import WEDNESDAY
from tests.gateway.people import QUESTION, said
from tests.gateway.test_erasure import plain
from tests.gateway.test_retention import LEAD, close, in_order
from tests.gateway.test_sealed_fields import ticks_of
from triage.household_matching import read_home

MINE = "13812345678"
SENDER = f"+86{MINE}"
ALONE, SHARED, OTHERS = "W-alone", "W-shared", "W-others"
SEEN = "屋里冷，米缸见底"
"""What was seen at a door."""


def row(table, serial: int, **more):
    """A whole row of a table: harmless where nothing is said."""
    return {
        column.name: more.get(column.name)
        if column.name in more or column.foreign_keys
        else plain(column, serial)
        for column in table.__table__.columns
    }


def home(tx, household_id: str, *people: str, phones=()) -> None:
    enrol(
        tx, household_id=household_id, head_name=people[0], members=people[1:], phones=phones,
        address=f"望河县滨河街道临江社区{household_id}号", area="W01", categories=(),
    )  # fmt: skip


@pytest.fixture
def lived(state, now):
    """Somebody whose request is closed, who lives alone and lends their telephone to a daughter's
    household; what was seen, listed and given."""
    number = said(state, "old", QUESTION, SENDER).number
    close(state, now, number)
    with acting(state.database, state.mint) as tx:
        home(tx, ALONE, "司徒青", phones=(MINE,))
        home(tx, SHARED, "欧阳红", "欧阳小", phones=(MINE,))
        home(tx, OTHERS, "诸葛明", phones=("13900000000",))
    with acting(state.database, state.mint) as tx:
        request = tx.execute(
            select(col(HelpRequest.id)).where(col(HelpRequest.number) == number)
        ).scalar_one()
        serial = 880_000
        for household_id in (ALONE, SHARED, OTHERS):
            for settled in (WEDNESDAY, None):
                serial += 1
                tx.add(Visit, **row(
                    Visit, serial, household_id=household_id, said={"note": SEEN}, version=1,
                    settled_at=settled, number=None, erased_at=None, next_at=None,
                ))  # fmt: skip
                tx.add(DoorEntry, **row(
                    DoorEntry, serial, visit_id=serial, household_id=household_id,
                    said={"note": SEEN}, number=None, id=serial,
                ))  # fmt: skip
                tx.add(Warned, **row(
                    Warned, serial, household_id=household_id, phone="", name="某人",
                    state="settled" if settled else "open", erased_at=None, number=None,
                    next_at=None,
                ))  # fmt: skip
            tx.add(Relief, **row(
                Relief, serial, household_id=household_id, recipient="某人", erased_at=None,
                request_id=None,
            ))  # fmt: skip
        for id_, caller in ((1, SENDER), (2, "+8613900000000")):
            tx.add(
                PhoneCall, id=id_, source="pbx", call_id=str(id_), caller=caller, state="ended",
                rang_at=now(), ended_at=now(),
            )  # fmt: skip
            tx.add(
                Outgoing, id=id_, channel="console", address=caller, phrase="x", params={},
                text="早先的一条", state="sent", posted_at=now(),
            )  # fmt: skip
        tx.add(Look, id=tx.mint(), at=now(), login=LEAD, act="reveal", request_id=request)
    return number


def rows(state, table):
    with state.database.read() as session:
        return list(session.scalars(select(table).order_by(*table.__table__.primary_key)))


def erased(state, now) -> dict[str, wishes.Fate]:
    with acting(state.database, state.mint) as tx:
        subject = subjects.find(tx, SENDER)
        fates = subjects.erase(tx, subject, by=LEAD, reason="本人申请", now=now())
    return {fate.name: fate for fate in fates}


def test_what_was_seen_where_nobody_else_lives_goes_and_that_somebody_was_there_stays(
    state, lived, now
):
    fates = erased(state, now)
    assert (fates["visit_words"].gone, fates["visit_words"].stays) == (1, 3)
    visits = {(one.household_id, one.settled_at is None): one for one in rows(state, Visit)}
    gone = visits[ALONE, False]
    assert (gone.said, gone.erased_at, gone.settled_at) == ({}, now(), WEDNESDAY)
    assert all(one.said for one in visits.values() if one is not gone), "open, shared or others'"
    entries = [one.said for one in rows(state, DoorEntry)]
    assert entries.count({}) == 1


def test_one_of_a_household_cannot_wipe_out_what_was_seen_of_another(state, lived, now):
    erased(state, now)
    for table in (Visit, Warned):
        for one in rows(state, table):
            if one.household_id in (SHARED, OTHERS):
                assert one.erased_at is None


def test_settled_warnings_go_and_open_ones_stay(state, lived, now):
    fates = erased(state, now)
    assert (fates["warning_words"].gone, fates["warning_words"].stays) == (1, 3)
    mine = [one for one in rows(state, Warned) if one.household_id == ALONE]
    assert {(one.state, one.name) for one in mine} == {("settled", ""), ("open", "某人")}


def test_the_telephone_leaves_the_register_and_the_household_stays_findable(state, lived, now):
    fates = erased(state, now)
    assert (fates["left_households"].gone, fates["left_households"].stays) == (2, 2)
    assert [one.number for one in rows(state, HouseholdPhone) if one.number == MINE] == []
    with state.database.read() as session:
        found = households(session.connection(), [ALONE, SHARED])
        assert [one.head_name for one in found] == ["司徒青", "欧阳红"]
        matches = search(session.connection(), read_home(
            names=("司徒青",), phones=(), address=f"望河县滨河街道临江社区{ALONE}号",
        ))  # fmt: skip
        assert ALONE in {one.household_id for one in matches}
        assert search(session.connection(), read_home(names=(), phones=(MINE,), address="")) == []
    assert len(rows(state, Resident)) >= 4


def test_calls_and_messages_without_a_request_go_with_their_number(state, lived, now):
    fates = erased(state, now)
    assert (fates["calls"].gone, fates["loose_messages"].gone) == (1, 1)
    assert [one.caller for one in rows(state, PhoneCall)] == ["", "+8613900000000"]
    loose = [one for one in rows(state, Outgoing) if one.request_id is None]
    assert [(one.text, one.address) for one in loose] == [
        ("", ""), ("早先的一条", "+8613900000000"),
    ]  # fmt: skip


def test_the_books_of_aid_and_who_looked_stay_with_their_ground(state, lived, now):
    fates = erased(state, now)
    assert (fates["relief_words"].gone, fates["relief_words"].stays) == (0, 2)
    assert fates["looks"].stays == 1
    assert all(one.recipient == "某人" for one in rows(state, Relief))
    in_order(state)


def test_what_is_on_hold_is_left_alone(state, lived, now):
    other = said(state, "other", QUESTION, "+8613900000009").number
    with acting(state.database, state.mint) as tx:
        held = tx.execute(
            select(col(HelpRequest.id)).where(col(HelpRequest.number) == other)
        ).scalar_one()
        tx.add(
            LegalHold, id=tx.mint(), request_id=held, reason="诉讼", placed_at=now(),
            placed_by=LEAD,
        )  # fmt: skip
        tx.execute(update(Visit).values(number=other))
    assert erased(state, now)["visit_words"].gone == 0


def test_the_person_is_told_in_one_list_what_went_what_stays_how_long_and_why(state, lived, now):
    fates = erased(state, now)
    phrases = state.offices.current().phrases
    for language in phrases.languages():
        told = list(
            wish_list.lines(
                lambda key, language=language, **given: phrases.say(
                    key, {name: str(value) for name, value in given.items()}, "full", language
                ),
                list(fates.values()), by=LEAD, hotline="望河12345",
            )
        )  # fmt: skip
        kept = [line for line in told if "《个人信息保护法》" in line]
        assert len(kept) == sum(fate.stays > 0 for fate in fates.values())
        assert any(str(retention.rules()["relief_words"].days) in line for line in kept)
        assert all("某人" not in line and MINE not in line for line in told)


def test_every_class_says_what_a_wish_does_and_what_stays_says_why():
    for name, rule in retention.rules().items():
        assert rule.wish in ("now", "stays", "none")
        assert (name in wishes.REACH) == (rule.wish != "none")
        assert rule.wish != "stays" or rule.ground


def test_somebody_without_a_request_is_forgotten_too(state, now):
    with acting(state.database, state.mint) as tx:
        person = tx.mint()
        tx.add(Person, id=person, name="司徒青", created_at=now())
        people.introduce(tx, person, "tel", SENDER)
    assert erased(state, now)["case_words"].gone == 0
    assert [one.name for one in rows(state, Person) if one.id == person] == [None]
    with pytest.raises(subjects.NotKnown), acting(state.database, state.mint) as tx:
        subjects.find(tx, SENDER)


def test_what_is_held_about_somebody_names_register_visits_warnings_and_aid(state, lived, now):
    with acting(state.database, state.mint) as tx:
        held = subjects.held_about(tx, subjects.find(tx, SENDER), by=LEAD, now=now())
    assert [(one["id"], one["people"]) for one in held["households"]] == [(ALONE, 1), (SHARED, 2)]
    assert [one["said"] for one in held["visits"]] == [{"note": SEEN}] * 2, "of the one alone"
    assert len(held["warnings"]) == 2
    assert len(held["aid"]) == 1
    assert held["kept_for"]["relief_words"]["ground"]


def test_what_is_held_about_somebody_names_their_calls_files_and_messages_too(state, lived, now):
    """What goes at their wish was not even named to who asked what is there."""
    with acting(state.database, state.mint) as tx:
        tx.add(
            Attachment, id=tx.mint(), token="t", about="contact", about_key="recording:old",
            digest="d", content_type="audio/mpeg", size=9, kept_at=now(), body=b"x",
        )  # fmt: skip
    with acting(state.database, state.mint) as tx:
        held = subjects.held_about(tx, subjects.find(tx, SENDER), by=LEAD, now=now())
    assert [(one["caller"], one["rang_at"]) for one in held["calls"]] == [(SENDER, now())]
    assert [(one["content_type"], one["size"]) for one in held["files"]] == [("audio/mpeg", 9)]
    assert {one["address"] for one in held["told"]} == {SENDER}
    assert "早先的一条" in [one["text"] for one in held["told"]]


def person_of(state, number: str) -> int:
    with state.database.read() as session:
        query = select(HelpRequest).where(col(HelpRequest.number) == number)
        return session.scalars(query).one().person_id


def again(state, now, path) -> int:
    with acting(state.database, state.mint) as tx:
        return erased_again.apply(tx, path, now())


def said_of(state) -> dict[str, list]:
    """What is there of the person and of others, by table."""
    return {
        "visits": [(one.household_id, one.said) for one in rows(state, Visit)],
        "entries": [one.said for one in rows(state, DoorEntry)],
        "warnings": [(one.household_id, one.state, one.name) for one in rows(state, Warned)],
        "calls": [one.caller for one in rows(state, PhoneCall)],
        "messages": [(one.text, one.address) for one in rows(state, Outgoing)],
        "phones": [one.number for one in rows(state, HouseholdPhone)],
        "people": [one.name for one in rows(state, Person)],
        "addresses": [one.value for one in rows(state, Address)],
        "contacts": [one.text for one in rows(state, Contact)],
    }


def test_a_restored_backup_brings_nothing_back_that_went_at_somebodys_wish(
    state, lived, now, tmp_path
):
    before = said_of(state)
    gone = tried(state, now)
    assert said_of(state) == before, "the database is as the backup has it"
    path = tmp_path / erased_again.NAME
    path.write_text(f"person {person_of(state, lived)} {now().isoformat()}\n")
    assert again(state, now, path) == 1
    after = said_of(state)
    assert after != before
    assert {name: after[name] for name in gone} == gone
    assert again(state, now, path) == 0
    in_order(state)


def tried(state, now) -> dict[str, list]:
    """What would be left after the wish; it is taken back."""
    left = {}
    with suppress(ZeroDivisionError), acting(state.database, state.mint) as tx:
        subject = subjects.find(tx, SENDER)
        subjects.erase(tx, subject, by=LEAD, reason="本人申请", now=now())
        left = read_all(tx)
        raise ZeroDivisionError
    return left


def read_all(tx) -> dict[str, list]:
    """Part of ``said_of``, as it stands inside a transaction."""
    visit = select(col(Visit.household_id), col(Visit.said)).order_by(col(Visit.id))
    caller = select(col(PhoneCall.caller)).order_by(col(PhoneCall.id))
    phone = select(col(HouseholdPhone.number)).order_by(col(HouseholdPhone.id))
    warned = select(col(Warned.household_id), col(Warned.state), col(Warned.name))
    sent = select(col(Outgoing.text), col(Outgoing.address)).order_by(col(Outgoing.id))
    return {
        "visits": [tuple(row) for row in tx.execute(visit)],
        "calls": list(tx.execute(caller).scalars()),
        "phones": list(tx.execute(phone).scalars()),
        "warnings": [tuple(row) for row in tx.execute(warned.order_by(col(Warned.id)))],
        "messages": [tuple(row) for row in tx.execute(sent)],
    }


def test_what_came_to_the_house_after_the_wish_is_not_erased_by_a_later_restore(
    state, lived, now, tmp_path
):
    person = person_of(state, lived)
    with state.database.read() as session:
        asked = session.scalars(select(HelpRequest.id)).one()
    with acting(state.database, state.mint) as tx:
        tx.add(Belonging, **row(
            Belonging, 880_100, request_id=asked, household_id=ALONE, state="confirmed",
            resident_id=None, contact_id=None,
        ))  # fmt: skip
    erased(state, now)
    path = tmp_path / erased_again.NAME
    path.write_text(f"person {person} {now().isoformat()}\n")
    with acting(state.database, state.mint) as tx:
        tx.add(Visit, **row(
            Visit, 880_200, household_id=ALONE, said={"note": SEEN}, version=1,
            settled_at=WEDNESDAY, number=None, erased_at=None, next_at=None,
        ))  # fmt: skip
    assert again(state, now, path) == 0
    assert [one.said for one in rows(state, Visit) if one.id == 880_200] == [{"note": SEEN}]


def test_who_was_erased_at_their_wish_is_noted_beside_the_backups_with_or_without_a_request(
    state, lived, now, tmp_path
):
    other = "+8613844440004"
    with acting(state.database, state.mint) as tx:
        alone = tx.mint()
        tx.add(Person, id=alone, name="孙福", created_at=now())
        people.introduce(tx, alone, "tel", other)
    person = person_of(state, lived)
    erased(state, now)
    with acting(state.database, state.mint) as tx:
        subjects.erase(tx, subjects.find(tx, other), by=LEAD, reason="本人申请", now=now())
    assert erased_again.note(state.database, tmp_path) == 3
    assert erased_again.note(state.database, tmp_path) == 0
    path = tmp_path / erased_again.NAME
    assert erased_again.noted_people(path) == {person: now(), alone: now()}
    assert len(erased_again.noted(path)) == 1
    assert again(state, now, path) == 0, "it is done already"


def test_an_early_entry_names_only_the_requests_and_their_person_is_noted(
    state, lived, now, tmp_path
):
    with acting(state.database, state.mint) as tx:
        tx.event("subject_erased", at=now(), by=LEAD, reason="", requests=[lived], classes={})
    erased_again.note(state.database, tmp_path)
    assert list(erased_again.noted_people(tmp_path / "erased")) == [person_of(state, lived)]


def test_a_file_of_before_people_were_noted_is_read_as_it_was(tmp_path):
    path = tmp_path / "erased"
    path.write_text("7 2026-11-26T19:00:00+00:00\nperson 9 2026-11-26T19:00:00+00:00\nperson 10 2")
    assert (list(erased_again.noted(path)), list(erased_again.noted_people(path))) == ([7], [9])
    path.write_text("7 2026-11-26T19:00:00+00:00\n")
    assert (list(erased_again.noted(path)), erased_again.noted_people(path)) == ([7], {})


def test_a_telephone_is_found_in_the_register_also_while_its_keys_wait_to_be_hashed_anew(
    state, lived, now
):
    with acting(state.database, state.mint) as tx:
        hash_anew(tx, "another key outside")
    assert erased(state, now)["left_households"].gone == 2


def test_words_that_nobody_could_read_yet_are_under_way_like_an_open_request(
    state, lived, now, monkeypatch
):
    """Erased meanwhile, they would be read afterwards and somebody be known anew."""

    def fail(*_given, **_more):
        raise RuntimeError("a bug")

    with monkeypatch.context() as broken:
        broken.setattr(intake, "open_request", fail)
        held = said(state, "pen", "我家没米了", SENDER)
    assert held.held
    with pytest.raises(subjects.NotKnown, match=f"{held.number} is still open"):
        erased(state, now)
    now.forward(minutes=2)
    asyncio.run(ticks_of(state).resume())
    close(state, now, held.number)
    assert erased(state, now)["case_words"].gone == 2
    assert {one.sender for one in rows(state, Contact)} == {""}


NEW = "+8613800000777"


def moved(state) -> None:
    """Their number was put right: from now on they are reached under another."""
    with acting(state.database, state.mint) as tx:
        lookup = keyring.names(tx.connection, people.FIELD, NEW)[0]
        before = keyring.names(tx.connection, people.FIELD, SENDER)
        theirs = col(Address.lookup).in_(before)
        tx.execute(update(Address).where(theirs).values(value=NEW, lookup=lookup))


def test_what_hangs_on_the_number_that_they_had_before_goes_too(state, lived, now):
    moved(state)
    with acting(state.database, state.mint) as tx:
        subject = subjects.find(tx, NEW)
        held = subjects.held_about(tx, subject, by=LEAD, now=now())
        assert [one["caller"] for one in held["calls"]] == [SENDER]
        fates = subjects.erase(tx, subject, by=LEAD, reason="", now=now())
    assert {one.name: one.gone for one in fates}["calls"] == 1
    left = said_of(state)
    assert SENDER not in left["calls"]
    assert MINE not in left["phones"]
    assert SENDER not in {address for _, address in left["messages"]}


def test_a_number_that_is_somebody_elses_by_now_is_left_alone(state, lived, now):
    moved(state)
    said(state, "next owner", QUESTION, SENDER)
    with acting(state.database, state.mint) as tx:
        subjects.erase(tx, subjects.find(tx, NEW), by=LEAD, reason="", now=now())
    assert SENDER in said_of(state)["calls"]


@pytest.mark.parametrize("code", ["", " ", "------", "000000"])
def test_what_is_erased_is_opened_by_nobody_also_by_who_gives_no_code(state, lived, now, code):
    """The code is gone with the words; nothing is no key to what is left: which bureau, when, how
    urgent, whether a complaint."""
    former = "HY20260930-09999-9"
    with acting(state.database, state.mint) as tx:
        request = tx.execute(
            select(col(HelpRequest.id)).where(col(HelpRequest.number) == lived)
        ).scalar_one()
        tx.add(FormerNumber, number=former, code="123456", request_id=request)
    erased(state, now)
    browser = TestClient(create_app(state), state.settings.public_url, follow_redirects=False)
    for number in (lived, former):
        with state.database.read() as session:
            assert progress.find(session.connection(), number, code) is None
        answer = browser.post("/status", data={"number": number, "code": code})
        assert answer.status_code == 422
    unknown = browser.post("/status", data={"number": "HY20260930-07777-7", "code": code})
    assert unknown.status_code == answer.status_code, "it is told like one that there never was"


def test_the_ledger_does_not_keep_for_ever_who_was_erased_and_why_by_name(state, now):
    """Whoever types the reason names them; the entry is chained and goes with nothing."""
    number = said(
        state, "named", "我叫贺小满，请问低保要带哪些材料，我住在柳湾镇柳湾村", SENDER
    ).number
    close(state, now, number)
    with acting(state.database, state.mint) as tx:
        subject = subjects.find(tx, SENDER)
        reason = f"贺小满（{MINE}）本人到窗口申请"
        subjects.erase(tx, subject, by=LEAD, reason=reason, now=now())
    (entry,) = [one for one in rows(state, Event) if one.kind == "subject_erased"]
    assert "本人到窗口申请" in entry.detail
    assert "小满" not in entry.detail
    assert MINE not in entry.detail
    in_order(state)
