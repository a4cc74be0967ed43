"""A whole house to be fuzzed: one process with every channel, people of every role signed in, and
requests, tasks, drafts and lists that addresses can name."""

import gc
import logging
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy import text

from gateway import accounts, sessions
from gateway.settings import Settings
from gateway.state import State, wire
from models.transaction import acting
from models.vocabulary import Role
from tests.conftest import FIELD_KEY, KEY, Clock
from tests.crash import processes
from tests.fakes import RecordingChannel
from tests.gateway.people import COMPLAINT, FOOD, JUMP, QUESTION, application, said
from tests.gateway.world import ENV

NOBODY = "nobody"
SECOND = {"TWILIO_SECOND_FROM": "+865721234501"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who calls: the headers that say who, and the token that changes need."""

    name: str
    headers: tuple[tuple[bytes, bytes], ...] = ()
    csrf: str = ""


@dataclass(slots=True)
class House:
    """One wired process, who may call it, and what there is to be named in addresses."""

    state: State
    app: FastAPI
    now: Clock
    people: list[Person]
    known: Mapping[str, list[str]]
    faults: "Faults"

    def sign_in(self) -> None:
        """Everybody anew: sessions end when somebody signs out, or is closed, on the way."""
        self.people[:] = _people(self.state)

    def routes(self) -> list[tuple[str, str]]:
        """Every method and path but those of the hooks."""
        return sorted(
            (method, str(one.path))
            for one in iter_route_contexts(self.app.routes)
            for method in getattr(one, "methods", None) or ()
        )


class Faults(logging.Handler):
    """Everything that is logged as an error or with an exception."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.held: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Remember what a person on duty would have to look at."""
        if record.exc_info and record.exc_info[1] is not None:
            told = "".join(traceback.format_exception(record.exc_info[1]))
        elif record.levelno >= logging.ERROR:
            told = record.getMessage()
        else:
            return
        kept = self.held if "holding pen" in record.getMessage() else self.seen
        kept.append(f"{record.name}: {record.getMessage()}\n{told}")


def prepared(folder: Path) -> Path:
    """The invented county in a new file, to be copied."""
    path = folder / "huiyin.db"
    processes.prepare(f"sqlite:///{path}")
    return path


@contextmanager
def opened(template: Path, folder: Path) -> Iterator[House]:
    """A fresh house on a copy of the template."""
    url = processes.copy_database(template, folder)
    lines = [f"HUIYIN_{name}={value}" for name, value in {**ENV, **SECOND}.items()]
    (folder / "huiyin.env").write_text("\n".join(lines) + "\n", "utf-8")
    settings = Settings(
        data_dir=folder,
        database_url=url,
        database_key=KEY,
        field_key=FIELD_KEY,
        secret_key="secret-of-the-fuzzing-" * 2,
        hotline="望河12345",
        public_url="https://hotline.example",
        channels="web,console,sms,sms_second,voice,telegram",
        openapi=True,
        operator_number=ENV["OPERATOR_NUMBER"],
    )
    now = Clock()
    state = wire(settings, kind="test", now=now)
    for channel in state.channels.values():
        channel.warm()
    channels: Any = state.channels
    channels["recording"] = RecordingChannel()
    faults = Faults()
    gc.collect()  # what other tests left open complains before, not among our faults
    root = logging.getLogger()
    root.addHandler(faults)
    try:
        known = _filled(state)
        house = House(state, application(state), now, [], known, faults)
        house.sign_in()
        yield house
    finally:
        root.removeHandler(faults)
        state.close()


def _filled(state: State) -> Mapping[str, list[str]]:
    numbers = []
    for at, words in enumerate((FOOD, QUESTION, JUMP, COMPLAINT, FOOD, QUESTION)):
        outcome = said(state, f"m{at}", words, f"+86139000{at:05d}")
        numbers.append(outcome.number or "")
    with state.database.read() as session:
        run = session.connection().execute

        def all_of(sql: str) -> list[str]:
            return [str(one) for one in run(text(sql)).scalars()]

        return {
            "number": numbers,
            "code": all_of("SELECT code FROM request"),
            "id": all_of("SELECT id FROM task") + all_of("SELECT id FROM request"),
            "unit": all_of("SELECT code FROM unit"),
            "area": all_of("SELECT code FROM area"),
            "login": all_of("SELECT login FROM staff")[:40],
            "household": all_of("SELECT id FROM household LIMIT 20"),
        }


def _people(state: State) -> list[Person]:
    officers = state.offices.current().directory.officers
    people = [Person(NOBODY)]
    cookie = sessions.cookie_name(state.settings)
    for role in Role:
        login = next((one.login for one in officers if one.role == role), None)
        if login is None:
            continue
        with acting(state.database, state.mint) as tx:
            key = sessions.open_session(tx, login, state.now(), passed=True)
        csrf = sessions.signed_in(state, key).csrf
        people.append(Person(str(role), ((b"cookie", f"{cookie}={key}".encode()),), csrf))
    with acting(state.database, state.mint) as tx:
        half = sessions.open_session(tx, "op01", state.now(), passed=False)
    people.append(Person("half way", ((b"cookie", f"{cookie}={half}".encode()),)))
    for scope in accounts.SCOPES:
        with acting(state.database, state.mint) as tx:
            name = f"{scope.replace(':', '-')}-{tx.mint()}"
            token = accounts.add_token(tx, name, scope, state.now())
        bearer = (b"authorization", f"Bearer {token}".encode())
        people.append(Person(f"partner {scope}", (bearer,)))
    return people
