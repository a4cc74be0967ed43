"""An edited message belongs where its words are, and counts as it was changed last."""

import asyncio
import json

import pytest
from sqlalchemy import event, insert, select, text

from gateway import edits
from gateway.recall import Acquaintance
from models.clocks import Clock
from models.messages import Raw, Turn
from models.requests import Contact, HelpRequest
from models.transaction import acting
from tests.gateway.people import QUESTION, said
from tests.gateway.test_chat_messages import at_work, edited, reported, wrote
from tests.gateway.world import update, world
from tests.journeys.county import County

RIGHT, WRONG = "我在河口村3组12号，停水了", "我在河口村5组12号，停水了"


def polled(system, *told):
    """Edits of message 1 (seconds after it, and words) that are taken in together."""
    updates = []
    for after, words in told:
        message = update(1, words)["message"]
        message |= {"edit_date": message["date"] + after}
        updates.append({"update_id": 800_000_000 + after, "edited_message": message})
    taken_in(system, updates)


def taken_in(system, updates):
    """Updates of one poll."""
    channel, intake = system.state.channels["telegram"], system.state.intake
    calls = []
    for one in updates:
        raw = Raw("https://hotline.example/hook/telegram", json.dumps(one).encode(), {})
        calls.append(intake.read(channel, raw, system.now()))
    intake._judge(calls)
    with acting(system.state.database, system.state.mint) as tx:
        intake._work(tx, calls)


def test_what_is_corrected_and_corrected_back_in_one_batch_is_what_was_said_last(settings, now):
    with world(settings, now) as system:
        wrote(system, 1, RIGHT)
        now.forward(minutes=5)
        polled(system, (30, WRONG), (60, RIGHT), (90, RIGHT))
        words = [one.text for one in sorted(system.all(Contact), key=lambda one: one.id)]
        assert words == [RIGHT, WRONG, RIGHT], "and what changes nothing is no further contact"
        assert len(system.all(HelpRequest)) == 1


def test_an_edit_of_words_whose_request_was_joined_goes_where_they_are(settings, now):
    with world(settings, now) as system:
        county = County(system.state, now)
        system.sms("楼里停水三天了，在滨河街道临江社区")
        (older,) = system.all(HelpRequest)
        now.forward(minutes=30)
        wrote(system, 1, "我家停水三天了，在滨河街道临江社区")
        newer = next(one for one in system.all(HelpRequest) if one.id != older.id)
        county.do("lead01", "merge", newer.number, other=older.number, reason="同一栋楼")
        now.forward(minutes=5)
        edited(system, 1, "我家停水五天了，在滨河街道临江社区")
        assert len(system.all(HelpRequest)) == 2, "an edit begins no request of its own"
        assert {one.request_id for one in system.all(Contact)} == {older.id}


def test_an_answer_of_a_report_whose_request_was_joined_is_edited_where_it_is(settings, now):
    with world(settings, now) as system:
        county = County(system.state, now)
        system.sms("张大爷断粮两天了，在河口村3组")
        (older,) = system.all(HelpRequest)
        now.forward(minutes=30)
        at_work(system)
        reported(system)
        newer = next(one for one in system.all(HelpRequest) if one.id != older.id)
        county.do("lead01", "merge", newer.number, other=older.number, reason="同一户")
        now.forward(minutes=31)
        asyncio.run(system.ticks().tidy())
        edited(system, 12, "河口村5组12号", after=3_700)
        assert len(system.all(HelpRequest)) == 2
        assert {one.request_id for one in system.all(Contact)} == {older.id}


def test_a_child_and_then_danger_in_one_batch_are_reported(settings, now):
    child = "我想问一下低保怎么申请，家里有个三岁的孩子，在滨河街道临江社区"
    with world(settings, now) as system:
        taken_in(system, [update(1, child), update(2, "家里断粮两天了，滨河街道临江社区3号楼")])
        assert len(system.all(HelpRequest)) == 1
        assert "CLK-MINOR-REPORT" in {one.name for one in system.all(Clock)}


@pytest.mark.thorough
def test_an_edit_asks_the_index_and_reads_no_channel_whole(state):
    """Others wait for the writers' lock while it looks."""
    said(state, "a", QUESTION)
    with acting(state.database, state.mint) as tx:
        row = dict(tx.execute(select(*Contact.__table__.columns)).one()._mapping)
        telegram = {"channel": "telegram", "request_id": None}
        of_many = [
            {**row, **telegram, "id": state.mint(), "external_id": f"77{at}:{at}"}
            for at in range(2_000)
        ]
        tx.execute(insert(Contact.__table__), of_many)
    asked = []

    def grab(_conn, _cursor, statement, parameters, *_more):
        asked.append((statement, parameters))

    with acting(state.database, state.mint) as tx:
        dialect = tx.connection.dialect.name
        tx.execute(text("ANALYZE"))
        event.listen(tx.connection, "before_cursor_execute", grab)
        assert edits.said_before(tx, "telegram", "771:1") is not None
        edit = Turn("9:1:e2", "9", "9", "edited", edits="9:1", written_at=row["received_at"])
        assert edits.request_of_report(tx, "telegram", edit, Acquaintance(row["person_id"])) is None
        event.remove(tx.connection, "before_cursor_execute", grab)
        explain = "EXPLAIN " if dialect == "postgresql" else "EXPLAIN QUERY PLAN "
        plans = []
        for statement, values in asked:
            told = tx.connection.exec_driver_sql(explain + statement, values)
            plans.append("\n".join(str(tuple(one)) for one in told))
    before, _requests, reported = plans
    assert before.count("uq_contact_external_id_channel") == 2, before
    indexes = ("ix_contact_request_id", "uq_contact_external_id_channel (external_id>? AND")
    assert any(one in reported for one in indexes), reported
    for plan in plans:
        assert "SCAN contact" not in plan
        assert "Seq Scan on contact" not in plan
