"""``huiyin simulate``: talk to the running system as a citizen, from the terminal."""

import secrets
import sys

import httpx2
import orjson

from gateway.settings import BadSettings, load

CHANNELS = ("console",)


def run(*, channel: str, url: str = "") -> int:
    """Read lines, post each as a contact of one person, print what comes back."""
    if channel not in CHANNELS:
        raise ValueError(f"--channel {channel!r} cannot be simulated here; there is console")
    settings = load()
    token = settings.env.get("CONSOLE_TOKEN", "")
    if not token:
        raise BadSettings("HUIYIN_CONSOLE_TOKEN is not set; 'huiyin up' writes one")
    base = url or settings.public_url
    me = f"simulator-{secrets.token_hex(4)}"
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
            print(f"  {result['number']}  code {result['code']}  {result.get('level') or ''}")
    return 0
