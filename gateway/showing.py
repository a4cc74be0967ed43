"""The commands that show that all is in order: ``huiyin verify ...`` and ``huiyin report ...``."""

from pathlib import Path
from typing import Annotated

import typer

from gateway.running import run

verify = typer.Typer(no_args_is_help=True, help="Is everything accounted for, and unaltered?")
reports = typer.Typer(no_args_is_help=True, help="Figures in writing.")
STDIN = Path("-")


@verify.command("intake")
def verify_intake(
    day: Annotated[str, typer.Option(help="One day (2026-11-22) instead of all.")] = "",
) -> None:
    """Received = open + closed + merged + handed over + holding pen, or exit 1."""
    run("verify_intake", day=day)


@verify.command("ledger")
def verify_ledger(
    checkpoint: Annotated[Path | None, typer.Option(help="A file with an earlier head.")] = None,
) -> None:
    """The accountability ledger is unbroken, or exit 1 naming the first bad entry."""
    run("verify_ledger", checkpoint=checkpoint)


@verify.command("proof")
def verify_proof(
    file: Annotated[Path, typer.Argument(help="What `huiyin prove` wrote, or -.")],
    root: Annotated[str, typer.Option(help="The root you know from elsewhere.")] = "",
) -> None:
    """The entries in a proof stand in the ledger; needs nothing but the file."""
    run("verify_proof", file=file, root=root)


@verify.command("clocks")
def verify_clocks(
    at: Annotated[str, typer.Option(help="The time to look from (RFC 3339) instead of now.")] = "",
) -> None:
    """Every reminder and breach that has fallen due was taken exactly once, or exit 1."""
    run("verify_clocks", at=at)


@verify.command("rosters")
def verify_rosters() -> None:
    """Somebody is on duty at every minute of the days to come, or exit 1 naming the holes."""
    run("verify_rosters")


@reports.command("quarter")
def report_quarter(
    unit: Annotated[str, typer.Option(help="The unit's code.")],
    quarter: Annotated[str, typer.Option(help="E.g. 2026Q3.")],
    output: Annotated[Path, typer.Option("-o", help="FILE.xlsx or FILE.json.")] = STDIN,
) -> None:
    """A unit's quarterly report: each figure with the requests behind it."""
    run("report", unit=unit, quarter=quarter, output=output)
