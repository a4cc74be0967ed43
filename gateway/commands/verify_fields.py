"""``huiyin verify fields``"""

import sys
from itertools import islice

from gateway import rekeying
from gateway.settings import load
from gateway.state import open_current

SHOWN = 50


def run() -> int:
    """Open every sealed field; 1 naming those that were changed or moved."""
    database = open_current(load())
    try:
        found = list(islice(rekeying.faults(database), SHOWN))
    finally:
        database.close()
    for sentence in found:
        print(f"huiyin: {sentence}", file=sys.stderr)
    if not found:
        print("every sealed field opens and stands where it was written")
    return 1 if found else 0
