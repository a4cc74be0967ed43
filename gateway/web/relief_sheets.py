"""The ledger and the quarter of aid as spreadsheets, in the language of the page."""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi import Request, Response

from gateway import aid_sheets, sentences
from gateway.aid_report import Report
from gateway.aid_views import Ledger
from gateway.called import caller
from gateway.web.rendering import language_of, state_of, translator

HEADS = (
    "number", "at", "kind", "state", "recipient", "area", "service", "need", "cause", "yuan",
    "goods", "standard", "fund", "giver", "filed_at", "explain_due_at", "explained_at", "request",
    "kin",
)  # fmt: skip


def download(name: str, sheets: Iterable[Any]) -> Response:
    """A workbook as an answer."""
    return Response(
        aid_sheets.book(sheets),
        media_type=aid_sheets.TYPE,
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


def _speaker(request: Request) -> Callable[..., str]:
    return translator(state_of(request).offices.current().phrases, language_of(request))


def ledger(request: Request, found: Ledger) -> Iterable[Any]:
    """The list and its totals."""
    office, language = state_of(request).offices.current(), language_of(request)
    phrases, called = office.phrases, caller(office, language)
    t = _speaker(request)

    def word(family: str, code: str) -> str:
        return sentences.word(phrases, family, code, language)

    rows = (
        (
            one.number,
            one.at,
            word("aid_kind", one.kind),
            word("aid_state", one.state),
            one.recipient,
            one.area_name,
            called("service", one.service),
            called("aid_need", one.need),
            called("aid_cause", one.cause),
            aid_sheets.money(one.amount_fen),
            one.goods,
            one.standard,
            called("aid_fund", one.fund),
            called("unit", one.giver or one.unit),
            one.filed_at,
            one.explain_due_at,
            one.explained_at,
            one.request or "",
            word("aid_kin", one.kin) if one.kin else "",
        )
        for one in found.lines
    )
    yield t("aid.page.ledger"), [t(f"aid.head.{name}") for name in HEADS], rows
    heads = [t(f"aid.head.{name}") for name in ("need", "grants", "goods_grants", "yuan")]
    totals = (
        (called("aid_need", one.code), one.grants, one.goods, aid_sheets.money(one.amount_fen))
        for one in found.totals
    )
    yield t("aid.page.totals"), heads, totals


def quarter(request: Request, found: Report) -> list[Any]:
    """The tables of the quarterly report, those that are late by name."""
    t = _speaker(request)
    called = caller(state_of(request).offices.current(), language_of(request))
    heads = [t(f"aid.head.{name}") for name in ("what", "grants", "people", "yuan")]
    tables: list[Any] = [
        (
            t(f"aid.report.{name}"),
            heads,
            [
                (called(kind, one.code) or t("aid.page.whole"), one.grants, one.people,
                 aid_sheets.money(one.amount_fen))
                for one in (*getattr(found, name), found.whole)
            ],
        )
        for name, kind in (("units", "unit"), ("needs", "aid_need"), ("causes", "aid_cause"))
    ]  # fmt: skip
    counted = [(t(f"aid.report.{name}"), value) for name, value in counts(found)]
    tables.append((t("aid.report.counts"), [t("aid.head.what"), t("aid.head.grants")], counted))
    late = [t(f"aid.head.{name}") for name in ("number", "giver", "explain_due_at")]
    owed = [(one.number, called("unit", one.unit), one.explain_due_at) for one in found.late]
    tables.append((t("aid.report.late"), late, owed))
    names = ("reserve", "begin", "into", "out", "mended", "end")
    books = [
        (called("unit", one.unit), one.begin, one.into, one.out, one.mended, one.end)
        for one in found.books
    ]
    tables.append((t("aid.report.books"), [t(f"aid.head.{name}") for name in names], books))
    return tables


def counts(found: Report) -> list[tuple[str, int]]:
    """The figures that stand alone, in order."""
    names = (
        "urgent", "in_time", "explained", "explained_late", "waiting", "green", "kin", "undone",
        "queried", "decisions",
    )  # fmt: skip
    return [*((name, getattr(found, name)) for name in names), ("late", len(found.late))]
