"""After a merge each person's words are still their own: who wants to be erased or told gets that,
all of it and nobody else's, and a hold or an open request protects the whole matter."""

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway import erasure_wishes, retention, subjects
from gateway.ledger_audit import disagreements
from gateway.subjects import NotKnown
from models import people
from models.attachments import Attachment
from models.journal import JournalEntry
from models.likenesses import RepeatKey
from models.outbox import Outgoing
from models.people import Address, Person
from models.requests import Contact, HelpRequest
from models.transaction import acting
from models.vocabulary import Role
from referral import merging, parting
from referral.casework import Actor, Refusal
from tests.gateway.people import said
from tests.gateway.test_retention import LEAD, close, in_order

OLDER = "我家屋顶漏雨了，没米了，我叫张桂芳"
NEWER = "我叫李秋霞，住在滨河街道临江社区，邻居家屋顶漏雨没米了，我儿子有精神病"
ONE, OTHER = "+8613811110001", "+8613822220002"
RULE = 1825
"""Days for which the words of a case are kept."""


def by_number(tx, number: str):
    columns = HelpRequest.__table__.columns
    row = tx.execute(select(*columns).where(col(HelpRequest.number) == number)).one()
    return dict(row._mapping)


def lead(state) -> Actor:
    officers = state.offices.current().directory.officers
    unit = next(one.unit for one in officers if one.login == LEAD)
    return Actor(login=LEAD, role=Role.DUTY_LEAD, unit=unit)


def merge(state, now, newer: str, older: str) -> None:
    with acting(state.database, state.mint) as tx:
        merging.merge(
            tx, state.offices.current(), lead(state), by_number(tx, newer),
            other=by_number(tx, older), now=now(),
        )  # fmt: skip


@pytest.fixture
def joined(state, now):
    """Two people's requests that are one matter, each with a picture; the numbers."""
    older = said(state, "older", OLDER, ONE).number
    now.forward(minutes=5)
    newer = said(state, "newer", NEWER, OTHER).number
    with acting(state.database, state.mint) as tx:
        for mark in ("older", "newer"):
            tx.add(
                Attachment, id=tx.mint(), token=mark, about="contact",
                about_key=f"recording:{mark}", digest=mark, content_type="image/png", size=1,
                kept_at=now(), body=b"x",
            )  # fmt: skip
    merge(state, now, newer, older)
    now.forward(hours=1)
    return older, newer


def words(state) -> dict[str, str]:
    with state.database.read() as session:
        return {row.external_id: row.text for row in session.scalars(select(Contact))}


def left(state) -> dict[str, set[str]]:
    """By table, whose words are still there."""
    with state.database.read() as session:
        contacts = {row.id: row for row in session.scalars(select(Contact))}
        calls = {row.id: row for row in session.scalars(select(JournalEntry))}
        return {
            "contact": {c.external_id for c in contacts.values() if c.text and c.sender},
            "journal": {c.external_id for c in contacts.values() if calls[c.journal_id].body},
            "files": set(session.scalars(select(Attachment.token))),
            "keys": {
                contacts[one].external_id for one in session.scalars(select(RepeatKey.contact_id))
            },
        }


def all_of(*marks: str) -> dict[str, set[str]]:
    """What ``left`` says where all of these is there."""
    return {kind: set(marks) for kind in ("contact", "journal", "files", "keys")}


def erase(state, now, handle: str):
    with acting(state.database, state.mint) as tx:
        fates = subjects.erase(tx, subjects.find(tx, handle), by=LEAD, reason="", now=now())
    return {fate.name: fate for fate in fates}


def told(state, now, handle: str) -> list[str]:
    with acting(state.database, state.mint) as tx:
        held = subjects.held_about(tx, subjects.find(tx, handle), by=LEAD, now=now())
    return [one["text"] for one in held["said"]]


def hold(state, now, number: str) -> None:
    with acting(state.database, state.mint) as tx:
        subjects.hold(tx, number, by=LEAD, reason="诉讼", now=now())


def place(state, number: str) -> str | None:
    with state.database.read() as session:
        query = select(HelpRequest).where(col(HelpRequest.number) == number)
        return session.scalars(query).one().place


def test_each_person_is_told_their_own_words_wherever_they_stand_and_nobody_elses(
    state, joined, now
):
    assert told(state, now, OTHER) == [NEWER]
    assert told(state, now, ONE) == [OLDER]


def test_whose_request_was_joined_is_erased_in_the_one_that_goes_on(state, joined, now):
    close(state, now, joined[0])
    assert erase(state, now, OTHER)["raw_calls"].gone == 1
    assert left(state) == all_of("older")
    assert told(state, now, ONE) == [OLDER]
    in_order(state)


def test_who_is_erased_takes_nobody_elses_words_along(state, joined, now):
    close(state, now, joined[0])
    assert erase(state, now, ONE)["raw_calls"].gone == 1
    assert left(state) == all_of("newer")
    assert told(state, now, OTHER) == [NEWER]
    erase(state, now, OTHER)
    assert left(state) == all_of()
    in_order(state)


