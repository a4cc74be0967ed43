"""``huiyin verify proof``: no database, no settings, nothing but the file."""

import sys
from pathlib import Path

import orjson

from models import proofs


def run(*, file: Path, root: str) -> int:
    """Check a proof that ``huiyin prove`` wrote; 1 naming what does not hold."""
    raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        proof = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"{file}:{error.lineno}:{error.colno}: {error.msg}") from None
    fault = proofs.fault(proof)
    if not fault and root and root.lower() != proof["root"]:
        fault = f"its root is {proof['root']}, not the one you know"
    if fault:
        print(f"huiyin: {file}: {fault}", file=sys.stderr)
        return 1
    print(
        f"{len(proof['entries'])} entries of {proof['number']} stand in the ledger of "
        f"{proof['size']} entries with the root {proof['root']}"
    )
    return 0
