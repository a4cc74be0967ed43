"""Is anybody to be recognised in what a machine leaves behind? Invented people write, everything is
killed, backed up, exported and erased; then every file and answer is searched for them.

python -m tests.benchmarks.canaries [--persons 200]

Of each person a name, a telephone, an identity number and an address that nobody else has, in ten
encodings (UTF-8, UTF-16 of both orders, GB 18030, per cent, JSON escapes, hexadecimal, base64 at
three offsets). Searched: the data directory (database, write-ahead log, locks, spool), the log of
all processes, /metrics and /readyz, the masked export, the backup; with the file's own encryption
off, so that fields alone protect, and again with it on. After erasing every second person, also
the open export, for those. A control makes sure that the search would find them.
"""

import argparse
import http.client
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from sqlalchemy import text

from gateway import subjects
from gateway.settings import Settings, utc_now
from gateway.state import open_database
from models.processes import enlist
from models.transaction import acting
from tests.crash import processes
from tests.crash.killing import IDLE_SECONDS
from tests.crash.processes import Forked, Worker, huiyin, sms
from tests.gateway.test_sealed_fields import encodings
from tests.standins.twilio import TwilioStandIn

BACKUP_KEY = "5c" * 32
SHORTEST = 6
"""Bytes of a pattern: anything shorter is in any file by chance."""
_FAMILY, _GIVEN = "闾丘濮阳淳于澹台公冶宗政太叔申屠", "砚槿翊珩澍霁笙瑭璟翀"


