"""Rows of policy from TOML files, laid over one another: baseline, profile, a county's own. Pure
but for reading the files once at start.

A later layer overrides single fields of a row with the same key, and must name its own source and
tag: a changed number never keeps the old number's source. Anything that is not understood is
refused in one sentence that names the file and the key.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol, TypeVar, get_type_hints

import tomli

from models.vocabulary import PlaceRule

TAGS = ("S", "V", "R", "L", "GK", "P")
NOT_LAW = ("L", "GK", "P")
"""Nothing with these tags may be shown to a user as law (domain note 0.1)."""

FILES = (
    "accused", "authorities", "categories", "clocks", "doors", "grounds", "ladders", "lines",
    "notices", "office", "outcomes", "papers", "profile", "rates", "routes", "values", "visits",
    "warnings",
)  # fmt: skip
"""The files of a policy folder, besides ``calendars/<year>.toml``. Sub-folders that belong to
somebody else (signals, locales) are left alone; another file at the top is a slip of the pen."""

Row = dict[str, Any]
Laid = tuple[str, str, dict[str, Any]]
"""A table that stands in no file: the file name it belongs to, where it comes from, its rows."""

T = TypeVar("T")


class Dated(Protocol):
    """A row that counts from a day to a day, both included."""

    @property
    def effective_from(self) -> date:
        """The first day."""

    @property
    def effective_until(self) -> date | None:
        """The last day, None for no end."""


def in_force(row: Dated, on: date) -> bool:
    """Whether the row counts on this day."""
    return row.effective_from <= on and (row.effective_until is None or on <= row.effective_until)


class PolicyError(ValueError):
    """A policy file that cannot be used; the message is the one sentence to show."""


class Layers:
    """The files of all layers as they were read, with the hash of every byte; ``laid`` are further
    layers over them, each in the order it came."""

    def __init__(self, folders: Sequence[Path], laid: Sequence[Laid] = ()) -> None:
        self._hash = sha256()
        self.files: list[str] = []
        self._tables: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        for folder in folders:
            if not folder.is_dir():
                raise PolicyError(f"{folder} is not a folder with policy files")
            for path in sorted(folder.glob("*.toml")):
                if path.stem not in FILES:
                    known = ", ".join(f"{name}.toml" for name in FILES)
                    raise PolicyError(f"{path} is no policy file; there are {known}")
                self._read(folder, path)
            for path in sorted(folder.glob("calendars/*.toml")):
                self._read(folder, path)
        for name, where, table in laid:
            body = repr(sorted(table.items())).encode()
            self._hash.update(f"{name}\0{len(body)}\0".encode() + body)
            self._tables.setdefault(name, []).append((where, table))

    @property
    def digest(self) -> str:
        """``sha256:…`` of every name and byte read, in order."""
        return f"sha256:{self._hash.hexdigest()}"

    def tables(self, name: str) -> list[tuple[str, dict[str, Any]]]:
        """The (path, table) pairs of one file name, lowest layer first."""
        return self._tables.get(name, [])

    def names(self, folder: str) -> list[str]:
        """The file names read below a sub-folder, sorted."""
        return sorted(name for name in self._tables if name.startswith(f"{folder}/"))

    def _read(self, folder: Path, path: Path) -> None:
        name = path.relative_to(folder).as_posix()
        body = path.read_bytes()
        try:
            table = tomli.loads(body.decode())
        except (tomli.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PolicyError(f"{path}: {error}") from None
        self._hash.update(f"{name}\0{len(body)}\0".encode() + body)
        self.files.append(str(path))
        self._tables.setdefault(name, []).append((str(path), table))


def merged(
    layers: Layers,
    name: str,
    kind: str,
    key: Sequence[str],
    lent: Callable[[Row, Row], Row] = lambda older, _newer: older,
) -> list[tuple[str, Row]]:
    """All rows of ``name`` (e.g. "clocks.toml") as (where, row), later layers over earlier ones.
    ``lent`` says what of an older row a newer one over it takes over.

    A row without ``effective_from`` changes the newest row of its key; with a new date it opens a
    new version and ends the one before on the day before.
    """
    found: dict[tuple[str, ...], list[tuple[str, Row]]] = {}
    for layer, (path, table) in enumerate(layers.tables(name)):
        for unknown in set(table) - {kind}:
            raise PolicyError(f"{path}: unknown key {unknown!r}; rows are written [[{kind}]]")
        rows = table.get(kind, [])
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise PolicyError(f"{path}: rows are written [[{kind}]]")
        for place, given in enumerate(rows, 1):
            named = " ".join(str(given.get(part, "")) for part in key).strip()
            where = f"{path}: {named or f'[[{kind}]] number {place}'}"
            identity = tuple(str(given.get(part, "")) for part in key)
            versions = found.setdefault(identity, [])
            if layer and (missing := {"source", "tag"} - set(given)):
                raise PolicyError(f"{where}: an overriding row names its own {min(missing)}")
            _lay(versions, where, given, lent, patch=layer > 0)
    return [row for versions in found.values() for row in versions]


def _lay(
    versions: list[tuple[str, Row]],
    where: str,
    given: Row,
    lent: Callable[[Row, Row], Row],
    *,
    patch: bool,
) -> None:
    begins = given.get("effective_from")
    if begins is not None and type(begins) is not date:
        raise PolicyError(f"{where}: effective_from is a day such as 2026-07-01")
    if not versions:
        versions.append((where, dict(given)))
        return
    _, newest = versions[-1]
    same_day = begins is None or begins == newest.get("effective_from")
    if same_day and not patch:
        raise PolicyError(f"{where}: written twice")
    kept = {name: value for name, value in lent(newest, given).items() if name != "is_law"}
    if same_day:
        versions[-1] = (where, {**kept, **given})
        return
    if begins is None or begins <= newest.get("effective_from", date.min):
        raise PolicyError(f"{where}: versions of a row stand in the order of effective_from")
    newest.setdefault("effective_until", begins - timedelta(days=1))
    kept.pop("effective_until", None)
    versions.append((where, {**kept, **given} if patch else dict(given)))


def build(kind: type[T], where: str, row: Mapping[str, object]) -> T:
    """A dataclass from a row; unknown, missing and ill-typed keys are refused in one sentence."""
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind) if field.init}  # type: ignore[arg-type]
    for name in row:
        if name not in known:
            raise PolicyError(f"{where}: unknown key {name!r}")
    for name, field in known.items():
        required = field.default is MISSING and field.default_factory is MISSING
        if required and name not in row:
            raise PolicyError(f"{where}: {name} is missing")
    try:
        return kind(**{name: _READ[hints[name]](value) for name, value in row.items()})
    except (TypeError, ValueError) as error:
        bad = next((n for n, v in row.items() if not _fits(hints[n], v)), "a key")
        raise PolicyError(f"{where}: {bad}: {error}") from None


def _fits(hint: object, value: object) -> bool:
    try:
        _READ[hint](value)
    except (TypeError, ValueError):
        return False
    return True


def _exactly(*kinds: type) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if type(value) not in kinds:
            raise TypeError(f"{value!r} is not {' or '.join(kind.__name__ for kind in kinds)}")
        return value

    return read


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError(f"{value!r} is not a number")
    return float(value)


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise TypeError(f"{value!r} is not a list")
    return tuple(_exactly(str)(item) for item in value)


_READ: dict[object, Callable[[Any], Any]] = {
    str: _exactly(str),
    bool: _exactly(bool),
    float: _number,
    date: _exactly(date),
    date | None: _exactly(date),
    tuple[str, ...]: _texts,
    PlaceRule: PlaceRule,
    PlaceRule | None: PlaceRule,
    bool | float | str: _exactly(bool, int, float, str),
}
