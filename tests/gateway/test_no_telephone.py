"""Before a county has written down the telephones of its units nobody is told to ring nothing."""

import re

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gateway.foresight import without_telephone
from gateway.offices import changed
from models.outbox import Outgoing
from models.places import UnitRow
from models.transaction import acting
from referral import wording
from tests.gateway.people import FOOD, said

EMPTY = re.compile(r"电话\s*[，。；、]|tel\.?\s*,|[Tt]elephone\s*[,.;]")


def silence(state, *but: str) -> None:
    """Take the telephones of all units, except these."""
    with acting(state.database, state.mint) as tx:
        rest = col(UnitRow.code).not_in(but)
        tx.execute(update(UnitRow).where(rest).values(public_phone="", duty_phone=""))
        changed(tx)
    state.offices.forget()


@pytest.mark.parametrize("words", [FOOD, "想问问低保怎么申请，家里收入很少", "教育局欠我助学金"])
def test_a_notice_names_the_hotline_while_a_unit_has_no_telephone(state, words):
    silence(state)
    assert said(state, "a", words).number
    with state.database.read() as session:
        notices = [row.text for row in session.scalars(select(Outgoing))]
    assert notices
    for text in notices:
        assert not EMPTY.search(text), text


def test_the_units_own_telephone_goes_before_the_hotlines(state):
    office = state.offices.current()
    unit = office.directory.unit["civil_affairs"]
    assert wording.phone(office, unit) == unit.public_phone
    assert wording.phone(office, None) == office.hotline


def test_units_that_requests_are_sent_to_without_a_public_telephone_are_named(state, now):
    assert without_telephone(state.offices.current(), now()) == []
    silence(state, "education")
    named = without_telephone(state.offices.current(), now())
    assert "civil_affairs" in named
    assert "education" not in named
    assert "hotline" not in named, "that is the number they are told instead"
