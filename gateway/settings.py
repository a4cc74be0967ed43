"""The settings, and the one place that reads the wall clock."""

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, PrivateAttr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

FILE = "huiyin.env"
PREFIX = "HUIYIN_"
_KEY = re.compile(r"(?:[0-9a-f]{64})?")
_KEPT = re.compile(r"\d{1,6},\d{1,6},\d{1,6}")
_DATABASES = re.compile(r"(?:postgres(?:ql)?(?:\+\w+)?://|sqlite(?:\+\w+)?:///)")


def utc_now() -> datetime:
    """The time now, aware, in UTC. Everything else is given the time as an argument."""
    return datetime.now(UTC)


class BadSettings(ValueError):
    """A setting cannot be used; the message says which, why and how to mend it."""


def _known(address: str) -> str:
    if address and not _DATABASES.match(address):
        raise ValueError("begins with neither postgresql:// nor sqlite:///")
    return address


def _key(digits: str) -> str:
    if not _KEY.fullmatch(digits):
        raise ValueError("is not 64 hex digits in small letters, such as 'openssl rand -hex 32'")
    return digits


def _schedule(said: str) -> str:
    if not _KEPT.fullmatch(said):
        raise ValueError("is not three numbers of days, weeks and months, such as 7,5,12")
    return said


def _address(said: str) -> str:
    """An address that can be called; without http the signatures of providers fit none."""
    if said and not (urlsplit(said).scheme in ("http", "https") and urlsplit(said).hostname):
        raise ValueError("is no address such as https://hotline.example")
    return said


_Key = Annotated[str, AfterValidator(_key)]
_Address = Annotated[str, AfterValidator(_address)]


class Settings(BaseSettings):
    """HUIYIN_* variables, else ``huiyin.env`` in the data directory, else these defaults."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    data_dir: Path = Path("huiyin-data")
    database_url: Annotated[str, AfterValidator(_known)] = ""
    database_key: _Key = Field("", repr=False)
    profile: str = "national_baseline"
    profile_dir: Path | None = None
    model: Path | None = None
    channels: str = "web,console"
    public_url: _Address = "http://127.0.0.1:8000"
    secret_key: str = Field("", repr=False)
    hotline: str = "12345"
    operator_number: str = ""
    heartbeat_url: _Address = ""
    openapi: bool = False
    body_limit: int = Field(1_048_576, ge=65_536)
    demo: bool = False
    field_key: _Key = Field("", repr=False)
    field_key_previous: _Key = Field("", repr=False)
    field_encryption: Literal["", "on", "off"] = ""
    field_cipher: Literal["aes-256-gcm", "sm4-gcm"] = "aes-256-gcm"
    canaries: str = ""
    routes: str = ""
    backup_dir: Path | None = None
    checkpoint_file: Path | None = None
    backup_key: _Key = Field("", repr=False)
    backup_keep: Annotated[str, AfterValidator(_schedule)] = "7,5,12"
    second_factor: Literal["everybody", "not_demo"] = "everybody"
    trusted_proxies: str = ""
    oidc_issuer: _Address = ""
    oidc_client_id: str = ""
    oidc_client_secret: str = Field("", repr=False)
    oidc_claim: str = "preferred_username"
    oidc_acr: str = ""

    _lent: dict[str, str] = PrivateAttr(default_factory=dict)

    def lending(self, values: Mapping[str, str], **fields: object) -> "Settings":
        """The same settings with HUIYIN_* values for what nobody has set."""
        lent = self.model_copy(update=fields)
        lent._lent = dict(values)
        lent.__dict__.pop("env", None)  # worked out before the loan
        return lent

    @property
    def database(self) -> str:
        """The database's address."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'huiyin.db'}"

    @property
    def database_file(self) -> Path | None:
        """The file of the embedded database; None where a server keeps it."""
        name = self.database.removeprefix("sqlite:///")
        return None if name == self.database else Path(name)

    @property
    def channel_names(self) -> list[str]:
        """The channels that are switched on."""
        return [name.strip() for name in self.channels.split(",") if name.strip()]

    @cached_property
    def env(self) -> Mapping[str, str]:
        """Every HUIYIN_* value without the prefix, for the channels' own settings."""
        set_by_people = {**of_file(self.data_dir), **from_environment()}
        return {**self._lent, **set_by_people, "SECRET_KEY": self.secret_key}

    @property
    def seals_fields(self) -> bool:
        """Whether columns about people are sealed one by one. An SQLite file with a key is sealed
        as a whole already; anything else is not."""
        if self.field_encryption:
            return self.field_encryption == "on"
        whole = self.database.startswith("sqlite") and bool(self.database_key)
        return bool(self.field_key) and not whole

    @property
    def field_keys(self) -> list[bytes]:
        """The key that opens the keys of the fields, and the one before it."""
        return [bytes.fromhex(one) for one in (self.field_key, self.field_key_previous) if one]

    def require_field_key(self) -> None:
        """Raise ``BadSettings`` where fields about people would lie open."""
        if self.seals_fields and not self.field_key:
            raise BadSettings(
                "HUIYIN_FIELD_ENCRYPTION is on and HUIYIN_FIELD_KEY is not set; set it to 64 "
                "random hex digits and keep a copy outside this machine"
            )
        whole = self.database.startswith("sqlite") and bool(self.database_key)
        if not (self.seals_fields or whole or self.field_encryption):
            raise BadSettings(
                "what people said would lie readable in the database; set HUIYIN_FIELD_KEY to 64 "
                "random hex digits, or say HUIYIN_FIELD_ENCRYPTION=off"
            )

    def require_secret(self) -> None:
        """Raise ``BadSettings`` unless there is a secret that is really one."""
        if len(self.secret_key) < 32:
            raise BadSettings(
                "HUIYIN_SECRET_KEY is missing or shorter than 32 characters; put 32 random "
                f"characters into {self.data_dir / FILE}; where there is no database yet 'huiyin "
                "migrate' writes them"
            )