def test_an_address_that_was_taken_over_from_who_is_erased_goes_with_them(state, joined, now):
    older, newer = joined
    assert place(state, older)
    assert place(state, older) == place(state, newer)
    close(state, now, older)
    erase(state, now, OTHER)
    assert place(state, older) is None


def test_nobody_is_erased_while_the_request_they_were_joined_to_is_open(state, joined, now):
    older, newer = joined
    with pytest.raises(NotKnown, match=f"{older} is still open"):
        erase(state, now, OTHER)
    with acting(state.database, state.mint) as tx:
        subject = erasure_wishes.behind(tx, by_number(tx, newer))
        assert erasure_wishes.hindrances(tx, subject) == {older: "open"}
    assert words(state) == {"older": OLDER, "newer": NEWER}


@pytest.mark.parametrize("at", [0, 1])
@pytest.mark.parametrize("who", [ONE, OTHER])
def test_a_hold_on_one_of_two_joined_requests_protects_both(state, joined, now, at, who):
    close(state, now, joined[0])
    hold(state, now, joined[at])
    with pytest.raises(NotKnown, match=f"{joined[at]} is on hold"):
        erase(state, now, who)
    now.forward(days=2 * RULE)
    done = retention.purge(state.database, state.mint, now)
    assert (done["case_words"], done["raw_calls"]) == (0, 0)
    assert words(state) == {"older": OLDER, "newer": NEWER}
    with acting(state.database, state.mint) as tx:
        subjects.lift(tx, joined[at], by=LEAD, now=now())
    assert retention.purge(state.database, state.mint, now)["case_words"] == 2
    assert set(words(state).values()) == {""}


def test_the_time_of_a_joined_request_is_that_of_the_matter(state, joined, now):
    older, _ = joined
    now.forward(days=RULE + 1)
    assert retention.purge(state.database, state.mint, now)["case_words"] == 0, "it goes on"
    close(state, now, older)
    now.forward(days=RULE - 1)
    assert retention.purge(state.database, state.mint, now)["case_words"] == 0
    assert words(state)["newer"] == NEWER
    now.forward(days=2)
    assert retention.purge(state.database, state.mint, now)["case_words"] == 2
    assert set(words(state).values()) == {""}
    in_order(state)


def test_words_that_were_joined_twice_are_still_found(state, joined, now):
    older, _ = joined
    with acting(state.database, state.mint) as tx:
        mine = col(HelpRequest.number) == older
        tx.execute(update(HelpRequest).where(mine).values(received_at=now()))
    now.forward(minutes=-30)
    last = said(state, "last", OLDER, "+8613833330003").number
    now.forward(minutes=40)
    merge(state, now, older, last)
    close(state, now, last)
    assert told(state, now, OTHER) == [NEWER]
    erase(state, now, ONE)
    assert words(state) == {"older": "", "newer": NEWER, "last": OLDER}
    erase(state, now, OTHER)
    assert words(state) == {"older": "", "newer": "", "last": OLDER}


def test_somebody_with_words_at_anothers_request_only_is_told_and_erased_too(state, joined, now):
    older, _ = joined
    with acting(state.database, state.mint) as tx:
        third = tx.mint()
        tx.add(Person, id=third, name="孙福", created_at=now())
        people.introduce(tx, third, "tel", "+8613844440004")
        mine = col(Contact.external_id) == "newer"
        tx.later(update(Contact).where(mine).values(person_id=third))
    assert told(state, now, "+8613844440004") == [NEWER]
    assert told(state, now, ONE) == [OLDER]
    with pytest.raises(NotKnown, match="still open"):
        erase(state, now, "+8613844440004")
    close(state, now, older)
    erase(state, now, "+8613844440004")
    assert words(state) == {"older": OLDER, "newer": ""}
    in_order(state)


def test_words_that_are_gone_without_their_person_being_erased_are_a_fault(state, joined):
    with acting(state.database, state.mint) as tx:
        mine = col(Contact.external_id) == "newer"
        tx.execute(update(Contact).where(mine).values(text="", salt=None))
    with state.database.read() as session:
        (found,) = disagreements(session)
    assert found == f"words of {joined[0]} have lost what the ledger marks them by"


def test_whose_name_still_stands_was_not_erased_and_their_words_are_missed(state, joined, now):
    with acting(state.database, state.mint) as tx:
        third = tx.mint()
        tx.add(Person, id=third, name="孙福", created_at=now())
        mine = col(Contact.external_id) == "newer"
        tx.later(update(Contact).where(mine).values(person_id=third, text="", salt=None))
        tx.later(update(Contact).where(mine).values(sender="", name=None, place=None))
    with state.database.read() as session:
        (found,) = disagreements(session)
    assert found == f"words of {joined[0]} have lost what the ledger marks them by"
    with acting(state.database, state.mint) as tx:
        tx.execute(update(Person).where(col(Person.id) == third).values(name=None))
    in_order(state)


