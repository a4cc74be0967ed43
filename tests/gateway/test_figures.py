"""What operations see: figures that an alarm can be hung on, readiness that is true, and never a
word about anybody."""

import asyncio
import io
import logging
import os
import re
import stat
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete, event, update
from sqlmodel import col

from gateway import observe
from gateway.app import create_app
from models import assurances
from models.processes import Process, enlist
from models.transaction import acting
from tests.client import TestClient
from tests.fakes import call
from tests.gateway.people import FOOD, said, signed_in
from tests.gateway.test_sealed_fields import SENDER, TEXT, found_in, live, ticks_of
from tests.gateway.world import world
from tests.standins.twilio import TwilioStandIn

ALARMS = Path(__file__).parent.parent.parent / "docs" / "alarms.yml"


WRITES = ("INSERT", "UPDATE")
BORDERS = str.maketrans("(){}[", "     ")


def figures(state) -> dict[str, float]:
    body = TestClient(create_app(state)).get("/metrics").text
    return {
        f"{one.name}{sorted(one.labels.values()) or ''}": one.value
        for family in text_string_to_metric_families(body)
        for one in family.samples
    }


def test_ages_grow_while_nobody_acts_and_are_zero_when_nothing_waits(state, now):
    quiet = figures(state)
    assert quiet["huiyin_outbox_oldest_seconds['yes']"] == 0
    assert quiet["huiyin_unclaimed_oldest_seconds['yes']"] == 0
    said(state, "a", FOOD)
    state.intake.receive(state.channels["recording"], call("p", "x", poison=True), now()).result(20)
    now.forward(minutes=20)
    waiting = figures(state)
    assert waiting["huiyin_outbox_oldest_seconds['yes']"] == 1200
    assert waiting["huiyin_unclaimed_oldest_seconds['yes']"] == 1200
    assert waiting["huiyin_unclaimed_oldest_seconds['no']"] == 0
    assert waiting["huiyin_clock_lateness_seconds['yes']"] > 0
    assert (waiting["huiyin_holding_pen"], waiting["huiyin_holding_pen_oldest_seconds"]) == (
        1,
        1200,
    )
    assert waiting["huiyin_tasks_overdue"] >= 1
    ticks = ticks_of(state)
    asyncio.run(ticks.deliver())
    assert figures(state)["huiyin_outbox_oldest_seconds['yes']"] == 0


AID = {"who": "老人", "outcome": "on_site", "by": "visit", "note": "送米面油"}


def unclaimed(state) -> tuple[bool, float]:
    """What the desk is alarmed by, and the figure that other alarms hang on."""
    shown = signed_in(state, create_app(state), "op01").get("/desk").text
    return "紧急件无人接手" in shown, figures(state)["huiyin_unclaimed_oldest_seconds['yes']"]


def test_what_somebody_has_taken_is_not_counted_as_taken_by_nobody(state, now):
    """Also where the desk has not confirmed it: who signed for it has it."""
    number = said(state, "a", FOOD).number
    now.forward(minutes=12)
    assert unclaimed(state) == (True, 720.0)
    township = signed_in(state, create_app(state), "township_w01.3")
    assert township.act(number, "sign").status_code == 200
    assert unclaimed(state) == (False, 0.0)
    assert figures(state)["huiyin_unsigned_oldest_seconds['yes']"] == 720, "the lead has not signed"


def test_what_was_done_and_waits_for_a_word_was_taken(state, now):
    number = said(state, "a", FOOD).number
    township = signed_in(state, create_app(state), "township_w01.3")
    assert township.act(number, "sign").status_code == 200
    assert township.act(number, "record_contact", **AID).status_code == 200
    bureau = signed_in(state, create_app(state), "civil_affairs.1")
    for act, body in (
        ("sign", {}),
        ("reply", {"text": "已送去米面油，临时救助三天内到账。"}),
        ("report_result", {"result": "已先行救助"}),
    ):
        assert bureau.act(number, act, **body).status_code == 200, act
    now.forward(minutes=30)
    assert unclaimed(state) == (False, 0.0)
    assert figures(state)["huiyin_unsigned_oldest_seconds['yes']"] == 0


