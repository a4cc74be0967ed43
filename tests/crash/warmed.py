"""Imported once by the process that others are forked from: rules and tables are read already."""

import shutil
import tempfile
from pathlib import Path

from gateway.app import create_app
from gateway.settings import Settings
from gateway.state import wire
from tests.crash import processes


def warm() -> None:
    """Wire one process and close it again."""
    folder = Path(tempfile.mkdtemp(prefix="huiyin-warm-"))
    url = f"sqlite:///{folder / 'huiyin.db'}"
    processes.prepare(url)
    state = wire(
        Settings(
            data_dir=folder, database_url=url, database_key=processes.KEY, secret_key="s" * 40,
            channels="web",
        ),
        kind="test",
    )  # fmt: skip
    create_app(state)
    state.close()
    shutil.rmtree(folder)


warm()
