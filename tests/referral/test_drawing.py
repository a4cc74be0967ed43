"""The document of the life of a request says what the table in the code says."""

from models.vocabulary import Form
from referral.transitions import REFERRAL, REQUEST
from tests import drawing, shipped


def test_the_drawing_is_made_from_the_table_of_today() -> None:
    written = drawing.PATH.read_text("utf-8")
    assert written == drawing.document(), "run: python -m tests.drawing"


def test_every_row_stands_in_the_document_with_its_guard_in_both_languages() -> None:
    book, page = shipped.phrases(), drawing.document()
    for row in (*REQUEST, *REFERRAL):
        assert f"| {row.id} |" in page
        assert row.guard in page
        key = f"lifecycle.{drawing._key(row)}"
        assert book.say(key, {}, Form.FULL, "en") == row.guard
        assert book.say(key, {}, Form.FULL, "zh-CN") in page
