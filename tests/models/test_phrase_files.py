"""The files of phrases are one book: two files must not give different words to one name."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import models

LOCALES = Path(models.__file__).parent / "locales"


def names(table: dict[str, Any], before: str = "") -> Iterator[str]:
    for key, value in table.items():
        name = f"{before}.{key}" if before else key
        if isinstance(value, dict):
            yield from names(value, name)
        else:
            yield name


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_phrase_is_written_in_two_files(language: str) -> None:
    """The later file would silently change what the earlier one says, and its placeholders."""
    found = Counter(
        name
        for path in sorted((LOCALES / language).glob("*.toml"))
        for name in names(tomllib.loads(path.read_text("utf-8")))
        if not name.startswith("_longest")
    )
    assert [name for name, count in found.items() if count > 1] == []
