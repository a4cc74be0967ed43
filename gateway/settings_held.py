"""Settings held against what there is: names that mean nothing, folders that cannot be written,
ways that lead nowhere. What cannot even be read is refused by ``gateway.settings`` itself."""

import os
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path

from channels import Channel
from gateway import canaries, routes
from gateway.settings import PREFIX, BadSettings, Settings, from_environment, of_file

OF_CHANNELS = (
    "CONSOLE_TOKEN",
    "TWILIO_ACCOUNT_SID",
    "TWILIO_AUTH_TOKEN",
    "TWILIO_FROM",
    "TWILIO_API_BASE",
    "TWILIO_TIMEOUT",
    "TWILIO_VOICE",
    "TWILIO_SAY_LANGUAGE",
    "TWILIO_SECOND_FROM",
    "TWILIO_SECOND_ACCOUNT_SID",
    "TWILIO_SECOND_AUTH_TOKEN",
    "TWILIO_SECOND_API_BASE",
    "TELEGRAM_TOKEN",
    "TELEGRAM_SECRET",
    "TELEGRAM_MODE",
    "TELEGRAM_BOT_NAME",
    "TELEGRAM_API_BASE",
)
"""What the channels that are shipped read; one of a county's own begins with its name."""


_SHIPPED = ("web", "console", "sms", "sms_second", "voice", "telegram")


def faults(settings: Settings, channels: Mapping[str, Channel]) -> list[str]:
    """What is wrong with the settings of a hotline, one sentence each."""
    found = [*unknown(settings), *_folders(settings), *_around(settings)]
    for read in (
        lambda: routes.order(settings.routes, channels),
        lambda: canaries.targets(settings.canaries, channels),
    ):
        try:
            read()
        except BadSettings as error:
            found.append(str(error))
    return found


def unknown(settings: Settings) -> Iterator[str]:
    """Names that nobody reads: a letter too few, and a heartbeat or a channel is off in silence."""
    fields = Settings.model_fields
    known = [*(name.upper() for name in fields), *OF_CHANNELS]
    own = tuple(f"{name.upper()}_" for name in settings.channel_names if name not in _SHIPPED)
    for name in sorted({**of_file(settings.data_dir), **from_environment()}):
        if name in known or name.startswith(own):
            continue
        near = get_close_matches(name, known, 1)
        mend = f"is {PREFIX}{near[0]} meant?" if near else "the README lists those that there are"
        yield f"{PREFIX}{name} is no setting and nobody reads it; {mend}"


def _folders(settings: Settings) -> Iterator[str]:
    if settings.backup_dir is not None:
        if not settings.backup_key:
            yield (
                "HUIYIN_BACKUP_DIR is set and HUIYIN_BACKUP_KEY is not: no backup is written; set "
                "it to 64 random hex digits and keep a copy elsewhere"
            )
        yield from _unwritable("BACKUP_DIR", settings.backup_dir)
    if settings.checkpoint_file is not None:
        yield from _unwritable("CHECKPOINT_FILE", settings.checkpoint_file.parent)


def _unwritable(name: str, folder: Path) -> Iterator[str]:
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield (
            f"{PREFIX}{name}: {there} is no folder that can be written to; make it one for the "
            "user of huiyin, or name another"
        )


def _around(settings: Settings) -> Iterator[str]:
    for one in filter(None, (part.strip() for part in settings.trusted_proxies.split(","))):
        try:
            one == "*" or ip_network(one, strict=False)
        except ValueError:
            yield (
                f"HUIYIN_TRUSTED_PROXIES: {one!r} is no address such as 127.0.0.1; names are not "
                "looked up"
            )
    sign_on = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
    lacking = [name for name in sign_on if not getattr(settings, name)]
    if 0 < len(lacking) < len(sign_on):
        names = " and ".join(f"{PREFIX}{name.upper()}" for name in lacking)
        yield f"single sign-on needs {names} too"
    if settings.operator_number and not any(map(str.isdigit, settings.operator_number)):
        yield "HUIYIN_OPERATOR_NUMBER holds no number; callers could not be connected"