def test_what_somebody_works_on_at_the_desk_is_in_nobodys_alarm(state, now):
    number = said(state, "a", FOOD).number
    now.forward(minutes=12)
    assert signed_in(state, create_app(state), "op01").form(f"/desk/{number}/claim").is_redirect
    assert unclaimed(state) == (False, 0.0)
    now.forward(minutes=12)
    assert unclaimed(state) == (True, 24 * 60.0), "it was let go"


def test_the_age_of_a_proof_counts_from_when_it_last_held(state, now):
    with acting(state.database, state.mint) as tx:
        assurances.tell(tx, "backup", now(), holds=True, figures={})
    now.forward(hours=3)
    with acting(state.database, state.mint) as tx:
        assurances.tell(tx, "backup", now(), holds=False, figures={})
    found = figures(state)
    assert found["huiyin_proof_age_seconds['backup']"] == 3 * 3600
    assert found["huiyin_proof_holds['backup']"] == 0


def test_a_worker_that_was_never_begun_is_as_silent_as_one_that_died(state, now):
    with acting(state.database, state.mint) as tx:
        tx.execute(delete(Process).where(col(Process.kind).in_(["work", "up"])))
    now.forward(minutes=20)
    assert figures(state)["huiyin_worker_seen_seconds"] >= 1200
    enlist(state.database, "work", now())
    now.forward(seconds=30)
    assert figures(state)["huiyin_worker_seen_seconds"] == 30


def test_whoever_asks_for_the_figures_gives_no_sign_for_the_worker_of_the_same_process(state, now):
    """Else the alarm of a worker that stands still in ``huiyin up`` never rings."""
    own = col(Process.id) == state.mint() >> 32
    with state.database.write() as connection:
        connection.execute(update(Process).values(kind="serve"))  # those of other tests too
        connection.execute(update(Process).where(own).values(kind="up"))
    for _ in range(3):
        now.forward(minutes=1)
        assert ready(state)[0] == 200
        assert figures(state)["huiyin_database_up"] == 1
    assert figures(state)["huiyin_worker_seen_seconds"] == 180


def test_every_alarm_asks_for_a_figure_that_there_is(state, now):
    said(state, "a", FOOD)
    with acting(state.database, state.mint) as tx:
        assurances.tell(tx, "backup", now(), holds=True, figures={})
    known = TestClient(create_app(state)).get("/metrics").text
    rules = [
        rule for group in yaml.safe_load(ALARMS.read_text())["groups"] for rule in group["rules"]
    ]
    assert len(rules) >= 12
    for rule in rules:
        for word in rule["expr"].translate(BORDERS).split():
            if word.startswith("huiyin_"):
                assert word in known, rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"].endswith(".")


def test_an_alarm_on_a_growing_figure_sees_it_grow_from_nought(state):
    """Between two scrapes a machine guesses a hundred times: of a figure that is there only from
    then on, Prometheus knows no increase."""
    quiet = figures(state)
    named = set(re.findall(r'huiyin_refusals_total\{what=~?"([a-z_|]+)"\}', ALARMS.read_text()))
    kinds = {kind for one in named for kind in one.split("|")}
    assert {"signature", "right", "password", "second_factor", "code", "bind_code"} <= kinds
    assert {quiet[f"huiyin_refusals_total['{kind}']"] for kind in kinds} == {0}


def ready(state) -> tuple[int, str]:
    answer = TestClient(create_app(state)).get("/readyz")
    return answer.status_code, answer.text


def test_ready_means_that_something_was_really_written(state):
    assert ready(state) == (200, "ready\n")
    state.database._closed = True
    assert ready(state)[0] == 503
    state.database._closed = False
    assert ready(state)[0] == 200


def test_a_database_that_takes_no_writes_is_not_ready(state):
    if state.database.is_sqlite:
        pragma = "PRAGMA query_only = ON"

        @event.listens_for(state.database.engine, "begin")
        def close(connection):
            connection.exec_driver_sql(pragma)
    else:

        @event.listens_for(state.database.engine, "begin")
        def close(connection):
            connection.exec_driver_sql("SET TRANSACTION READ ONLY")

    status, text = ready(state)
    assert status == 503
    assert text.startswith("not ready: ")
    found = figures(state)
    assert found["huiyin_database_up"] == 0, "the alarm asks what /readyz asks"
    assert "huiyin_tasks_overdue" in found, "what can be read is told"
    event.remove(state.database.engine, "begin", close)
    if state.database.is_sqlite:
        state.database.engine.dispose()
    assert ready(state)[0] == 200
    assert figures(state)["huiyin_database_up"] == 1


