"""``huiyin up``: everything in one process; each step is idempotent and says what it did."""

import os
import sys
import threading
from types import FrameType
from urllib.parse import urlsplit

import uvicorn

from gateway import house, observe, standin
from gateway.app import create_app
from gateway.demo_history import History
from gateway.listening import proxies, require_free
from gateway.offices import Rules
from gateway.settings import FILE, BadSettings, Settings, load
from gateway.state import State, settle, wire
from gateway.ticks import Ticks

GRACE_SECONDS = 1
"""What is being answered may take so long to end."""
STOPPED_AFTER = 2.5
"""What still works then, a nightly proof perhaps, is left where it is: no more than a cut of the
power would do, and every message that was answered for is kept."""


class _Server(uvicorn.Server):
    """A server that has stopped within three seconds of the first signal."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.should_exit:
            last = threading.Timer(STOPPED_AFTER, _leave)
            last.daemon = True
            last.start()
        super().handle_exit(sig, frame)


def _leave() -> None:
    print("\nStopped.", flush=True)
    sys.stderr.flush()
    os._exit(0)


def run(*, demo: bool, host: str, port: int) -> int:
    """Prepare what is missing, then serve until Ctrl-C."""
    observe.set_up()
    settings = prepare(demo=demo, host=host, port=port)
    state = open_house(settings, demo=demo)
    history = None
    if settings.demo:
        history = History(settings, Rules.load(settings.profile, settings.profile_dir))
        state.unwritten = history.left
    config = uvicorn.Config(
        create_app(state, Ticks.of(state), history.write if history else None),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        server_header=False,
        **proxies(settings),
    )
    server = _Server(config)
    settle()
    _welcome(settings)
    try:
        server.run()
    except KeyboardInterrupt:  # uvicorn has stopped in good order and passes the signal on
        print("\nStopped.")
    finally:
        if history is not None:
            history.close()
    return 0


def prepare(*, demo: bool, host: str, port: int) -> Settings:
    """Settings with random secrets (mode 600) and a free port."""
    require_free(host, port)
    new = not (load().data_dir / FILE).exists()
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 only compared
    here = f"http://{shown}:{port}"
    settings = house.furnish(demo=demo, address=here)
    if new:
        print(f"settings    {settings.data_dir / FILE} (random secrets, only you can read it)")
    settings.require_secret()
    if demo:
        _spare_strangers(settings)
        settings = _lend_channels(settings, here)
    if urlsplit(settings.public_url).hostname in _HERE:  # nobody has named a public address
        settings = settings.model_copy(update={"public_url": here})
    return settings


_HERE = ("127.0.0.1", "localhost", "::1")


def _spare_strangers(settings: Settings) -> None:
    """The county's telephone numbers are invented and may belong to somebody."""
    telephones = {"sms", "voice"} & set(settings.channel_names)
    if telephones and "TWILIO_API_BASE" not in settings.env:
        raise BadSettings(
            f"HUIYIN_CHANNELS names {' and '.join(sorted(telephones))}, but the demonstration's "
            "telephone numbers are invented; take them out or set HUIYIN_TWILIO_API_BASE to a "
            "local stand-in"
        )


def _lend_channels(settings: Settings, here: str) -> Settings:
    """Telephone, text and chat against our own stand-in in this process, unless channels are
    named: what the simulator shows, and no way outside."""
    if "CHANNELS" in settings.env:
        return settings
    values = standin.environment(settings, here)
    channels = ",".join([*settings.channel_names, *standin.CHANNELS])
    operator = settings.operator_number or standin.OPERATOR
    return settings.lending(values, channels=channels, operator_number=operator)


def open_house(settings: Settings, *, demo: bool) -> State:
    """Migrate, load county and profile, make the first administrator, wire the process."""
    rules = Rules.load(settings.profile, settings.profile_dir)
    house.prepare(settings, rules, demo=demo)
    if demo and not settings.demo:
        raise BadSettings(
            f"{settings.data_dir} already holds a hotline that is no demonstration; name another "
            "folder in HUIYIN_DATA_DIR for 'huiyin up --demo'"
        )
    kind = "SQLite" if settings.database.startswith("sqlite") else "PostgreSQL"
    sealed = ", encrypted" if settings.database_key and kind == "SQLite" else ""
    print(f"database    {kind}{sealed}, up to date")
    print(f"rules       {rules.policy.name}: {len(rules.policy.routes)} routes")
    if not settings.demo and house.is_locked(settings):
        print(f"sign in     {house.sign_in_link(settings)}   (once, within 24 hours)")
    return wire(settings, kind="up", rules=rules)


def _welcome(settings: Settings) -> None:
    base = settings.public_url.rstrip("/")
    print(f"\n市民 citizens      {base}/help   {base}/status")
    print(f"坐席 operators     {base}/desk")
    print(f"承办单位 bureaus    {base}/inbox")
    print(f"网格员 field        {base}/field   主动发现 {base}/discovery")
    if settings.demo:
        print(f"渠道模拟 simulator    {base}/simulator")
        print(f"\nAccounts of the invented county, all with the password {house.DEMO_PASSWORD}:")
        for role, login in _DEMO_ACCOUNTS:
            print(f"  {login:<22}{role}")
    print("\nCtrl-C stops.", flush=True)


_DEMO_ACCOUNTS = (
    ("operator 话务员", "op01"),
    ("dispatcher 派单员", "dispatch01"),
    ("duty lead 值班长", "lead01"),
    ("bureau officer 民政局经办人", "civil_affairs.1"),
    ("bureau head 民政局负责人", "civil_affairs.head"),
    ("grid worker 网格员", "grid_w0403"),
    ("supervisor 督办", "super01"),
)
