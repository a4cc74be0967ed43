"""``huiyin`` on the command line (``python -m gateway`` is the same).

Exit status: 0 done; 1 it ran and found something wrong (said on stderr); 2 bad arguments or bad
input, said in one line naming file, line and column. Never a traceback. A command's own module is
imported only when it is called, so that ``huiyin triage`` does not wait for a web server.
"""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from gateway import showing, upkeep
from gateway.running import run
from models.vocabulary import Role

app = typer.Typer(
    name="huiyin",
    help="Huiyin 回音: the software behind a 12345/12349 help line.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
users = typer.Typer(no_args_is_help=True, help="Staff accounts.")
tokens = typer.Typer(no_args_is_help=True, help="Bearer tokens for partner systems.")
rules = typer.Typer(no_args_is_help=True, help="The rules that decide.")
app.add_typer(users, name="users")
app.add_typer(tokens, name="tokens")
app.add_typer(showing.verify, name="verify")
app.add_typer(rules, name="rules")
app.add_typer(showing.reports, name="report")

STDIN = Path("-")
HostOption = Annotated[str, typer.Option(help="Address to listen on.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")]
FileArgument = Annotated[Path, typer.Argument(help="A JSON Lines file, or - for standard input.")]


@app.command()
def up(
    *,
    demo: Annotated[bool, typer.Option(help="An invented county with known accounts.")] = False,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
) -> None:
    """Everything in one process on the embedded database; creates what it needs and says so."""
    run("up", demo=demo, host=host, port=port)


@app.command()
def serve(
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64)] = 1,
) -> None:
    """The web processes; run `huiyin work` beside them."""
    run("serve", host=host, port=port, workers=workers)


@app.command()
def work() -> None:
    """A worker: sends what is due, reminds, retries, asks the channels what was missed."""
    run("work")


@app.command()
def migrate(
    *,
    new_secret: Annotated[
        bool, typer.Option(help="HUIYIN_SECRET_KEY was changed on purpose: go on with it.")
    ] = False,
) -> None:
    """Bring the database up to date."""
    run("migrate", new_secret=new_secret)


@app.command()
def check() -> None:
    """Check settings, profile, rules, phrases and calendar as a whole."""
    run("check")


@users.command("add")
def users_add(
    name: Annotated[str, typer.Argument(help="Sign-in name.")],
    role: Annotated[Role, typer.Option(help="What the person is.")],
    unit: Annotated[str, typer.Option(help="Code of the unit.")] = "hotline",
    area: Annotated[str, typer.Option(help="Code of the area, for field roles.")] = "",
) -> None:
    """Create a staff account and print a one-time sign-in link."""
    run("users", name=name, role=role, unit=unit, area=area)


@users.command("reset")
def users_reset(
    name: Annotated[str, typer.Argument(help="Sign-in name.")],
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")],
    *,
    alone: Annotated[
        bool, typer.Option("--alone", help="Where nobody else could agree: at once.")
    ] = False,
) -> None:
    """Password and second factor are lost: ask that they be set anew; a second person agrees."""
    run("users_reset", name=name, reason=reason, alone=alone)


@tokens.command("add")
def tokens_add(
    name: Annotated[str, typer.Argument(help="The partner system.")],
    scope: Annotated[str, typer.Option(help="What it may do, e.g. contacts:write.")],
) -> None:
    """Create a bearer token and print it once."""
    run("tokens", name=name, scope=scope)


@tokens.command("list")
def tokens_list() -> None:
    """Whose tokens there are, what they may do, and which are closed."""
    run("tokens_list")


@tokens.command("close")
def tokens_close(
    name: Annotated[str, typer.Argument(help="The partner system.")],
    reason: Annotated[str, typer.Option(help="Why, for the ledger.")],
) -> None:
    """Let a partner system in no more; another token of the same name may be added."""
    run("tokens_close", name=name, reason=reason)


@app.command()
def triage(
    file: FileArgument = STDIN,
    profile: Annotated[str, typer.Option(help="The profile whose rules decide.")] = "",
) -> None:
    """Judge texts: JSON Lines in, JSON Lines out, same order; needs no database."""
    run("triage", file=file, profile=profile)


@app.command()
def learn(
    file: Annotated[Path, typer.Argument(help="Closed orders: CSV or JSON Lines, or -.")],
    text: Annotated[str, typer.Option(help="Column with the words; title,text for two.")],
    label: Annotated[str, typer.Option(help="Column with the bureau or topic it ended with.")],
    out: Annotated[Path, typer.Option(help="Where the model is written.")],
    urgent: Annotated[list[str] | None, typer.Option(help="A label that means hurry.")] = None,
    sure_from: Annotated[
        float, typer.Option(min=0, max=1, help="Below this confidence it is not sure.")
    ] = 0.7,
) -> None:
    """Learn from closed orders where such an order goes, and say how well that works."""
    run(
        "learn", file=file, text=text, label=label, out=out, urgent=urgent or [],
        sure_from=sure_from,
    )  # fmt: skip


