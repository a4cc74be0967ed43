"""``huiyin learn``: from closed orders to a model of where such an order goes."""

import sys
import time
from pathlib import Path

import orjson

from gateway import orders
from triage.learning import Order, learn
from triage.reliability import Checked


def run(
    *, file: Path, text: str, label: str, out: Path, urgent: list[str], sure_from: float
) -> int:
    """Learn, say how good it is on orders it had not seen, write the model in one step."""
    if not out.absolute().parent.is_dir():
        raise ValueError(f"--out {out}: there is no folder {out.absolute().parent}")
    if out.is_dir():
        raise ValueError(f"--out {out} is a folder; name a file")
    columns = [name.strip() for name in text.split(",") if name.strip()]
    if not columns:
        raise ValueError("--text names no column; name the one that holds the words")
    began = time.process_time()
    found, passed = _orders(file, columns, label)
    try:
        model, checked = learn(found, columns, urgent=urgent, sure_from=sure_from)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    content = orjson.dumps(model.as_json())
    beside = out.with_name(f"{out.name}.new")
    beside.write_bytes(content)
    beside.replace(out)
    seconds = time.process_time() - began
    print(f"{len(found)} orders, {len(model.labels)} labels -> {out}")
    print(f"{len(content):,} bytes, {len(model.grams)} signs, {seconds:.1f} s of computing")
    if passed:
        print(f"{passed} rows without text or without label were passed over", file=sys.stderr)
    _say(checked, sure_from)
    return 0


def _orders(file: Path, columns: list[str], label: str) -> tuple[list[Order], int]:
    found: list[Order] = []
    passed = 0
    for row in orders.rows(file):
        if row.number == 1:
            orders.require(row, [*columns, label])
        texts = tuple(row.text(column) for column in columns)
        given = row.text(label).strip()
        if given and any(text.strip() for text in texts):
            found.append(Order(texts, given))
        else:
            passed += 1
    return found, passed


def _say(checked: Checked, sure_from: float) -> None:
    """What it is worth, on orders kept apart while it learned (near-identical ones together)."""
    print(f"on orders it had not seen: macro-F1 {checked.macro_f1:.4f}")
    print(f"{'confidence':>12} {'orders':>8} {'said':>7} {'right':>7}")
    for band in checked.bands():
        print(
            f"{band.low:>5.2f} - {band.high:<4.2f} {band.orders:>8} "
            f"{band.confidence:>7.1%} {band.right:>7.1%}"
        )
    sure, right = checked.right_from(sure_from)
    share = sure / len(checked.truth)
    print(f"sure (from {sure_from:.0%}) of {share:.1%} of them, and right in {right:.1%} of those")
