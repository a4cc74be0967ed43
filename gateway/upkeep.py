"""The commands that keep what was entrusted to us: backups, keys, and what is held of a person."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

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
