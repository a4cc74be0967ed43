"""Every night is proved that nobody was lost; canaries prove that each way in is open."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlmodel import col

from gateway import backups, canaries, chores
from gateway.accounting import account
from gateway.canaries import Canaries, targets
from gateway.nightly import Nightly
from gateway.settings import BadSettings
from models import assurances
from models.db import Busy
from models.events import Event
from models.journal import JournalEntry
from models.messages import Inbound, Unavailable
from models.requests import Contact
from models.tasks import Task
from models.transaction import acting
from models.vocabulary import Form
from tests.fakes import RecordingChannel, call
from tests.gateway.people import FOOD, said
from tests.gateway.world import free_port, served, world

NIGHT = 10.5  # hours after 08:40 UTC it is 03:10 in China


def proofs(state) -> dict[str, bool | None]:
    with state.database.read() as session:
        return {name: one.holds for name, one in assurances.every(session).items()}


def tasks(state, kind: str) -> list[str]:
    with state.database.read() as session:
        return [t.note for t in session.scalars(select(Task).where(col(Task.kind) == kind))]


@pytest.fixture
def parts(state, tmp_path):
    """What the proofs of a night are made of."""
    chosen = state.settings.model_copy(
        update={"backup_dir": tmp_path / "safe", "backup_key": "7c" * 32}
    )
    return state.database, state.mint, state.channels, chosen


@pytest.fixture
def nightly(parts):
    return Nightly(*parts)


def failing(parts, error: Exception, *names: str) -> Nightly:
    """A night in which these proofs raise."""

    def fail(_self, *_given):
        raise error

    return type("Failing", (Nightly,), dict.fromkeys(names, fail))(*parts)


def test_a_night_without_fault_leaves_proofs_and_a_backup(state, nightly, now, tmp_path):
    said(state, "a", FOOD)
    now.forward(hours=NIGHT)
    assert asyncio.run(nightly.run(now))
    wanted = ("verify_intake", "verify_ledger", "verify_fields", "backup")
    assert [proofs(state)[name] for name in wanted] == [True] * 4
    (file,) = (tmp_path / "safe").iterdir()
    assert backups.check(file, bytes.fromhex("7c" * 32)).counts["contact"] == 1
    assert tasks(state, "proof_failed") == []
    assert not asyncio.run(nightly.run(now)), "once a night, whoever else ticks"
    now.forward(hours=24)
    assert asyncio.run(nightly.run(now))


def test_steps_that_fell_due_while_nobody_ticked_are_taken_before_they_are_judged(state, now):
    said(state, "a", FOOD)
    now.forward(days=10, hours=NIGHT)
    (prove, _seconds), *_ = chores.of(state)
    asyncio.run(prove())
    assert proofs(state)["verify_clocks"] is True
    assert tasks(state, "proof_failed") == []


@pytest.mark.parametrize("broken", [Busy("locked"), KeyError("a bug")])
def test_a_proof_that_cannot_be_made_costs_the_night_no_other_and_no_backup(
    state, parts, now, tmp_path, broken
):
    now.forward(hours=NIGHT)
    assert asyncio.run(failing(parts, broken, "_intake", "_ledger").run(now))
    told = proofs(state)
    assert (told["verify_intake"], told["verify_ledger"]) == (False, False)
    assert (told["verify_fields"], told["backup"], told["purge"]) == (True, True, True)
    assert len(list((tmp_path / "safe").iterdir())) == 1
    assert sorted(tasks(state, "proof_failed")) == ["verify_intake", "verify_ledger"]


@pytest.mark.parametrize("broken", [Busy("locked"), OSError(28, "disk full"), KeyError("a bug")])
def test_one_that_cannot_even_be_written_down_costs_the_night_no_other(
    state, parts, now, tmp_path, broken
):
    class Speechless(Nightly):
        """A night in which nobody can say anything about the ledger."""

        def _tell(self, name, faults, *rest):
            if name == "verify_ledger":
                raise broken
            super()._tell(name, faults, *rest)

    now.forward(hours=NIGHT)
    assert asyncio.run(Speechless(*parts).run(now))
    told = proofs(state)
    assert told["verify_ledger"] is None, "its age is the alarm"
    assert (told["verify_intake"], told["verify_fields"], told["backup"]) == (True, True, True)
    assert len(list((tmp_path / "safe").iterdir())) == 1


def test_whatever_fails_in_a_night_is_named_in_words_to_who_has_to_see_to_it(state, parts, now):
    every = ("_intake", "_ledger", "_fields", "_backup", "_purge")
    now.forward(hours=NIGHT)
    assert asyncio.run(failing(parts, OSError(), *every).run(now))
    failed = tasks(state, "proof_failed")
    assert len(failed) == 5
    phrases = state.offices.current().phrases
    for language in ("zh-CN", "en"):
        for name in failed:
            assert phrases.say(f"staff.proof.{name}", {}, Form.FULL, language)


def test_what_is_missing_is_a_task_until_somebody_has_seen_to_it(state, nightly, now):
    said(state, "a", FOOD)
    state.channels["recording"].missing = [
        Inbound("a", "+8613812345678", FOOD, at=now()),
        Inbound("lost", "+8613812345678", "救命", at=now()),
        Inbound("on its way", "+8613812345678", "救命", at=now() + timedelta(hours=NIGHT)),
    ]
    with state.database.write() as connection:
        connection.execute(text("UPDATE request SET holder_person = ''"))
    now.forward(hours=NIGHT)
    for _ in range(2):
        asyncio.run(nightly.run(now))
        now.forward(hours=24)
    assert proofs(state)["verify_intake"] is False
    assert tasks(state, "proof_failed") == ["verify_intake"]
    with state.database.read() as session:
        faults = session.scalars(
            select(Event).where(col(Event.kind) == "not_proved").order_by(col(Event.seq))
        ).all()
    assert len(faults) == 2
    assert '"faults":2' in faults[0].detail, "no holder, and one message of the provider's list"


def test_a_provider_that_does_not_answer_leaves_no_proof(state, nightly, now):
    class Silent(RecordingChannel):
        async def missed(self, since):
            raise Unavailable("away")

    nightly._channels = {"recording": Silent()}
    now.forward(hours=NIGHT)
    asyncio.run(nightly.run(now))
    assert proofs(state)["verify_intake"] is False


def test_a_backup_that_cannot_be_written_is_a_task(state, nightly, now, tmp_path):
    (tmp_path / "safe").write_text("no folder")
    now.forward(hours=NIGHT)
    asyncio.run(nightly.run(now))
    assert proofs(state)["backup"] is False
    assert tasks(state, "proof_failed") == ["backup"]


@pytest.fixture
def cage(state):
    return Canaries(
        state.database, state.mint, state.channels, state.offices.current,
        flights={"recording": "+8619900009999"}, address="https://hotline.example",
    )  # fmt: skip


def test_a_canary_comes_home_and_is_no_figure(state, cage, now):
    said(state, "a", FOOD)
    with state.database.read() as session:
        before = account(session)
    assert cage.begin(now()) == ["recording"]
    asyncio.run(cage.fly("recording", now()))
    (out,) = state.channels["recording"].sent
    now.forward(seconds=20)
    back = call("back", out.text, "+8619900009999")
    assert state.intake.receive(state.channels["recording"], back, now()).result(20).number is None
    assert proofs(state)["canary:recording"] is True
    with state.database.read() as session:
        after = account(session)
        assert (after.calls, after.contacts, after.by_place) == (
            before.calls, before.contacts, before.by_place,
        )  # fmt: skip
        assert after.missing == []
        assert len(session.scalars(select(Contact)).all()) == 1
        assert {e.part for e in session.scalars(select(JournalEntry))} == {"", "canary"}
    now.forward(minutes=11)
    assert cage.begin(now()) == [], "half an hour has not passed"
    assert tasks(state, "canary_lost") == []


def test_a_canary_that_does_not_come_home_is_an_alarm_once(state, cage, now):
    cage.begin(now())
    now.forward(minutes=9)
    cage.begin(now())
    assert tasks(state, "canary_lost") == []
    for _ in range(8):
        now.forward(minutes=10)
        cage.begin(now())
    assert tasks(state, "canary_lost") == ["recording"]
    assert proofs(state)["canary:recording"] is False


@pytest.mark.parametrize("words", [
    "HUIYIN-CANARY 20260930084000 0123456789abcdef0123456789abcdef", "HUIYIN-CANARY 救命",
    "HUIYIN-CANARY ",
])  # fmt: skip
def test_whoever_writes_like_a_canary_is_a_citizen(state, words):
    assert said(state, "x", words).number is not None


def test_an_old_canary_that_is_sent_again_is_a_citizen_too(state, now):
    words = canaries.token(state.offices.current().guessing_key, now())
    now.forward(hours=25)
    assert said(state, "x", words).number is not None


def test_the_console_is_tried_through_its_own_door(settings, now):
    port = free_port()
    with (
        world(settings, now, channels="console", PUBLIC_URL=f"http://127.0.0.1:{port}") as system,
        served(system.state, port),
    ):
        cage = Canaries(
            system.state.database, system.state.mint, system.state.channels,
            system.state.offices.current, flights=targets("console=self", system.state.channels),
            address=system.settings.public_url,
        )  # fmt: skip
        system.state.now = now
        assert cage.begin(now()) == ["console"]
        asyncio.run(cage.fly("console", now()))
        assert proofs(system.state)["canary:console"] is True


def test_a_canary_for_a_channel_that_is_off_is_a_bad_setting(state):
    with pytest.raises(BadSettings, match="HUIYIN_CANARIES"):
        targets("sms=+861", state.channels)


def test_only_one_of_several_processes_takes_the_turn(state, now):
    hour = timedelta(hours=1)
    with acting(state.database, state.mint) as tx:
        assert assurances.claim(tx, "x", now(), hour)
        assert not assurances.claim(tx, "x", now(), hour)
        assert assurances.claim(tx, "x", now() - timedelta(days=9), hour), "the clock was set back"
