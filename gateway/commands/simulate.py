"""``huiyin simulate``: talk to the running system as a citizen, from the terminal."""

import secrets
import sys
from datetime import timedelta

import httpx2
import orjson
from sqlalchemy import select
from sqlmodel import col

from gateway.settings import BadSettings, Settings, load, utc_now
from gateway.state import open_current
from models.db import Busy
from models.outbox import Outgoing

CHANNELS = ("console",)
_LOOKED_AT = 200


def run(*, channel: str, url: str = "") -> int:
    """Read lines, post each as a contact of one person, print what comes back: number, code and
    level, and, on the machine that holds the database, the words that were said to the person."""
    if channel not in CHANNELS:
        raise ValueError(f"--channel {channel!r} cannot be simulated here; there is console")
    settings = load()
    token = settings.env.get("CONSOLE_TOKEN", "")
    if not token:
        raise BadSettings("HUIYIN_CONSOLE_TOKEN is not set; 'huiyin up' writes one")
    base = url or settings.public_url
    me = f"simulator-{secrets.token_hex(4)}"
    heard = _Heard(settings, me)
    if sys.stdin.isatty():
        print("Say what is wrong, one message a line. Ctrl-D ends.")
    with httpx2.Client(base_url=base, timeout=15) as client:
        for line in sys.stdin:
            if not line.strip():
                continue
            body = {"external_id": secrets.token_hex(16), "sender": me, "text": line.strip()}
            try:
                answer = client.post(
                    "/hook/console",
                    content=orjson.dumps(body),
                    headers={"authorization": f"Bearer {token}"},
                )
            except httpx2.HTTPError as error:
                print(f"huiyin: {base} does not answer ({error})", file=sys.stderr)
                return 1
            if answer.status_code != 200:
                print(f"huiyin: {answer.status_code} {answer.text.strip()}", file=sys.stderr)
                return 1
            result = answer.json()
            print(
                f"  {result['number']}  code {result['code']}  {result.get('level') or ''}".rstrip()
            )
            for text in heard.new():
                print("".join(f"    {one}\n" for one in text.splitlines()), end="", flush=True)
    return 0


class _Heard:
    """What was said to one person from now on; each text once."""

    def __init__(self, settings: Settings, address: str) -> None:
        self._settings = settings
        self._address = address
        self._begun = utc_now() - timedelta(minutes=1)
        self._known: set[int] = set()

    def new(self) -> list[str]:
        """The texts since it was asked last, the oldest first; none where no database is here."""
        try:
            database = open_current(self._settings)
        except (ValueError, Busy):
            return []
        try:
            with database.read() as session:
                rows = session.connection().execute(
                    select(col(Outgoing.id), col(Outgoing.address), col(Outgoing.text))
                    .where(
                        col(Outgoing.channel) == "console", col(Outgoing.posted_at) >= self._begun
                    )
                    .order_by(col(Outgoing.posted_at).desc(), col(Outgoing.id).desc())
                    .limit(_LOOKED_AT)
                )
                # addresses are sealed: the database cannot compare them
                said = {row.id: row.text for row in rows if row.address == self._address}
        finally:
            database.close()
        new = [said[number] for number in sorted(said.keys() - self._known)]
        self._known |= said.keys()
        return new
