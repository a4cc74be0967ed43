"""Every alarm rule fires in the state that it is for, and none in a county where all is well."""

import asyncio
import re
import shutil
from collections import namedtuple
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import delete, update
from sqlmodel import col

from gateway import keyed_ledger
from gateway.app import create_app
from gateway.nightly import Nightly
from gateway.spool import Spool
from gateway.state import State
from models import assurances
from models.messages import Outcome, Raw
from models.outbox import Outgoing
from models.processes import Process, enlist
from models.transaction import acting
from tests.client import TestClient
from tests.fakes import call
from tests.gateway.people import FOOD, QUESTION, said, signed_in
from tests.gateway.test_sealed_fields import ticks_of

ALARMS = Path(__file__).parent.parent.parent / "docs" / "alarms.yml"
RULES = {
    rule["alert"]: rule
    for group in yaml.safe_load(ALARMS.read_text("utf-8"))["groups"]
    for rule in group["rules"]
}

Sample = namedtuple("Sample", "name labels value")
Scrape = list[Sample]

_SELECTOR = re.compile(r"([a-z_:]+)(?:\{(.*?)\})?(?:\[(\d+)m\])?")
_MATCHER = re.compile(r'(\w+)(=~|=)"([^"]*)"')


def chosen(selector: str, scrape: Scrape) -> Scrape:
    found = _SELECTOR.fullmatch(selector)
    assert found, selector
    name, matchers, _ = found.groups()
    wanted = [
        (label, re.compile(text if how == "=~" else re.escape(text)))
        for label, how, text in _MATCHER.findall(matchers or "")
    ]
    return [
        one
        for one in scrape
        if one.name == name
        and all(rule.fullmatch(one.labels.get(label, "")) for label, rule in wanted)
    ]


def grown(selector: str, first: Scrape, last: Scrape) -> Scrape:
    """By how much each counter grew that was there before too: of another, nobody knows."""
    before = {str(one.labels): one.value for one in chosen(selector, first)}
    return [
        one._replace(value=one.value - before[str(one.labels)])
        for one in chosen(selector, last)
        if str(one.labels) in before
    ]


def quantile(share: float, buckets: Scrape) -> list[float]:
    """The upper bound of the bucket in which it lies; [] where nothing was counted."""
    by_bound = sorted((float(one.labels["le"]), one.value) for one in buckets)
    total = by_bound[-1][1] if by_bound else 0
    return [next(bound for bound, count in by_bound if count >= share * total)] if total else []


def values(expression: str, first: Scrape, last: Scrape) -> list[float]:
    """What stands before a comparison, as far as our rules need Prometheus' language."""
    if found := re.fullmatch(r"sum\(increase\((.*)\)\)", expression):
        grew = grown(found[1], first, last)
        return [sum(one.value for one in grew)] if grew else []
    if found := re.fullmatch(
        r"histogram_quantile\(([\d.]+), sum\(rate\((.*)\)\) by \(le\)\)", expression
    ):
        return quantile(float(found[1]), grown(found[2], first, last))
    if found := re.fullmatch(r"max\((.*)\)", expression):
        most = [one.value for one in chosen(found[1], last)]
        return [max(most)] if most else []
    return [one.value for one in chosen(expression, last)]


def fires(rule: str, first: Scrape, last: Scrape) -> bool:
    """Whether the rule's expression holds, the first scrape being a minute older."""
    for part in RULES[rule]["expr"].split(" or "):
        if found := re.fullmatch(r"absent\((.*)\)", part):
            if not chosen(found[1], last):
                return True
            continue
        left, sign, right = re.fullmatch(r"(.*) (==|>|<) ([\d.]+)", part).groups()  # type: ignore[union-attr]
        compare = {"==": float.__eq__, ">": float.__gt__, "<": float.__lt__}[sign]
        if any(compare(float(one), float(right)) for one in values(left, first, last)):
            return True
    return False


def scrape(state: State) -> Scrape:
    body = TestClient(create_app(state)).get("/metrics").text
    found = [
        Sample(one.name, dict(one.labels), one.value)
        for family in text_string_to_metric_families(body)
        for one in family.samples
    ]
    return [*found, Sample("up", {"job": "huiyin"}, 1.0)]


def firing(first: Scrape, last: Scrape) -> set[str]:
    return {name for name in RULES if fires(name, first, last)}


def night(state: State) -> Nightly:
    return Nightly(state.database, state.mint, {}, state.settings, state.offices.current)


