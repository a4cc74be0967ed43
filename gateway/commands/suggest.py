"""``huiyin suggest``: what a learned model thinks of each order; no database."""

import sys
from pathlib import Path

from gateway import orders
from gateway.json_line import json_line
from gateway.offices import load_model
from triage.opinion import Model


def run(*, model: Path, file: Path, text: str) -> int:
    """One JSON object for each row in, in the same order; a bad row ends the run with its place."""
    learned = load_model(model)
    columns = [name.strip() for name in text.split(",") if name.strip()]
    for row in orders.rows(file):
        opinion = learned.opinion(*_texts(row, columns, learned))
        line = {"id": row.id, **opinion.as_json()}
        sys.stdout.buffer.write(json_line(line))
    sys.stdout.flush()
    return 0


def _texts(row: orders.OrderRow, columns: list[str], learned: Model) -> list[str]:
    """The columns that were asked for, else those it was learned from, else "text"."""
    if columns:
        orders.require(row, columns)
        return [row.text(column) for column in columns]
    if any(column in row.values for column in learned.columns):
        return [row.text(column) for column in learned.columns]
    if "text" not in row.values:
        orders.require(row, [learned.columns[-1]])
    return [row.text("text")]