def test_words_of_who_has_no_request_in_the_matter_go_with_the_request(state, joined, now):
    older, _ = joined
    with acting(state.database, state.mint) as tx:
        third = tx.mint()
        tx.add(Person, id=third, name="孙福", created_at=now())
        mine = col(Contact.external_id) == "newer"
        tx.later(update(Contact).where(mine).values(person_id=third))
    close(state, now, older)
    erase(state, now, ONE)
    assert words(state) == {"older": "", "newer": ""}


def test_a_merge_with_one_that_is_erased_is_no_longer_undone(state, joined, now):
    older, newer = joined
    close(state, now, older)
    erase(state, now, OTHER)
    with pytest.raises(Refusal) as refused, acting(state.database, state.mint) as tx:
        parting.undo_merge(
            tx, state.offices.current(), lead(state), by_number(tx, newer),
            other=by_number(tx, older), reason="看错了", now=now(),
        )  # fmt: skip
    assert refused.value.key == "refusal.erased_parting"


def messages(state) -> list[Outgoing]:
    """What was told to citizens."""
    with state.database.read() as session:
        rows = list(session.scalars(select(Outgoing).order_by(col(Outgoing.id))))
    return [one for one in rows if one.staff is None]


def late(state, joined, now) -> None:
    """She who was joined writes again after the word that was given her is over."""
    now.forward(hours=1)
    said(state, "late", "邻居家的孩子也没饭吃", OTHER)
    (about,) = [one for one in messages(state) if one.phrase == "attached_late"]
    older, _ = joined
    assert about.address == OTHER
    with acting(state.database, state.mint) as tx:
        assert about.request_id == by_number(tx, older)["id"], "what she is told of hangs there"


def test_what_one_was_told_of_the_matter_is_nobody_elses_to_be_shown(state, joined, now):
    late(state, joined, now)
    for handle, others in ((ONE, OTHER), (OTHER, ONE)):
        with acting(state.database, state.mint) as tx:
            held = subjects.held_about(tx, subjects.find(tx, handle), by=LEAD, now=now())
        assert {one["address"] for one in held["told"]} == {handle}, "no stranger, no staff"
        assert others not in str(held)
    assert "attached_late" in {one.phrase for one in messages(state)}
    assert any("过了说好的时间" in one["text"] for one in held["told"])


def test_what_one_was_told_of_the_matter_goes_with_their_own_words_and_is_not_sent_any_more(
    state, joined, now
):
    late(state, joined, now)
    for number in joined:
        close(state, now, number)
    before = {one.id: one.text for one in messages(state) if one.address == ONE}
    erase(state, now, OTHER)
    told = messages(state)
    assert OTHER not in {one.address for one in told}
    (about,) = [one for one in told if one.phrase == "attached_late"]
    assert (about.text, about.state, about.next_at) == ("", "suppressed", None)
    assert {one.id: one.text for one in told if one.address == ONE} == before, "hers, not theirs"


def test_what_the_other_was_told_stays_when_who_goes_on_is_erased(state, joined, now):
    late(state, joined, now)
    for number in joined:
        close(state, now, number)
    erase(state, now, ONE)
    told = messages(state)
    assert ONE not in {one.address for one in told}
    assert {one.phrase for one in told if one.address == OTHER} >= {"merged", "attached_late"}


THIRD = "+8613844440004"


def third_speaks(state, now) -> int:
    """Somebody without a request of their own speaks at that of the others."""
    with acting(state.database, state.mint) as tx:
        third = tx.mint()
        tx.add(Person, id=third, name="孙福", created_at=now())
        people.introduce(tx, third, "tel", THIRD)
        mine = col(Contact.external_id) == "newer"
        tx.later(update(Contact).where(mine).values(person_id=third))
    return third


def known(state) -> set[str]:
    with state.database.read() as session:
        names = session.scalars(select(Person.name)).all()
        return {*session.scalars(select(Address.value)), *filter(None, names)}


def test_who_had_no_request_of_their_own_is_forgotten_with_the_words_that_they_had(
    state, joined, now
):
    """Else their telephone would stand for ever: no other time leads to it."""
    third_speaks(state, now)
    for number in joined:
        close(state, now, number)
    now.forward(days=RULE - 1)
    retention.purge(state.database, state.mint, now)
    assert known(state) >= {THIRD, "孙福"}
    now.forward(days=2)
    retention.purge(state.database, state.mint, now)
    assert known(state) & {THIRD, "孙福", ONE, OTHER} == set()


def test_who_still_speaks_at_a_request_that_stands_is_not_forgotten(state, joined, now):
    third = third_speaks(state, now)
    own = said(state, "own", OLDER, "+8613855550005").number
    with acting(state.database, state.mint) as tx:
        theirs = col(HelpRequest.number) == own
        tx.later(update(HelpRequest).where(theirs).values(person_id=third))
    close(state, now, own)
    now.forward(days=RULE + 1)
    assert retention.purge(state.database, state.mint, now)["case_words"] == 1
    assert THIRD in known(state), "the other matter is open, and it has words of theirs"
    assert words(state)["newer"] == NEWER
