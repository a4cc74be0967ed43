"""What was kept long enough, or a person wants gone, is gone; accounts, figures and ledger hold."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from gateway import retention, subjects
from gateway.accounting import account
from gateway.ledger_audit import disagreements, walk
from gateway.subjects import NotKnown
from models.events import Event
from models.people import Address, Person
from models.requests import Contact, HelpRequest
from models.transaction import acting
from tests.gateway.people import QUESTION, said
from tests.gateway.test_sealed_fields import CANARIES, SENDER, TEXT, found_in, stored

LEAD = "lead01"


@pytest.fixture
def lived(state, now):
    """A request with canaries, long closed; and one that is open. Their numbers."""
    old = said(state, "old", TEXT, SENDER).number
    fresh = said(state, "new", QUESTION, "+8613800001111").number
    close(state, now, old)
    return old, fresh


def close(state, now, number: str) -> None:
    """As if it had been closed today, in the ledger too."""
    with acting(state.database, state.mint) as tx:
        row = tx.execute(
            select(col(HelpRequest.id), col(HelpRequest.number)).where(
                col(HelpRequest.number) == number
            )
        ).one()
        tx.later(
            update(HelpRequest)
            .where(col(HelpRequest.id) == row.id)
            .values(status="closed", closed_at=now())
        )
        tx.event("closed", at=now(), request=dict(row._mapping), now="closed")


def open_rows(state) -> bytes:
    """What stands in the tables; of the ledger only that it is there."""
    return stored(state)


def in_order(state) -> None:
    with state.database.read() as session:
        assert account(session).missing == []
        assert walk(session).fault == ""
        assert list(disagreements(session)) == []


def words_of(state, number: str) -> list[str]:
    with state.database.read() as session:
        return list(
            session.scalars(
                select(Contact.text)
                .join(HelpRequest, col(HelpRequest.id) == col(Contact.request_id))
                .where(col(HelpRequest.number) == number)
            )
        )


def test_what_was_kept_long_enough_is_erased_and_the_rest_stands(state, lived, now):
    old, fresh = lived
    now.forward(days=1824)
    assert retention.purge(state.database, state.mint, now)["case_words"] == 0
    assert words_of(state, old) == [TEXT]
    now.forward(days=2)
    assert retention.purge(state.database, state.mint, now)["case_words"] == 1
    assert words_of(state, old) == [""]
    assert words_of(state, fresh) == [QUESTION], "what is open is nobody's to erase"
    assert retention.purge(state.database, state.mint, now)["case_words"] == 0, "once"
    in_order(state)
    with state.database.read() as session:
        purged = [e for e in session.scalars(select(Event)) if e.kind == "purged"]
        assert {json.loads(e.detail)["what"] for e in purged} == {"raw_calls", "case_words"}
        request = session.scalars(select(HelpRequest).where(col(HelpRequest.number) == old)).one()
        assert (request.erased_at, request.service) == (now(), request.service)
        assert session.scalars(select(Address).where(col(Address.kind) == "tel")).all()


def test_nothing_of_an_erased_person_stands_in_any_table(state, lived, now):
    assert found_in(open_rows(state)) or state.settings.seals_fields
    now.forward(days=1826)
    retention.purge(state.database, state.mint, now)
    with state.database.read() as session:
        for row in session.scalars(select(Contact).where(col(Contact.external_id) == "old")):
            assert (row.sender, row.name, row.place, row.assessment) == ("", None, None, None)
    if not state.settings.seals_fields:
        assert found_in(open_rows(state)) == []


def test_raw_calls_go_first_and_their_ids_stay(state, lived, now):
    now.forward(days=181)
    done = retention.purge(state.database, state.mint, now)
    assert {name: count for name, count in done.items() if count} == {"raw_calls": 2}
    assert words_of(state, lived[0]) == [TEXT]
    again = said(state, "old", TEXT, SENDER)
    assert again.duplicate, "a provider's repeat is still known"
    in_order(state)


def test_a_hold_keeps_what_the_schedule_and_the_person_would_erase(state, lived, now):
    old, _ = lived
    with acting(state.database, state.mint) as tx:
        subjects.hold(tx, old, by=LEAD, reason="诉讼", now=now())
    now.forward(days=4000)
    assert retention.purge(state.database, state.mint, now)["case_words"] == 0
    assert words_of(state, old) == [TEXT]
    with pytest.raises(NotKnown, match="on hold"), acting(state.database, state.mint) as tx:
        subjects.erase(tx, subjects.find(tx, SENDER), by=LEAD, reason="本人申请", now=now())
    with acting(state.database, state.mint) as tx:
        subjects.lift(tx, old, by=LEAD, now=now())
    assert retention.purge(state.database, state.mint, now)["case_words"] == 1
    in_order(state)


def test_a_person_is_told_everything_and_who_looked(state, lived, now):
    with acting(state.database, state.mint) as tx:
        held = subjects.held_about(tx, subjects.find(tx, SENDER), by=LEAD, now=now())
    assert [one["number"] for one in held["requests"]] == [lived[0]]
    assert held["said"][0]["text"] == TEXT
    assert held["told"][0]["address"] == SENDER
    assert held["addresses"] == [{"kind": "tel", "value": SENDER}]
    assert held["kept_for"]["looks"]["tag"] == "V"
    assert QUESTION not in json.dumps(held, default=str, ensure_ascii=False), "nobody else's words"
    in_order(state)


def test_a_person_is_put_right_and_the_ledger_does_not_say_to_what(state, lived, now):
    with acting(state.database, state.mint) as tx:
        subject = subjects.find(tx, SENDER)
        subjects.correct(tx, subject, {"name": "司徒青宁", "minor": True}, by=LEAD, now=now())
    with state.database.read() as session:
        assert [(p.name, p.minor) for p in session.scalars(select(Person)) if p.name] == [
            ("司徒青宁", True)
        ]
        last = session.scalars(select(Event).order_by(col(Event.seq).desc()).limit(1)).one()
    assert (last.kind, "司徒" in last.detail, last.by) == ("subject_corrected", False, LEAD)
    in_order(state)


def test_a_person_is_erased_at_their_wish_but_not_while_they_wait_for_help(state, lived, now):
    with pytest.raises(NotKnown, match="still open"), acting(state.database, state.mint) as tx:
        subjects.erase(tx, subjects.find(tx, "+8613800001111"), by=LEAD, reason="x", now=now())
    with acting(state.database, state.mint) as tx:
        subjects.erase(tx, subjects.find(tx, SENDER), by=LEAD, reason="本人申请", now=now())
    with pytest.raises(NotKnown), acting(state.database, state.mint) as tx:
        subjects.find(tx, SENDER)
    with state.database.read() as session:
        assert session.connection().execute(text("SELECT count(*) FROM request")).scalar() == 2
    in_order(state)
    later = said(state, "again", QUESTION, SENDER)
    assert later.opened, "whoever writes again is a new person"


def test_only_a_named_person_of_staff_answers_for_it(state):
    with pytest.raises(NotKnown, match="no account"), acting(state.database, state.mint) as tx:
        subjects.require_staff(tx, "nobody")
    with acting(state.database, state.mint) as tx:
        subjects.require_staff(tx, LEAD)


def test_every_rule_of_keeping_says_how_long_from_when_and_who_says_so():
    for rule in retention.rules().values():
        assert rule.days > 0
        assert rule.source
        assert rule.tag in ("S", "V", "R", "L", "GK", "P")
    assert retention.rules()["looks"].days >= 3 * 365, "PIPL Art. 56"
    assert timedelta(days=retention.rules()["raw_calls"].days) >= timedelta(days=180)
    assert CANARIES
