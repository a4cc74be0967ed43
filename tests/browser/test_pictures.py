"""The guides show pages as they are: every picture is made here, and none is named that is not."""

import os
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from PIL import Image

from gateway.access import Actor
from gateway.overlay import CLOCK, fields_of
from gateway.proposals import Wanted, propose
from gateway.state import State
from models.transaction import acting
from models.vocabulary import Role
from referral.directory import ZONE
from tests.browser import pictures
from tests.browser.conftest import SCREENSHOTS, Visitor, telephone
from tests.browser.pictures import GUIDES, KEEP, KEPT, LANGUAGES, PICTURES
from tests.browser.test_bureau_pages import asked, at_work

Visit = Callable[..., Visitor]
ROLES = ("citizen", "operator", "bureau", "grid-worker", "supervisor", "administrator")
NAMED = re.compile(r"!\[[^\]]+\]\(\.\./pictures/([^)]+)\)")
COLOURS = 64
LOCALES = pictures.ROOT / "models/locales"
WORDS = (
    "我父亲一个人住，家里断粮两天了，摔了一跤下不了床，在南门街道和平社区",
    "房顶被大风掀了，今晚没地方住，青山镇青山村",
    "想问高龄津贴要带什么材料，我在石桥镇",
)


def guides() -> dict[Path, list[str]]:
    return {path: NAMED.findall(path.read_text("utf-8")) for path in GUIDES.glob("*/*.md")}


@pytest.mark.quick
def test_every_role_has_a_guide_in_both_languages_with_pictures() -> None:
    found = {f"{path.parent.name}/{path.stem}": names for path, names in guides().items()}
    assert set(found) == {f"{tag}/{role}" for tag in LANGUAGES for role in ROLES}
    for name, shown in found.items():
        assert shown, name
        language = name.partition("/")[0]
        assert all(one.endswith(f"-{language}.png") for one in shown), name


@pytest.mark.quick
def test_a_guide_names_only_pictures_that_are_made_and_kept() -> None:
    named = {name for names in guides().values() for name in names}
    assert named == set(pictures.files())
    assert {path.name for path in KEPT.glob("*")} == named


QUOTED = re.compile(r"“([^”]+)”")


@pytest.mark.quick
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_guide_quotes_stands_on_a_page(language: str) -> None:
    said = "\n".join(path.read_text("utf-8") for path in (LOCALES / language).glob("*.toml"))
    quoted = {
        (path.stem, words)
        for path in (GUIDES / language).glob("*.md")
        for words in QUOTED.findall(path.read_text("utf-8"))
    }
    assert quoted
    assert [one for one in sorted(quoted) if one[1] not in said] == []


def waiting_at_the_desk(visit: Visit) -> str:
    """Three more who ask for help; the number of one who is in danger."""
    numbers = []
    for words in WORDS:
        citizen = visit(pictures.SMALL, script=False)
        citizen.ask(words, 手机号=telephone())
        numbers.append(citizen.page.locator("#number").inner_text())
        citizen.context.close()
    return numbers[0]


def proposed(state: State) -> None:
    """A change of a clock that waits for a second person."""
    office, now = state.offices.current(), state.now()
    officer = office.directory.officer["admin01"]
    actor = Actor(officer.login, Role(officer.role), officer.unit, officer.area)
    fields = fields_of(CLOCK, office.policy.clock("CLK-SIGN"))
    day = now.astimezone(ZONE).date() + timedelta(days=30)
    wanted = Wanted(
        CLOCK, "CLK-SIGN", {**fields, "amount": 2.0}, "本县办法第六条", "L", day, "与市里统一"
    )
    with acting(state.database, state.mint) as tx:
        propose(tx, state.offices.overlay, office.directory, wanted, actor, now)


@pytest.mark.browser
@pytest.mark.parametrize("language", ["zh-CN", pytest.param("en", marks=pytest.mark.thorough)])
def test_every_picture_is_made(visit: Visit, site_state: State, language: str) -> None:
    keep = os.environ.get(KEEP) == "1"
    folder = KEPT if keep else SCREENSHOTS
    folder.mkdir(parents=True, exist_ok=True)
    number = asked(visit(pictures.SMALL, script=False), site_state, name="李秀英")
    urgent = waiting_at_the_desk(visit)
    proposed(site_state)
    for name, picture in PICTURES.items():
        visitor = visit(pictures.SMALL if picture.small else pictures.WIDE)
        if picture.login:
            at_work(visitor, site_state, picture.login)
        path = picture.path.format(number=number, urgent=urgent)
        mark = "&" if "?" in path else "?"
        answer = visitor.page.goto(f"{path}{mark}lang={language}")
        assert answer is not None
        assert answer.status == 200, path
        file = folder / f"{name}-{language}.png"
        visitor.page.screenshot(path=file, caret="initial")
        Image.open(file).convert("RGB").quantize(COLOURS).save(file, optimize=True)
        assert file.stat().st_size > 4000
        visitor.context.close()
