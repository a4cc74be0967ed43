"""The two front pages say the same: every command, setting, address and file of one is in both."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENGLISH, CHINESE = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))
COMMAND = re.compile(r"`huiyin ([a-z]+(?: [a-z]+)?)(?=[ `\[])")
SETTING = re.compile(r"HUIYIN_[A-Z_]*[A-Z]\b")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
FILE = re.compile(r"\]\((?!http)([^)#]+)\)")


def test_both_front_pages_name_the_same_commands_options_and_settings() -> None:
    for what in (COMMAND, SETTING, OPTION):
        assert set(what.findall(ENGLISH)) == set(what.findall(CHINESE)), what.pattern


def test_both_front_pages_name_only_files_that_exist() -> None:
    for text in (ENGLISH, CHINESE):
        assert [name for name in FILE.findall(text) if not (ROOT / name).exists()] == []


def test_both_front_pages_name_every_profile_and_every_file_that_a_county_may_lay_over() -> None:
    rules = ROOT / "referral"
    profiles = [one.name for one in (rules / "profiles").iterdir() if one.is_dir()]
    files = [one.stem for one in (rules / "rules").glob("*.toml")]
    for text in (ENGLISH, CHINESE):
        assert [name for name in profiles if f"`{name}`" not in text and name[0] != "_"] == []
        said = text[text.index("  clocks.toml  ") : text.index("  calendars/")]
        assert set(re.findall(r"[a-z]{4,}", said)) >= set(files)