def test_however_often_the_figures_are_asked_for_little_is_written(state):
    """Several machines scrape every fifteen seconds; each answer must not cost a full sync."""
    asked = []

    @event.listens_for(state.database.engine, "before_cursor_execute")
    def count(connection, cursor, statement, *rest):
        asked.extend([statement] if "counter" in statement and statement.startswith(WRITES) else [])

    client = TestClient(create_app(state))
    for _ in range(5):
        assert "huiyin_database_up 1" in client.get("/metrics").text
    event.remove(state.database.engine, "before_cursor_execute", count)
    assert len(asked) == 1


def test_a_full_disk_is_not_ready_loses_nothing_and_needs_no_restart(state, now):
    if not state.database.is_sqlite:
        pytest.skip("PostgreSQL's disk is not ours to fill")
    said(state, "before", FOOD)
    full = [True]

    @event.listens_for(state.database.engine, "begin")
    def quota(connection):
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        most = pages if full[0] else 1_000_000
        connection.exec_driver_sql(f"PRAGMA max_page_count = {most}")

    client = TestClient(create_app(state), raise_server_exceptions=False)
    kept = []
    for n in range(60):
        raw = call(f"d{n}", FOOD + "很急" * 200, f"+86199000{n:05d}")
        answer = client.post("/hook/recording", content=raw.body, headers=dict(raw.headers))
        assert answer.status_code in (200, 503), answer.text
        if answer.status_code == 503:
            assert answer.headers["retry-after"]
        else:
            kept.append(f"d{n}")
    assert len(kept) < 60, "the disk must have been full"
    full[0] = False
    raw = call("after", FOOD, "+8619911110000")
    answer = client.post("/hook/recording", content=raw.body, headers=dict(raw.headers))
    assert answer.status_code == 200
    with state.database.read() as session:
        from sqlalchemy import select

        from gateway.accounting import account
        from models.requests import Contact

        there = set(session.scalars(select(Contact.external_id)))
        assert there == {"before", "after", *kept}
        assert account(session).missing == []


@pytest.fixture
def logged():
    """Everything that is logged, in the form in which it is logged, at the most talkative level."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(observe.Plain())
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield out
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.mark.thorough
def test_neither_logs_nor_figures_say_anything_about_anybody(settings, now, logged):
    with (
        TwilioStandIn().serve() as twilio,
        world(settings, now, TWILIO_API_BASE=twilio.base) as system,
    ):
        for words in (TEXT, "", "STOP", "\x00" + TEXT):
            system.sms(words, sender=SENDER)
        system.sms(TEXT, sender=SENDER, NumMedia="many")
        system.console({"external_id": "c", "sender": SENDER, "text": TEXT})
        system.console(b"{" + TEXT.encode())
        system.client.post("/help", data={"text": TEXT, "phone": SENDER})
        ticks = system.ticks()
        twilio.refuse(400, 21610)
        twilio.refuse(503)
        twilio.mumble()
        for job in (ticks.deliver, ticks.compare, ticks.sweep, ticks.resume, ticks.catch_up):
            asyncio.run(job())
        figured = system.client.get("/metrics").text
        system.state.database._closed = True
        system.sms(TEXT, sender=SENDER)
        system.state.database._closed = False
    said_of = logged.getvalue()
    assert "huiyin_calls_total" in figured
    assert said_of, "something was logged"
    assert found_in(said_of.encode()) == []
    assert found_in(figured.encode()) == []


def test_the_holding_pen_logs_where_and_not_what(state, logged):
    live(state)
    assert "kept in the holding pen" in logged.getvalue()
    assert found_in(logged.getvalue().encode()) == []


def test_what_is_written_is_for_our_own_eyes(settings, state):
    if state.database.is_sqlite:
        mode = os.stat(f"{state.database.url.database}.lock").st_mode
        assert not mode & (stat.S_IRWXG | stat.S_IRWXO)
