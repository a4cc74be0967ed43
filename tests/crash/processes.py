"""The real thing for tests: `huiyin serve` as processes of its own, and Twilio's signed posts."""

import http.client
import importlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlencode, urlsplit

import uvicorn
from sqlalchemy import text
from twilio.request_validator import RequestValidator

from gateway import county, foreman, observe
from gateway.commands import serve, work
from gateway.listening import proxies
from gateway.settings import load
from models.db import Database
from models.migrations import upgrade
from models.processes import enlist
from models.transaction import acting
from tests.crash import points
from tests.gateway import commands
from tests.nursery import grow_up, nursery
from tests.standins.twilio import ACCOUNT_SID, AUTH_TOKEN, NUMBER

PROJECT = Path(__file__).resolve().parents[2]
KEY = "5a" * 32
SECRET = "a-secret-of-the-tests-" * 2
PUBLIC = "https://hotline.example"
SEEDED = datetime(2026, 9, 1, tzinfo=UTC)
HOOK = "/hook/sms"

SAID = (
    "家里断粮两天了，孩子饿得直哭，我在滨河街道临江社区",
    "请问我家的低保批下来没有，已经交材料一个月了",
    "小区楼道的灯坏了，晚上看不清路，请派人修一下",
    "我爸突然倒地叫不醒，嘴歪了，快来人",
    "楼下烧烤摊每天营业到凌晨三点，吵得睡不着，请管一管",
    "残疾证到期了要换新的，需要带什么材料到哪里办理",
    "工地拖欠我们十二个人三个月工资，老板电话不接了",
    "村里的自来水停了四天，老人没有水喝，请尽快处理",
    "母亲八十一岁一个人住，今天打电话一直没人接，请社区帮忙看看",
    "公交站牌倒在路边两个星期了，怕砸到上学的孩子",
    "我想问一下医疗救助怎么申请，父亲住院已经花了六万",
    "谢谢你们上次帮忙，问题已经解决了",
)
"""Our own words for what people write; every kind of urgency is among them."""

_VALIDATOR = RequestValidator(AUTH_TOKEN)


@dataclass(frozen=True, slots=True)
class Sms:
    """One text message as Twilio posts it, signed for our public address."""

    sid: str
    sender: str
    body: bytes
    signature: str
    path: str = HOOK

    @property
    def headers(self) -> dict[str, str]:
        """What goes with the body."""
        return {
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "X-Twilio-Signature": self.signature,
            "User-Agent": "TwilioProxy/1.1",
            "I-Twilio-Idempotency-Token": self.sid,
        }

    def raw(self, path: str = HOOK) -> bytes:
        """The whole request of HTTP/1.1, to be kept alive."""
        lines = [f"POST {path} HTTP/1.1", "Host: hotline.example"]
        headers = {**self.headers, "Content-Length": str(len(self.body))}
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode() + self.body


def sms(sender: str, said: str) -> Sms:
    """A new message with the fields that Twilio really sends."""
    sid = "SM" + secrets.token_hex(16)
    fields = {
        "ToCountry": "CN",
        "ToState": "",
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ToCity": "",
        "FromZip": "",
        "SmsSid": sid,
        "FromState": "",
        "SmsStatus": "received",
        "FromCity": "",
        "Body": said,
        "FromCountry": "CN",
        "To": NUMBER,
        "ToZip": "",
        "NumSegments": "1",
        "MessageSid": sid,
        "AccountSid": ACCOUNT_SID,
        "From": sender,
        "ApiVersion": "2010-04-01",
    }
    signature = _VALIDATOR.compute_signature(PUBLIC + HOOK, fields)
    return Sms(sid, sender, urlencode(fields).encode(), signature)


def arrived(sid: str, accepted: Mapping[str, str]) -> Sms:
    """The provider's receipt that a message it accepted from us has arrived."""
    fields = {
        "AccountSid": ACCOUNT_SID,
        "ApiVersion": "2010-04-01",
        "From": NUMBER,
        "To": accepted["To"],
        "MessageSid": sid,
        "MessageStatus": "delivered",
        "SmsSid": sid,
        "SmsStatus": "delivered",
    }
    address = accepted["StatusCallback"]
    signature = _VALIDATOR.compute_signature(address, fields)
    path = address.removeprefix(PUBLIC)
    return Sms(sid, NUMBER, urlencode(fields).encode(), signature, path)


def key_of(accepted: Mapping[str, str]) -> str:
    """The key of a message of ours, as the provider was told it."""
    return parse_qs(urlsplit(accepted["StatusCallback"]).query)["key"][0]


def prepare(url: str, key: str = KEY) -> None:
    """The invented county in a new database, as one of a county that has gone into production
    (`huiyin serve` refuses accounts of the demonstration)."""
    database = Database(url, key=key if url.startswith("sqlite") else "")
    upgrade(database)
    mint = enlist(database, "seed", SEEDED)
    with acting(database, mint) as tx:
        county.seed_demo(tx, "", SEEDED)
        tx.later(text("UPDATE staff SET demo = false"))
    database.close()