def person(n: int) -> dict[str, str]:
    """Somebody who does not exist, unlike all others."""
    family = _FAMILY[n % 8 * 2 : n % 8 * 2 + 2]
    given = _GIVEN[n // 8 % 10] + _GIVEN[n // 80 % 10]
    return {
        "name": f"{family}{given}",
        "phone": f"199{71_000_000 + n * 4999:08d}",
        "identity": f"33052119{40 + n % 50:02d}0{1 + n % 9}1{n % 10}{n:03d}X"[:18],
        "address": f"栖霞岭{n + 101}号院{n % 17 + 1}幢",
    }


def words(one: Mapping[str, str]) -> str:
    """What they write."""
    return (
        f"我叫{one['name']}，身份证{one['identity']}，电话{one['phone']}，住{one['address']}，"
        "楼道的灯坏了，请派人修"
    )


def main() -> int:
    """Live, search, say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--persons", type=int, default=200)
    given = parser.parse_args()
    people = [person(n) for n in range(given.persons)]
    for whole in (False, True):
        folder = Path(tempfile.mkdtemp(prefix="huiyin-canaries-"))
        try:
            searched = _run(folder, people, whole=whole)
        except AssertionError as broken:
            print(f"NOT HELD: {broken} (everything is left in {folder})")
            return 1
        shutil.rmtree(folder)
        print(
            f"file encryption {'on' if whole else 'off'}: {given.persons} persons x 4 canaries x "
            f"10 encodings, none found in {searched}",
            flush=True,
        )
    return 0


def _run(folder: Path, people: list[dict[str, str]], *, whole: bool) -> str:
    data, log, backup = folder / "data", folder / "server.log", folder / "backup"
    data.mkdir()
    url = f"sqlite:///{data / 'huiyin.db'}"
    with TwilioStandIn(now=utc_now).serve() as provider:
        env = {
            **processes.environment(data, url),
            "HUIYIN_DATABASE_KEY": processes.KEY if whole else "",
            "HUIYIN_FIELD_ENCRYPTION": "on",
            "HUIYIN_BACKUP_KEY": BACKUP_KEY,
            "HUIYIN_TWILIO_API_BASE": provider.base,
        }
        processes.prepare(url, env["HUIYIN_DATABASE_KEY"])
        server, worker = Forked.serve(env, log), Worker([], env, 0, log)
        try:
            server.wait()
            for n, one in enumerate(people):
                message = sms(f"+86{one['phone']}", words(one))
                while server.post(message)[0] != 200:
                    time.sleep(IDLE_SECONDS)
                _trouble(server.port, one)
                if n in (len(people) // 3, len(people) // 2):  # a crash leaves a log behind
                    server.kill()
                    worker.kill()
                    server, worker = Forked.serve(env, log), Worker([], env, 0, log)
                    server.wait()
            time.sleep(5)  # messages go out
            answers = {path: _get(server.port, path) for path in ("/metrics", "/readyz")}
            huiyin(env, "backup", str(backup))
            left = {str(file.relative_to(folder)): file.read_bytes() for file in _files(folder)}
        finally:
            server.kill()
            worker.kill()
    masked = huiyin(env, "export", "contacts", "--masked").encode()
    plain = huiyin(env, "export", "contacts").encode()
    assert len(_found(plain, people)) == len(people), "the search would not find them"
    for name, content in {**left, **answers, "masked export": masked}.items():
        assert not (found := _found(content, people)), f"{name}: {len(found)}, {found[:2]}"
    gone = people[::2]
    _erase(data, env, gone)
    after = huiyin(env, "export", "contacts").encode()
    assert not (found := _found(after, gone)), f"after erasing: {len(found)}, {found[:2]}"
    assert len(_found(after, people)) == len(people) - len(gone), "the others stay"
    size = sum(map(len, left.values())) / 1e6
    return (
        f"{len(left)} files ({size:.0f} MB: {', '.join(sorted(left))}), {', '.join(answers)}, "
        f"the masked export, and of {len(gone)} erased in the open export"
    )


def _erase(data: Path, env: Mapping[str, str], people: list[dict[str, str]]) -> None:
    """At their wish, when all is over."""
    database = open_database(
        Settings(
            data_dir=data,
            database_url=env["HUIYIN_DATABASE_URL"],
            database_key=env["HUIYIN_DATABASE_KEY"],
            field_key=env["HUIYIN_FIELD_KEY"],
            field_encryption="on",
            secret_key=env["HUIYIN_SECRET_KEY"],
            channels="console",
        )
    )
    try:
        mint = enlist(database, "over", utc_now())
        with acting(database, mint) as tx:
            tx.later(text("UPDATE request SET status = 'closed', closed_at = received_at"))
        for one in people:
            with acting(database, mint) as tx:
                who = subjects.find(tx, one["phone"])
                subjects.erase(tx, who, by="lead01", reason="本人申请", now=utc_now())
    finally:
        database.close()


def _trouble(port: int, one: Mapping[str, str]) -> None:
    """Calls that fail, with personal data in all the wrong places."""
    for method, path, body, headers in (
        ("POST", "/hook/sms", words(one).encode(), {"X-Twilio-Signature": "x"}),
        ("POST", "/api/v1/contacts", words(one).encode(), {"Content-Type": "application/json"}),
        ("POST", "/status", f"number={one['phone']}&code={one['identity']}".encode(), {}),
        ("GET", f"/nowhere/{one['phone']}?id={one['identity']}", b"", {"User-Agent": one["phone"]}),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status < 500, (method, path.partition("?")[0], answer.status)
        connection.close()


def _get(port: int, path: str) -> bytes:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request("GET", path)
    return connection.getresponse().read()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _found(content: bytes, people: list[dict[str, str]]) -> list[str]:
    """Who is to be recognised, by what."""
    lower = content.lower()
    return [
        f"{n}: {'/'.join(kinds)}"
        for n, one in enumerate(people)
        if (kinds := [kind for kind, value in one.items() if _stands(value, content, lower)])
    ]


def _stands(value: str, content: bytes, lower: bytes) -> bool:
    patterns = [each for each in encodings(value) if len(each) >= SHORTEST]
    return any(each in content or each.lower() in lower for each in patterns)


if __name__ == "__main__":
    sys.exit(main())
