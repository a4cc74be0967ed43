"""Columns that say how sensitive they are, so that no column can be added without saying it.

A column is declared by its protection class: ``name: str = personal()``. Words of a closed
vocabulary are stored as plain text (a new word needs no migration); times are aware and stored in
UTC by SQLModel's own type, which refuses naive ones.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import JSON, BigInteger, Identity, Integer, LargeBinary, MetaData
from sqlmodel import Field, SQLModel

from models.sealed import KINDS
from models.vocabulary import Protection

_ID = BigInteger().with_variant(Integer(), "sqlite")  # INTEGER is SQLite's own row id, 64 bits

SQLModel.metadata.naming_convention = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
).naming_convention

# Rows are written by our code and checked by the database: that a table could check input too is
# half a second of every start for what nobody calls.
SQLModel.model_config["defer_build"] = True


def _classed(protection: Protection) -> Callable[..., Any]:
    def column(
        default: Any = ...,
        *,
        sa_args: tuple[Any, ...] = (),
        sealed: bool = protection is not Protection.OPERATIONAL,
        **options: Any,
    ) -> Any:
        """``sealed=False`` only for what is already a one-way value under a key."""
        kwargs: dict[str, Any] = dict(options)
        if sealed:
            kwargs["sa_type"] = KINDS[options.get("sa_type")]()
        kwargs["sa_column_kwargs"] = {"info": {"protection": protection.value}}
        if sa_args:
            kwargs["sa_column_args"] = sa_args
        return Field(default, **kwargs)

    return column


operational = _classed(Protection.OPERATIONAL)
personal = _classed(Protection.PERSONAL)
sensitive = _classed(Protection.SENSITIVE)
secret = _classed(Protection.SECRET)


def key(*, foreign: str | None = None, nullable: bool = False, index: bool = False) -> Any:
    """A 64-bit id: a primary key, or with ``foreign`` a reference to one."""
    info = {"info": {"protection": Protection.OPERATIONAL.value}}
    if foreign is None:
        return Field(
            primary_key=True,
            sa_type=_ID,
            sa_column_kwargs={**info, "autoincrement": False},
        )
    default = None if nullable else ...
    return Field(
        default,
        foreign_key=foreign,
        nullable=nullable,
        index=index,
        sa_type=_ID,
        sa_column_kwargs=info,
    )


def numbered() -> Any:
    """A primary key that the database itself counts up."""
    return Field(
        default=None,
        primary_key=True,
        sa_column_args=(Identity(),),
        sa_column_kwargs={"info": {"protection": Protection.OPERATIONAL.value}},
    )


def document(protection: Callable[..., Any], default: Any = None) -> Any:
    """A JSON document that is written once and never queried into."""
    return protection(default, sa_type=JSON)


def bytes_of(protection: Callable[..., Any], default: Any = ..., **options: Any) -> Any:
    """Bytes exactly as they came."""
    return protection(default, sa_type=LargeBinary, **options)
