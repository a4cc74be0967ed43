"""Imported once by the process that others are forked from: what any of them would import and read
at its start is imported, and rules and tables are read already."""

import gc
import importlib
import pkgutil
import shutil
import tempfile
from pathlib import Path

from gateway import commands
from gateway.app import create_app
from gateway.offices import Rules
from gateway.settings import Settings
from gateway.state import wire
from tests.crash import processes


def warm() -> Rules:
    """Wire one process and close it again; the rules it went by."""
    for command in pkgutil.iter_modules(commands.__path__, f"{commands.__name__}."):
        importlib.import_module(command.name)
    importlib.import_module("gateway.__main__")
    folder = Path(tempfile.mkdtemp(prefix="huiyin-warm-"))
    url = f"sqlite:///{folder / 'huiyin.db'}"
    processes.prepare(url)
    settings = Settings(
        data_dir=folder, database_url=url, database_key=processes.KEY, secret_key="s" * 40,
        channels="web",
    )  # fmt: skip
    rules = Rules.load(settings.profile, settings.profile_dir)
    state = wire(settings, kind="test", rules=rules)
    create_app(state)
    state.close()
    shutil.rmtree(folder)
    gc.collect()
    gc.freeze()  # a child whose collector went through all this would copy it
    return rules


RULES = warm()