@app.command()
def suggest(
    model: Annotated[Path, typer.Option(help="What `huiyin learn` wrote.")],
    file: Annotated[
        Path, typer.Argument(help="CSV or JSON Lines, or - for standard input.")
    ] = STDIN,
    text: Annotated[str, typer.Option(help="Columns, if not those it was learned from.")] = "",
) -> None:
    """Say where each order would go, how sure that is, and the words that decided."""
    run("suggest", model=model, file=file, text=text)


@rules.command("diff")
def rules_diff(
    new_profile: Annotated[str, typer.Argument(help="A county's folder, or a shipped profile.")],
    since: Annotated[str, typer.Option(help="Only what came in from this time on.")] = "",
    fmt: Annotated[str, typer.Option("--format", help="table or jsonl.")] = "table",
) -> None:
    """What a changed rule would have decided differently over recorded history."""
    run("rules_diff", new_profile=new_profile, since=since, fmt=fmt)


@app.command()
def duplicates(file: FileArgument = STDIN) -> None:
    """Group texts that tell the same matter: JSON Lines in, id and group out; no database."""
    run("duplicates", file=file)


@app.command()
def match(
    registry: Annotated[Path, typer.Option(help="The registry: CSV, one household a line.")],
    file: FileArgument = STDIN,
) -> None:
    """Which household is this? JSON Lines in, proposals with reasons out; no database."""
    run("match", registry=registry, file=file)


@app.command()
def replay(
    file: FileArgument,
    rate: Annotated[float, typer.Option(min=0, help="Contacts a second; 0 is full speed.")] = 0,
) -> None:
    """Feed recorded contacts through the whole live path; a second replay adds nothing."""
    run("replay", file=file, rate=rate)


@app.command("import")
def import_(
    what: Annotated[str, typer.Argument(help="households, staff, rosters, areas ...")],
    file: Annotated[Path | None, typer.Argument(help="A .xlsx or .csv file.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Only look; write nothing.")] = False,
    errors: Annotated[Path | None, typer.Option(help="Write the faulty lines there.")] = None,
    template: Annotated[Path | None, typer.Option(help="Write an empty template there.")] = None,
    undo: Annotated[str, typer.Option(help="Undo an import of the last 24 h.")] = "",
    strict: Annotated[bool, typer.Option(help="Write nothing while a line is faulty.")] = False,
) -> None:
    """Read a spreadsheet in: every bad cell is named, no line is written by half."""
    run(
        "imports", what=what, file=file, dry_run=dry_run, errors=errors, template=template,
        undo=undo, strict=strict,
    )  # fmt: skip


@app.command()
def export(
    what: Annotated[str, typer.Argument(help="contacts, requests, referrals, clocks, ...")],
    fmt: Annotated[str, typer.Option("--format", help="jsonl, csv or xlsx.")] = "jsonl",
    since: Annotated[str, typer.Option(help="From this time, day or month on (2026-11).")] = "",
    until: Annotated[
        str, typer.Option(help="Before this time, or to the end of this day or month.")
    ] = "",
    output: Annotated[Path, typer.Option("-o", help="A file instead of the screen.")] = STDIN,
    *,
    masked: Annotated[
        bool, typer.Option("--masked", help="So that nobody can be recognised.")
    ] = False,
    is_open: Annotated[
        bool, typer.Option("--open", help="With everybody's words and names; needs --purpose.")
    ] = False,
    purpose: Annotated[str, typer.Option(help="What it is for; kept in the ledger.")] = "",
) -> None:
    """Write out what the system holds, complete and restartable."""
    run(
        "export", what=what, fmt=fmt, since=since, until=until, output=output, mask=masked,
        is_open=is_open, purpose=purpose,
    )  # fmt: skip


@app.command()
def prove(
    number: Annotated[str, typer.Argument(help="The request, e.g. HY20261122-00431-8.")],
    output: Annotated[Path, typer.Option("-o", help="A file instead of the screen.")] = STDIN,
    size: Annotated[int, typer.Option(min=0, help="For the ledger's first so many entries.")] = 0,
) -> None:
    """Write a proof that the entries of one request stand in the ledger, to be checked by anybody
    with `huiyin verify proof` and nothing else."""
    run("prove", number=number, output=output, size=size)


@app.command()
def simulate(
    channel: Annotated[str, typer.Option(help="Which way in.")] = "console",
    url: Annotated[str, typer.Option(help="Where it runs, if not at HUIYIN_PUBLIC_URL.")] = "",
) -> None:
    """Talk to the running system as a citizen from the terminal."""
    run("simulate", channel=channel, url=url)


upkeep.register(app, showing.verify, run)


def main() -> None:
    """The entry point. Arguments that cannot be read are said in one line, like every fault."""
    os.umask(0o077)  # what we write is for our own eyes
    try:
        status = app(standalone_mode=False)
    except TyperException as error:
        if said := " ".join(error.format_message().split()):
            typer.echo(f"huiyin: {said} (see huiyin --help)", err=True)
        status = 2
    except typer.Abort:
        status = 130
    sys.exit(status)


if __name__ == "__main__":
    main()