def environment(folder: Path, url: str) -> dict[str, str]:
    """The settings of a hotline that takes text messages and can send none."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("HUIYIN_")},
        "HUIYIN_DATA_DIR": str(folder),
        "HUIYIN_DATABASE_URL": url,
        "HUIYIN_DATABASE_KEY": KEY if url.startswith("sqlite") else "",
        "HUIYIN_FIELD_KEY": "3e" * 32,
        "HUIYIN_SECRET_KEY": SECRET,
        "HUIYIN_CHANNELS": "sms",
        "HUIYIN_PUBLIC_URL": PUBLIC,
        "HUIYIN_TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "HUIYIN_TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "HUIYIN_TWILIO_FROM": NUMBER,
        "HUIYIN_TWILIO_API_BASE": "http://127.0.0.1:9",
        "PYTHONUNBUFFERED": "1",
    }


def huiyin(env: dict[str, str], *arguments: str, patience: float = 300) -> str:
    """Run a command to its end; AssertionError with what it said unless it exits with 0."""
    with TemporaryDirectory() as folder:
        done = commands.run([*arguments], env=env, folder=Path(folder), given="", seconds=patience)
    assert done.returncode == 0, f"{arguments}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def post(port: int, message: Sms, patience: float = 20) -> tuple[int, str | None]:
    """Status and Retry-After. Raises OSError or HTTPException when there is no answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience)
    try:
        connection.request("POST", message.path, message.body, message.headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers.get("retry-after")
    finally:
        connection.close()


@dataclass
class Server:
    """One start of a web server, in a process group of its own."""

    command: list[str]
    env: dict[str, str]
    port: int
    log: Path
    process: "subprocess.Popen[bytes]" = field(init=False)
    begun: float = field(init=False)

    def __post_init__(self) -> None:
        self.begun = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=PROJECT,
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @classmethod
    def serve(cls, env: dict[str, str], log: Path, *, workers: int = 1) -> "Server":
        """`huiyin serve` on a free port."""
        port = free_port()
        command = [sys.executable, "-m", "gateway", "serve", "--port", str(port)]
        return cls([*command, "--workers", str(workers)], env, port, log)

    def wait(self, patience: float = 120, path: str = "/healthz") -> float:
        """Until the first answer; the seconds since the start."""
        while time.monotonic() - self.begun < patience:
            assert self.alive(), self.log.read_text()[-4000:]
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
                connection.request("GET", path)
                if connection.getresponse().status == 200:
                    return time.monotonic() - self.begun
            except OSError:
                time.sleep(0.005)
        raise AssertionError(f"no answer within {patience} s: {self.log.read_text()[-4000:]}")

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.process.poll() is None

    def post(self, message: Sms, patience: float = 20) -> tuple[int, str | None]:
        """As ``post``, to this server."""
        return post(self.port, message, patience)

    def kill(self) -> None:
        """SIGKILL to every process of it, as a power failure would."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to end, and make it."""
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(10)
        self.kill()

    def pids(self) -> list[int]:
        """The process and all its children."""
        return descendants(self.process.pid)

    def takers(self) -> list[int]:
        """The processes that take calls: all but the foreman."""
        return self.pids()[1:]


class Forked(Server):
    """`huiyin serve` with one worker, forked from a process that has done the imports already: a
    start in a third of the time, for tests that start it again and again."""

    @classmethod
    def serve(cls, env: dict[str, str], log: Path, *, workers: int = 1) -> "Forked":
        """Start on a free port. ``workers`` must be 1."""
        assert workers == 1
        return cls([], env, free_port(), log)

    def __post_init__(self) -> None:
        self.begun = time.monotonic()
        self._forked = nursery().Process(
            target=self.life, args=(self.env, self.port, str(self.log)), daemon=True
        )
        self._forked.start()

    @staticmethod
    def life(env: dict[str, str], port: int, log: str) -> None:
        """What the forked process does: the web process of `huiyin serve`, with rules that were
        read before, as its foreman does, and nobody who would begin it anew."""
        become(env, log)
        observe.set_up()
        settings = load()
        app = serve.build(settings, importlib.import_module("tests.warmed").RULES)
        if place := env.get("DIES_AT"):
            points.arm(place, int(env["DIES_AFTER"]))
        options = foreman.OPTIONS | proxies(settings)
        uvicorn.run(app, host="127.0.0.1", port=port, log_config=None, **options)
        sys.exit(0)

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._forked.is_alive()

    def kill(self) -> None:
        """SIGKILL, as a power failure would."""
        self._forked.kill()
        self._forked.join()

    def pids(self) -> list[int]:
        """The process and all its children."""
        return descendants(self._forked.pid or 0)


class Worker(Forked):
    """`huiyin work`, forked in the same way."""

    @staticmethod
    def life(env: dict[str, str], _port: int, log: str) -> None:
        """What the forked process does."""
        become(env, log)
        if place := env.get("DIES_AT"):
            points.arm(place, int(env["DIES_AFTER"]))
        sys.exit(work.run())


def become(env: dict[str, str], log: str) -> None:
    """Take on the settings of a process under test, and its log."""
    grow_up()
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.environ.clear()
    os.environ.update(env)


def descendants(root: int) -> list[int]:
    """A process and everything it started that still lives."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += children.get(found[-1], [])
    return found


def copy_database(template: Path, folder: Path) -> str:
    """A copy of a prepared SQLite database; its address."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in template.parent.glob(f"{template.name}*"):
        shutil.copy(file, folder / file.name)
    return f"sqlite:///{folder / template.name}"