def load(data_dir: Path | None = None) -> Settings:
    """Read the settings. Raises ``BadSettings`` in one sentence."""
    folder = data_dir or Path(os.environ.get(f"{PREFIX}DATA_DIR", "huiyin-data"))
    there = next(one for one in (folder, *folder.absolute().parents) if one.exists())
    if not there.is_dir():
        raise BadSettings(f"{PREFIX}DATA_DIR is {folder}, but {there} is no folder")
    values = {name.lower(): value for name, value in of_file(folder).items()}
    values |= {name.lower(): value for name, value in from_environment().items()}
    values["data_dir"] = str(folder)
    known = {name: value for name, value in values.items() if name in Settings.model_fields}
    try:
        return Settings(**known)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        raise BadSettings(
            f"{PREFIX}{str(first['loc'][0]).upper()}: {first['msg'].removeprefix('Value error, ')}"
        ) from None


def derived(secret: str, purpose: str) -> str:
    """A key of its own for one purpose, 64 hex digits, from the one secret."""
    return sha256(f"{purpose}\0{secret}".encode()).hexdigest()


def from_environment() -> dict[str, str]:
    """Every HUIYIN_* variable without the prefix."""
    return {k.removeprefix(PREFIX): v for k, v in os.environ.items() if k.startswith(PREFIX)}


def of_file(folder: Path) -> dict[str, str]:
    """Every value of the settings file without the prefix. Raises ``BadSettings``."""
    path = folder / FILE
    if not path.exists():
        return {}
    values: dict[str, str] = {}
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, equals, value = line.strip().partition("=")
        if not equals or not name.strip().startswith(PREFIX):
            raise BadSettings(f"{path}:{number}: expected {PREFIX}NAME=value")
        values[name.strip().removeprefix(PREFIX)] = value.strip().strip("'\"")
    return values
