"""How a command of ``huiyin`` is run: its module is imported when it is called, and what goes wrong
is one sentence and an exit status."""

import gc
import importlib
import sys
from typing import Any

import typer


def run(module: str, **arguments: Any) -> None:
    """Call ``run`` of a command's module; every foreseen fault is one line and an exit status."""
    try:
        status = _imported(f"gateway.commands.{module}").run(**arguments)
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise typer.Exit(0) from None
    except Exception as error:
        status = _status_of(error)
        typer.echo(f"huiyin: {str(error) or type(error).__name__}", err=True)
    raise typer.Exit(status or 0)


def _imported(module: str) -> Any:
    """The module, without the collector going again and again through what stays for ever."""
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        gc.freeze()
        gc.enable()


def _status_of(error: Exception) -> int:
    """2 for what the caller can mend, 1 for what went wrong here; a bug keeps its traceback."""
    if isinstance(error, ValueError | OSError) or type(error).__name__ == "FileCreateError":
        return 2  # the last is what a spreadsheet raises that cannot be written
    if type(error).__name__ in ("Busy", "UnsafeDatabase", "Nobody"):
        return 1
    raise error
