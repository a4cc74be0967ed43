"""The guides show pages as they are: every picture is made here, and none is named that is not."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from gateway.state import State
from tests.browser import pictures
from tests.browser.conftest import SCREENSHOTS, Visitor
from tests.browser.pictures import GUIDES, KEEP, KEPT, LANGUAGES, PICTURES
from tests.browser.test_bureau_pages import asked, at_work

Visit = Callable[..., Visitor]
ROLES = ("citizen", "operator", "bureau", "grid-worker", "supervisor", "administrator")
NAMED = re.compile(r"!\[[^\]]+\]\(\.\./pictures/([^)]+)\)")
COLOURS = 64


def guides() -> dict[Path, list[str]]:
    return {path: NAMED.findall(path.read_text("utf-8")) for path in GUIDES.glob("*/*.md")}


def test_every_role_has_a_guide_in_both_languages_with_pictures() -> None:
    found = {f"{path.parent.name}/{path.stem}": names for path, names in guides().items()}
    assert set(found) == {f"{tag}/{role}" for tag in LANGUAGES for role in ROLES}
    for name, shown in found.items():
        assert shown, name
        language = name.partition("/")[0]
        assert all(one.endswith(f"-{language}.png") for one in shown), name


def test_a_guide_names_only_pictures_that_are_made_and_kept() -> None:
    named = {name for names in guides().values() for name in names}
    assert named == set(pictures.files())
    assert {path.name for path in KEPT.glob("*")} == named


@pytest.mark.browser
def test_every_picture_is_made(visit: Visit, site_state: State) -> None:
    keep = os.environ.get(KEEP) == "1"
    folder = KEPT if keep else SCREENSHOTS
    folder.mkdir(parents=True, exist_ok=True)
    number = asked(visit(pictures.SMALL, script=False), site_state, "13800003001", "李秀英")
    for name, picture in PICTURES.items():
        visitor = visit(pictures.SMALL if picture.small else pictures.WIDE)
        if picture.login:
            at_work(visitor, site_state, picture.login)
        for language in LANGUAGES:
            path = picture.path.format(number=number)
            mark = "&" if "?" in path else "?"
            answer = visitor.page.goto(f"{path}{mark}lang={language}")
            assert answer is not None
            assert answer.status == 200, path
            file = folder / f"{name}-{language}.png"
            visitor.page.screenshot(path=file)
            Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True)
            assert file.stat().st_size > 4000
        visitor.context.close()
