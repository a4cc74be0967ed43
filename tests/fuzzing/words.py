"""The corpora: what is put where a value belongs."""

from collections.abc import Callable
from random import Random
from typing import Any

STRANGE = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "\t\r\n",
    "\r\nSet-Cookie: x=1",
    "\ufeff",
    "\u202e123",
    "\u200b救\u200b命",
    "救命",
    "救命" * 3000,
    "a" * 20_000,
    "😀" * 500,
    "é",
    "e\u0301",
    "ﷺ" * 200,
    "\ud800",
    "\udfff\ud800",
    "null",
    "None",
    "true",
    "NaN",
    "Infinity",
    "-0",
    "0",
    "-1",
    "1e999",
    "00",
    "٣٤",
    "１２３",
    "0x1F",
    "1_000",
    str(2**31),
    str(2**63),
    str(-(2**63) - 1),
    str(2**64),
    "9" * 400,
    "1.5",
    "½",
    "²",
    "2026-02-30",
    "2026-09-30",
    "0001-01-01",
    "9999-12-31",
    "99999-01-01",
    "2026-09-30T25:61",
    "24:00",
    "2026-09-30T16:40",
    "2026-09-30T16:40:00+08:00",
    "9999-12-31T23:59:59+14:00",
    "0001-01-01T00:00-14:00",
    "2026-W01-1",
    "20260930",
    "2026-13",
    "2026-4",
    "../../etc/passwd",
    "..\\..\\x",
    "/",
    "//evil.example",
    "https://evil.example/",
    "javascript:alert(1)",
    "<script>alert(1)</script>",
    "'\"><svg onload=1>",
    "' OR 1=1 --",
    "%",
    "%%",
    "%s%s%n",
    "{0}",
    "{number}",
    "{{7*7}}",
    "${jndi:ldap://x}",
    "$(id)",
    "`id`",
    "=1+1",
    "@SUM(A1)",
    "+86",
    "+8613812345678",
    "13812345678",
    "110101199003074578",
    "11010119900307457X",
    "HY20260930-00001-1",
    "HY20200101-00001-1",
    "hy２０２６０９３０-00001-1",
    "A" * 64,
    "x,y",
    "a;b",
    "[]",
    "{}",
    "\\",
    "\\u0000",
    "&amp;",
    "&",
    "a=b&c=d",
    ",",
    ",,,",
    "|",
    "\u2028",
    "\uffff",
    "\U0010ffff",
    "ß",
    "ı",
    "İ",
)
"""Each of these has broken a program somewhere."""

SAID = (
    "家里断粮两天了",
    "请问低保要带哪些材料",
    "已电话联系本人",
    "材料齐全，按规定办理",
    "有人要跳楼",
    "谢谢",
    "回电",
    "不是本单位职责，应当由住建局办理",
    "王小明",
    "滨河街道临江社区3号楼",
    "civil_affairs",
    "health",
)

MIME = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/xml",
    "",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded; charset=latin-1",
    "\xff",
)

JSON_BODIES = (
    b"",
    b"null",
    b"0",
    b"[]",
    b"{}",
    b'""',
    b"NaN",
    b"1e999",
    b"-",
    b"{",
    b"[" * 5000,
    b'{"a":' * 2000,
    b'{"text": "\\ud800"}',
    b'{"a":1,"a":2}',
    b"\xff\xfe{\x00}\x00",
    b"\xef\xbb\xbf{}",
    b"true",
    b'"\x00"',
    '{"text":"x"}'.encode("utf-16"),
    b"9" * 5000,
    b'{"key": 1e400}',
    b"\x00" * 64,
    b"{}garbage",
)


def text_for(chance: Random, name: str, known: dict[str, list[str]]) -> str:
    """A value for a field of this name: what belongs there, or something strange."""
    roll = chance.random()
    if roll < 0.4:
        for part, values in known.items():
            if part in name and values:
                return chance.choice(values)
        named = {
            "bureau": "unit",
            "lead": "unit",
            "other": "number",
            "to": "login",
            "place": "area",
            "person": "login",
            "batch": "id",
            "task": "id",
            "entry": "id",
            "call": "id",
        }
        for part, of in named.items():
            if part in name and known.get(of):
                return chance.choice(known[of])
    if roll < 0.6:
        return chance.choice(SAID)
    if roll < 0.9:
        return chance.choice(STRANGE)
    return "".join(chr(_point(chance)) for _ in range(chance.randrange(12)))


def _point(chance: Random) -> int:
    top = chance.choice((0x7F, 0xFF, 0x9FFF, 0xFFFF, 0x10FFFF))
    return chance.randrange(top + 1)


def json_for(chance: Random, name: str, known: dict[str, list[str]], depth: int = 0) -> Any:
    """Any JSON value where one is awaited."""
    makers: tuple[Callable[[], Any], ...] = (
        lambda: text_for(chance, name, known),
        lambda: text_for(chance, name, known),
        lambda: text_for(chance, name, known),
        lambda: chance.choice((None, True, False)),
        lambda: chance.choice(
            (0, 1, -1, 5, 100, 2**31, 2**53, 2**63, -(2**63), 10**30, 0.5, 1e300)
        ),
        lambda: [json_for(chance, name, known, depth + 1) for _ in range(chance.randrange(3))],
        lambda: {
            text_for(chance, "", known): json_for(chance, name, known, depth + 1)
            for _ in range(chance.randrange(3))
        },
    )
    return chance.choice(makers[: 5 if depth > 2 else None])()


def spoiled(chance: Random, content: bytes) -> bytes:
    """Bytes with something wrong in them, most of the time."""
    if not content or chance.random() < 0.3:
        return content
    done = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        at = chance.randrange(len(done)) if done else 0
        match chance.randrange(5):
            case 0 if done:
                done[at] ^= 1 << chance.randrange(8)
            case 1:
                del done[at : at + chance.randrange(1, 40)]
            case 2:
                done[at:at] = bytes(chance.randrange(256) for _ in range(chance.randrange(1, 9)))
            case 3:
                done = done[: max(at, 1)]
            case _:
                done[at:at] = done[at : at + 20] * chance.randrange(1, 30)
    return bytes(done)
