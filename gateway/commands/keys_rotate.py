"""``huiyin keys rotate``"""

import sys

from gateway import keyed_ledger, rekeying
from gateway.settings import BadSettings, load, utc_now
from gateway.state import open_current
from models.processes import enlist


def run() -> int:
    """Seal everything with a new key; run again, it goes on where it was stopped. 1 naming the
    old keys that had to stay."""
    settings = load()
    if not settings.field_key:
        raise BadSettings("HUIYIN_FIELD_KEY is not set; there is no key to rotate")
    database = open_current(settings)
    try:
        mint = enlist(database, "keys", utc_now())
        done = rekeying.rotate(database, mint, settings.field_cipher, utc_now)
        fault = keyed_ledger.move(database, mint, settings, utc_now())
    finally:
        database.close()
    wiped = f"; wiped: {', '.join(map(str, done.retired))}" if done.retired else ""
    went_on = " (gone on with)" if done.resumed else ""
    print(f"key {done.key}{went_on}: {done.records} records sealed anew{wiped}")
    for key, place in done.kept.items():
        print(
            f"huiyin: key {key} was not wiped: {place} is still sealed with it and could not be "
            "sealed anew; see `huiyin verify fields`, and rotate again when that is put right",
            file=sys.stderr,
        )
    if fault:
        print(f"huiyin: the ledger was not put under the new key: {fault}", file=sys.stderr)
    return 1 if done.kept or fault else 0
