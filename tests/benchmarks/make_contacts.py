"""Real texts as recorded contacts: a history of a hotline to measure with, never to keep.

python -m tests.benchmarks.make_contacts OUT.jsonl [--data ../shared/data] [--limit N]
HUIYIN_DATA_DIR=/tmp/somewhere huiyin replay OUT.jsonl

The texts are other people's words and stay outside the project: a path inside it is refused. The
same data give the same file. Senders are invented numbers, the same for the same pseudonym (or
the same case), so that a second message may join the first one's open request.
"""

import argparse
import csv
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parents[2]
CHINA = timezone(timedelta(hours=8))
OCTOBER = datetime(2026, 10, 1, tzinfo=CHINA)
OCTOBER_MINUTES = 31 * 24 * 60

csv.field_size_limit(10_000_000)

LETTERS = ("web_form",) * 5 + ("phone",) * 3 + ("sms", "walk_in", "transfer_in", "chat")
POSTS = ("chat",) * 4 + ("sms",) * 3 + ("phone",) * 2 + ("grid_app", "web_form")
"""The ways in by which such texts come, in parts; a person mostly keeps to one of them."""


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the data: which columns say what."""

    file: str
    ways: tuple[str, ...]
    who: str
    at: str = ""
    place: str = ""


SOURCES = (
    Source("tipdm_c/inbox.csv", LETTERS, "user", at="time"),
    Source("tipdm_c/messages.csv", LETTERS, "id", at="date"),
    Source("help_posts/wuhan_2020.jsonl", POSTS, "case_id", at="published_at"),
    Source("help_posts/henan_flood_2021.jsonl", POSTS, "case_id", at="published_at"),
    Source("urgency/urgency_silver.csv", POSTS, "id"),
    Source("urgency/urgency_gold_dev.csv", POSTS, "id"),
)
FORMS = ("%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M:%S", "%a %b %d %H:%M:%S %z %Y")


def contacts(data: Path) -> list[dict[str, Any]]:
    """Every text of the data once, in the order in which they were said."""
    found: dict[str, dict[str, Any]] = {}
    for source in SOURCES:
        for row in _rows(data / source.file):
            if (row.get("text") or "").strip():  # urgency/ repeats texts of the other files
                found.setdefault(row["id"], _contact(source, row))
    return sorted(
        found.values(), key=lambda one: (datetime.fromisoformat(one["at"]), one["external_id"])
    )


def _contact(source: Source, row: dict[str, Any]) -> dict[str, Any]:
    who = row[source.who] or row["id"]
    channel = source.ways[_number(who, "way") % len(source.ways)]
    title, text = (row.get("title") or "").strip(), row["text"].strip()
    contact = {
        "channel": channel,
        "external_id": f"replay-{row['id']}",
        "sender": _sender(channel, who),
        "text": text if not title or text.startswith(title) else f"{title}\n{text}",
        "at": _said(row.get(source.at), row["id"]).astimezone(CHINA).isoformat(),
    }
    if channel == "grid_app":
        contact["reporter"] = contact["sender"]
    if row.get("geocoded_address"):
        contact["place"] = row["geocoded_address"]
    return contact


def _sender(channel: str, who: str) -> str:
    if channel == "chat":
        return f"chat-{_number(who, 'who'):012x}"
    if channel == "grid_app":
        return f"grid.{_number(who, 'who') % 40:02d}"
    if channel == "transfer_in":
        return f"city-{_number(who, 'who') % 12:02d}"
    return f"+86199{_number(who, 'who') % 100_000_000:08d}"


def _said(written: str | None, key: str) -> datetime:
    """The data's own time where it has one, in China; else somewhere in October 2026."""
    for form in FORMS if written else ():
        try:
            at = datetime.strptime(str(written), form)  # noqa: DTZ007 made aware below
        except ValueError:
            continue
        return at if at.tzinfo else at.replace(tzinfo=CHINA)
    return OCTOBER + timedelta(minutes=_number(key, "at") % OCTOBER_MINUTES)


def _number(key: str, purpose: str) -> int:
    return int.from_bytes(sha256(f"{purpose}\0{key}".encode()).digest()[:6], "big")


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as lines:
        if path.suffix == ".csv":
            yield from csv.DictReader(lines)
        else:
            yield from map(json.loads, lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file; 2 when the data are not there or the path is inside the project."""
    parser = argparse.ArgumentParser(description="Real texts as recorded contacts.")
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data")
    parser.add_argument("--limit", type=int, default=0, help="only every n-th, about this many")
    given = parser.parse_args(arguments)
    if given.out.resolve().is_relative_to(PROJECT):
        print("make_contacts: the texts must not get into the project", file=sys.stderr)
        return 2
    if not given.data.is_dir():
        print(f"make_contacts: there are no data in {given.data}", file=sys.stderr)
        return 2
    made = contacts(given.data)
    if given.limit:
        made = made[:: max(len(made) // given.limit, 1)]
    with given.out.open("w", encoding="utf-8") as out:
        for one in made:
            out.write(json.dumps(one, ensure_ascii=False) + "\n")
    ways = Counter(one["channel"] for one in made)
    print(f"{len(made)} contacts of {len({one['sender'] for one in made})} senders: {dict(ways)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
