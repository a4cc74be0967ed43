"""How long does the whole proof of a large ledger take, and how much memory?

python -m tests.benchmarks.measure_ledger [--entries 1000000] [--requests 400] [--plain]
                                          [--postgresql]

Some real requests are opened by the path itself, then they are copied under new numbers, with their
calls, contacts, orders and entries sealed one after the other, until the ledger has so many;
sensitive fields are sealed unless ``--plain``. Then `huiyin verify ledger` goes through it: every
hash, every row of a request, every marked word.
"""

import argparse
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlmodel import SQLModel

from gateway.settings import utc_now
from gateway.state import State, wire
from models.events import Event
from models.journal import JournalEntry
from models.referrals import Referral
from models.requests import Contact, HelpRequest
from models.transaction import Transaction, acting
from referral.directory import ZONE
from tests.benchmarks.restart import fill, settings_of
from tests.benchmarks.trial import held
from tests.crash import processes
from tests.crash.processes import PROJECT

TOGETHER = 200
Row = dict[str, Any]
Case = tuple[Row, list[Row], list[Row], list[Row], list[Row]]
"""A request with its calls, contacts, orders and entries."""


def main() -> int:
    """Fill, prove, say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--requests", type=int, default=400, help="opened by the path itself")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--postgresql", action="store_true")
    given = parser.parse_args()
    sealed = {} if given.plain else {"field_key": "3e" * 32, "field_encryption": "on"}

    def run(url: str, folder: Path) -> None:
        fill(url, folder, given.requests, **sealed)
        env = processes.environment(folder, url)
        env["HUIYIN_FIELD_ENCRYPTION"] = "off" if given.plain else "on"
        state = wire(settings_of(url, folder, **sealed), kind="bench", channels={})
        try:
            entries = _multiply(state, given.entries)
        finally:
            state.close()
        begun = time.monotonic()
        said = _verify(env)
        took = time.monotonic() - begun
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(
            f"{entries} entries: {took:.1f} s ({used.ru_utime + used.ru_stime:.1f} s of CPU), "
            f"{used.ru_maxrss / 1024:.0f} MB at most; goal 60 s at 1,000,000\n  {said}"
        )

    return held("ledger", run, postgresql=given.postgresql)


def _verify(env: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "verify", "ledger"],
        cwd=PROJECT, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def _multiply(state: State, wanted: int) -> int:
    """Copies of what is there until the ledger has so many entries; how many it has."""
    with state.database.read() as session:
        found = [
            [dict(row._mapping) for row in session.connection().execute(_all(model))]
            for model in (HelpRequest, JournalEntry, Contact, Referral, Event)
        ]
    cases = list(_cases(*found))
    entries, at = len(found[4]), 0
    while entries < wanted:
        with acting(state.database, state.mint) as tx:
            for _ in range(TOGETHER):
                entries += _copy(tx, cases[at % len(cases)], at)
                at += 1
    return entries


def _all(model: type[SQLModel]) -> Any:
    return select(*model.__table__.columns)  # type: ignore[attr-defined]


def _cases(
    requests: list[Row],
    calls: list[Row],
    contacts: list[Row],
    referrals: list[Row],
    events: list[Row],
) -> Iterator[Case]:
    by_id = {call["id"]: call for call in calls}
    for request in requests:
        mine = [one for one in contacts if one["request_id"] == request["id"]]
        orders = [one for one in referrals if one["request_id"] == request["id"]]
        about = [one for one in events if one["request_id"] == request["id"]]
        yield request, [by_id[one["journal_id"]] for one in mine], mine, orders, about


def _copy(tx: Transaction, case: Case, at: int) -> int:
    request, calls, contacts, orders, events = case
    now = utc_now()
    ids = {one["id"]: tx.mint() for one in (request, *calls, *contacts)}
    number = tx.next_number(now.astimezone(ZONE).date())
    mine = {**request, "id": ids[request["id"]], "number": number}
    tx.add(HelpRequest, **mine)
    for call in calls:
        again = {"digest": f"{at}-{call['id']}".encode(), "provider_key": f"{at}-{call['id']}"}
        tx.add(
            JournalEntry,
            **{**call, **again, "id": ids[call["id"]], "request_id": mine["id"], "number": number},
        )
    for contact in contacts:
        own = {"id": ids[contact["id"]], "request_id": mine["id"]}
        own |= {"external_id": f"{at}-{contact['id']}"}
        tx.add(Contact, **{**contact, **own, "journal_id": ids[contact["journal_id"]]})
    for order in orders:
        tx.add(Referral, **{**order, "id": tx.mint(), "request_id": mine["id"]})
    for event in events:
        detail = orjson.loads(event["detail"])
        if "journal" in detail:
            detail["journal"] = str(ids[int(detail["journal"])])
        tx.event(event["kind"], at=now, by=event["by"], request=mine, **detail)
    return len(events)


if __name__ == "__main__":
    sys.exit(main())
