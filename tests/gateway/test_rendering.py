"""Templates are compiled when it disturbs nobody, and once."""

import sys
from pathlib import Path

import pytest
from jinja2 import Environment, FileSystemLoader

from gateway.web import rendering


@pytest.fixture
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of templates whose compiled code is kept, and kept beside it."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", None)
    folder = tmp_path / "templates"
    folder.mkdir()
    (folder / "page.html").write_text("one {{ name }}", encoding="utf-8")
    return folder


def said(templates: Path) -> str:
    """The page as a process says it that has just begun."""
    cache = rendering._Compiled.beside(templates)
    page = Environment(loader=FileSystemLoader(templates), bytecode_cache=cache, autoescape=True)
    return page.get_template("page.html").render(name="page")


def kept(templates: Path) -> list[Path]:
    return list((templates.parent / "__pycache__").glob("*.cache"))


def test_every_template_is_ready_before_anybody_asks() -> None:
    cache = rendering._TEMPLATES.cache
    assert cache is not None
    cache.clear()  # what pages of other tests left there
    rendering.compile_now()
    templates = rendering.HERE / "templates"
    there = {str(file.relative_to(templates)) for file in templates.rglob("*.html")}
    assert there <= {name for _, name in cache}


def test_the_next_process_compiles_nothing(templates: Path) -> None:
    assert said(templates) == "one page"
    (file,) = kept(templates)
    before = file.stat().st_mtime_ns
    assert said(templates) == "one page"
    assert file.stat().st_mtime_ns == before


def test_a_changed_template_is_compiled_anew(templates: Path) -> None:
    said(templates)
    (templates / "page.html").write_text("two {{ name }}", encoding="utf-8")
    assert said(templates) == "two page"


@pytest.mark.parametrize("left", [0, 8, 15, 40, 100])
def test_compiled_code_that_ends_in_the_middle_is_made_again(templates: Path, left: int) -> None:
    said(templates)
    (file,) = kept(templates)
    whole = file.read_bytes()
    file.write_bytes(whole[:left])
    assert said(templates) == "one page"
    assert file.read_bytes() == whole


def test_where_nothing_can_be_written_pages_are_shown_all_the_same(templates: Path) -> None:
    (templates.parent / "__pycache__").write_text("a file where the folder would be")
    assert said(templates) == "one page"
