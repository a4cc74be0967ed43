"""How a command of ``huiyin`` is run: its module is imported when it is called, and what goes wrong
is one sentence and an exit status."""

import gc
import importlib
import os
import sys
from pathlib import Path
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
        typer.echo(f"huiyin: {_said(error)}", err=True)
    raise typer.Exit(status or 0)


def _imported(module: str) -> Any:
    """The module, without the collector going again and again through what stays for ever."""
    gc.disable()
    try:
        return importlib.import_module(module)
    finally:
        gc.freeze()
        gc.enable()


def _said(error: Exception) -> str:
    """One sentence: of a file its name and what is wrong with it, no number of the system's."""
    if not isinstance(error, OSError) or not isinstance(error.filename, str | os.PathLike):
        return str(error) or type(error).__name__
    path = Path(error.filename)
    if isinstance(error, FileNotFoundError):
        gone = path if path.parent.is_dir() else path.parent
        return f"there is no {'file' if gone is path else 'folder'} {gone}"
    if isinstance(error, IsADirectoryError):
        return f"{path} is a folder; name a file"
    return f"{path} cannot be used: {(error.strerror or type(error).__name__).lower()}"


def _status_of(error: Exception) -> int:
    """2 for what the caller can mend, 1 for what went wrong here; a bug keeps its traceback."""
    if isinstance(error, ValueError | OSError) or type(error).__name__ == "FileCreateError":
        return 2  # the last is what a spreadsheet raises that cannot be written
    if type(error).__name__ in ("Busy", "UnsafeDatabase", "Nobody"):
        return 1
    raise error