def signs(state: State) -> None:
    """A worker lives, and has put the ledger under its key."""
    with state.database.write() as connection:
        connection.execute(
            update(Process).where(col(Process.kind) == "work").values(seen_at=state.now())
        )
    keyed_ledger.move(state.database, state.mint, state.settings, state.now())


def works(state: State) -> None:
    """The worker does what is due."""
    ticks = ticks_of(state)
    for tick in (ticks.sweep, ticks.deliver):
        asyncio.run(tick())
    signs(state)


@pytest.fixture
def quiet(state: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    """A county in which all is well: proved tonight, with a worker and a backup."""
    safe = {"backup_dir": tmp_path / "safe", "backup_key": "7c" * 32}
    monkeypatch.setattr(state, "settings", state.settings.model_copy(update=safe))
    usage = namedtuple("usage", "total used free")(100, 50, 50)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    enlist(state.database, "work", state.now())
    asyncio.run(night(state).run(state.now))
    signs(state)
    with acting(state.database, state.mint) as tx:
        assurances.tell(tx, "canary:sms", state.now(), holds=True, figures={})
    return state


def test_no_alarm_rings_in_a_quiet_county(quiet: State, now: Any) -> None:
    first = scrape(quiet)
    assert firing(first, first) == set()
    for _ in range(3):
        now.forward(hours=24)
        asyncio.run(night(quiet).run(now))
        signs(quiet)
        with acting(quiet.database, quiet.mint) as tx:
            assurances.tell(tx, "canary:sms", now(), holds=True, figures={})
        assert firing(first, scrape(quiet)) == set()


def test_nor_while_work_is_done_in_time(quiet: State, now: Any) -> None:
    first = scrape(quiet)
    number = said(quiet, "a", FOOD).number
    now.forward(seconds=5)
    works(quiet)
    now.forward(minutes=9)
    works(quiet)
    assert firing(first, scrape(quiet)) == set()
    assert signed_in(quiet, create_app(quiet), "township_w01.3").act(number, "sign").is_success
    assert signed_in(quiet, create_app(quiet), "civil_affairs.1").act(number, "sign").is_success
    now.forward(minutes=30)
    works(quiet)
    assert firing(first, scrape(quiet)) == set()


def _waits(state: State, now: Any, **how_long: float) -> None:
    said(state, "a", FOOD)
    now.forward(**how_long)


def _unsigned(state: State, now: Any) -> None:
    said(state, "a", "请帮忙修一下我家漏水的房顶，我住在柳湾镇柳湾村，是低保户")
    now.forward(days=4)


def _unsent(state: State, now: Any) -> None:
    said(state, "a", QUESTION)
    with state.database.write() as connection:
        connection.execute(update(Outgoing).values(urgent=False))
    now.forward(minutes=61)


def _late(state: State, now: Any) -> None:
    said(state, "a", FOOD)
    now.forward(days=1)


def _unread(state: State, now: Any) -> None:
    poison = call("p", "x", poison=True)
    state.intake.receive(state.channels["recording"], poison, now()).result(20)
    now.forward(minutes=11)


def _spooled(state: State, now: Any) -> None:
    assert Spool.of(state.settings).keep("web", "k", Raw("u", b"", {}), now())
    now.forward(seconds=61)


def _set_aside(state: State, now: Any) -> None:
    """Words that cannot be opened, as after another HUIYIN_SECRET_KEY."""
    spool = Spool.of(state.settings)
    assert spool.keep("web", "k", Raw("u", b"", {}), now())
    (file,) = spool.waiting()
    file.write_bytes(file.read_bytes()[:-1] + b"x")
    assert list(spool.read()) == []
    now.forward(seconds=61)


def _slow(state: State, _now: Any) -> None:
    for _ in range(5):
        state.counts.received("sms", Outcome(), 2.0)


def _refused(what: str, times: int) -> Callable[[State, Any], None]:
    def happen(state: State, _now: Any) -> None:
        for _ in range(times):
            state.counts.refused(what)

    return happen


def _fails(state: State, now: Any) -> None:
    with acting(state.database, state.mint) as tx:
        assurances.tell(tx, "verify_ledger", now(), holds=False, figures={})


def _full(_state: State, _now: Any) -> None:
    usage = namedtuple("usage", "total used free")(100, 91, 9)
    shutil.disk_usage = lambda _: usage  # type: ignore[assignment]


def _never_begun(state: State, _now: Any) -> None:
    with state.database.write() as connection:
        connection.execute(delete(assurances.Assurance))


STATES: list[tuple[str, Callable[[State, Any], Any]]] = [
    ("HuiyinAway", lambda state, _: setattr(state.database, "_closed", True)),
    ("HuiyinSpool", _spooled),
    ("HuiyinSpool", _set_aside),
    ("HuiyinIntakeSlow", _slow),
    ("HuiyinUrgentUnclaimed", lambda state, now: _waits(state, now, minutes=11)),
    ("HuiyinUrgentUnsigned", lambda state, now: _waits(state, now, minutes=31)),
    ("HuiyinUnsigned", _unsigned),
    ("HuiyinUrgentOutbox", lambda state, now: _waits(state, now, seconds=61)),
    ("HuiyinOutbox", _unsent),
    ("HuiyinClocksLate", _late),
    ("HuiyinHoldingPen", _unread),
    ("HuiyinTasksOverdue", _unread),
    ("HuiyinWorkerGone", lambda _, now: now.forward(seconds=121)),
    ("HuiyinProofFailed", _fails),
    ("HuiyinProofOld", lambda _, now: now.forward(hours=31)),
    ("HuiyinUnproven", _never_begun),
    ("HuiyinLedgerWithoutKey", lambda _, now: now.forward(minutes=16)),
    ("HuiyinCanaryLost", lambda _, now: now.forward(minutes=91)),
    ("HuiyinDiskFull", _full),
    ("HuiyinForged", _refused("signature", 21)),
    ("HuiyinRefused", _refused("right", 51)),
    ("HuiyinGuessing", _refused("password", 31)),
    ("HuiyinGuessing", _refused("second_factor", 31)),
    ("HuiyinCodesGuessed", _refused("code", 101)),
    ("HuiyinBindingGuessed", _refused("bind_code", 21)),
    ("HuiyinPaused", _refused("pause", 51)),
]


@pytest.mark.parametrize(("rule", "happen"), STATES)
def test_every_alarm_rings_when_it_should(
    quiet: State, now: Any, rule: str, happen: Callable[[State, Any], Any]
) -> None:
    first = scrape(quiet)
    happen(quiet, now)
    assert rule in firing(first, scrape(quiet))
    quiet.database._closed = False


def test_every_rule_has_its_state() -> None:
    assert {rule for rule, _ in STATES} == set(RULES)


def test_a_machine_of_which_nothing_is_heard_is_an_alarm() -> None:
    """Whatever the job is called, and also where it was taken out of what is scraped."""
    assert fires("HuiyinAway", [], [])
    assert fires("HuiyinAway", [], [Sample("up", {"job": "huiyin"}, 0.0)])


class Killed(BaseException):
    """What ends a process at once."""


@pytest.fixture
def dying(state: State) -> Callable[[str], Nightly]:
    """Nights whose process ends in this proof, before it has told anything."""

    def fail(_self: Any, *_given: Any) -> None:
        raise Killed

    return lambda proof: type("Dying", (Nightly,), {proof: fail})(
        state.database, state.mint, {}, state.settings, state.offices.current
    )


@pytest.mark.parametrize("proof", ["_intake", "_ledger", "_clocks", "_fields", "_purge"])
def test_a_proof_that_never_told_anything_is_an_alarm_from_its_second_night(
    state: State, now: Any, dying: Callable[[str], Nightly], proof: str
) -> None:
    """Also where it was so from the first night on: what was never told has no age else."""
    enlist(state.database, "work", now())
    first = scrape(state)
    for _ in range(3):
        with pytest.raises(Killed):
            asyncio.run(dying(proof).run(now))
        now.forward(hours=27)
    assert "HuiyinProofOld" in firing(first, scrape(state))


def test_a_key_that_was_never_put_to_the_ledger_is_an_alarm(state: State, now: Any) -> None:
    first = scrape(state)
    asyncio.run(night(state).run(now))
    assert "HuiyinLedgerWithoutKey" not in firing(first, scrape(state))
    now.forward(minutes=16)
    assert "HuiyinLedgerWithoutKey" in firing(first, scrape(state))


def test_a_proof_that_is_waited_for_has_not_failed(state: State, now: Any) -> None:
    with acting(state.database, state.mint) as tx:
        assurances.expect(tx, ["verify_ledger"], now())
        assurances.expect(tx, ["verify_ledger"], now() + timedelta(hours=5))
    now.forward(hours=6)
    found = scrape(state)
    assert not chosen('huiyin_proof_holds{proof="verify_ledger"}', found)
    (age,) = chosen('huiyin_proof_age_seconds{proof="verify_ledger"}', found)
    assert age.value == 6 * 3600, "from when it was first waited for"
