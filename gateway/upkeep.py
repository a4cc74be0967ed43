"""The commands that keep what was entrusted to us: backups, keys, and what is held of a person."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

ByOption = Annotated[str, typer.Option("--by", help="Login of the person who answers for this.")]
HandleArgument = Annotated[str, typer.Argument(help="Telephone number or account of the person.")]
NumberArgument = Annotated[str, typer.Argument(help="The request, e.g. HY20261122-00431-8.")]
ReasonOption = Annotated[str, typer.Option(help="Why; it is in the ledger.")]
KeyOption = Annotated[
    Path | None, typer.Option(help="A file with the key instead of HUIYIN_BACKUP_KEY.")
]


def register(app: typer.Typer, verify: typer.Typer, run: Callable[..., None]) -> None:
    """Hang the commands into the command line; ``run`` calls a command's module."""
    keys = typer.Typer(no_args_is_help=True, help="The keys that seal fields about people.")
    app.add_typer(keys, name="keys")

    @app.command()
    def backup(
        file: Annotated[Path, typer.Argument(help="The encrypted file to write.")],
        key_file: KeyOption = None,
    ) -> None:
        """Write everything into one encrypted file, while the system runs."""
        run("backup", file=file, key_file=key_file)

    @app.command()
    def restore(
        file: Annotated[Path, typer.Argument(help="What `huiyin backup` wrote.")],
        key_file: KeyOption = None,
        check: Annotated[bool, typer.Option("--check", help="Only read and count.")] = False,
    ) -> None:
        """Fill an empty machine from a backup, verify it, and say how long that took."""
        run("restore", file=file, key_file=key_file, check=check)

    @verify.command("fields")
    def verify_fields() -> None:
        """Every sealed field opens and stands in the record it was sealed for, or exit 1."""
        run("verify_fields")

    @keys.command("rotate")
    def keys_rotate() -> None:
        """Seal every field with a new key, online; stopped, it goes on when run again."""
        run("keys_rotate")

    _people(app, run)


def _people(app: typer.Typer, run: Callable[..., None]) -> None:
    person = typer.Typer(no_args_is_help=True, help="What is held of one person.")
    hold = typer.Typer(no_args_is_help=True, help="What must not be erased yet.")
    app.add_typer(person, name="person")
    app.add_typer(hold, name="hold")

    @person.command("export")
    def person_export(
        handle: HandleArgument,
        by: ByOption,
        output: Annotated[Path, typer.Option("-o", help="A file instead of the screen.")] = Path(
            "-"
        ),
    ) -> None:
        """Everything that is held about a person, who looked at it, and how long it is kept."""
        run("person", act="export", handle=handle, by=by, output=output)

    @person.command("correct")
    def person_correct(
        handle: HandleArgument,
        by: ByOption,
        name: Annotated[str | None, typer.Option(help="The right name.")] = None,
        under_14: Annotated[
            bool | None, typer.Option("--under-14/--not-under-14", help="A child's data.")
        ] = None,
    ) -> None:
        """Put right what is held about a person."""
        run("person", act="correct", handle=handle, by=by, name=name, under_14=under_14)

    @person.command("erase")
    def person_erase(
        handle: HandleArgument,
        by: ByOption,
        reason: ReasonOption,
        language: Annotated[str, typer.Option(help="The list is for the person.")] = "zh-CN",
    ) -> None:
        """Erase a person whose requests are all closed, and print for them what went and what a
        duty keeps; figures and ledger stay."""
        run("person", act="erase", handle=handle, by=by, reason=reason, language=language)

    @hold.command("place")
    def hold_place(number: NumberArgument, by: ByOption, reason: ReasonOption) -> None:
        """Keep a request from being erased."""
        run("person", act="hold", number=number, by=by, reason=reason)

    @hold.command("lift")
    def hold_lift(number: NumberArgument, by: ByOption) -> None:
        """The request may be erased again."""
        run("person", act="lift", number=number, by=by)
