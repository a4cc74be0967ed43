"""``huiyin import``: what a county holds, and lists of others, out of spreadsheets."""

import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TextColumn, TimeElapsedColumn

from gateway import import_files, import_notices, import_undo, importing
from gateway.import_kinds import KINDS, ROSTERS, WARNINGS, Fault
from gateway.offices import Offices, Rules
from gateway.settings import load, utc_now
from gateway.sheets import BadSheet
from gateway.state import open_current
from models.db import Database
from models.phrases import Phrasebook
from models.processes import enlist
from models.vocabulary import Form
from referral.casework import Refusal
from referral.office import Office
from referral.visiting import today

SHOWN = 20
BY = "import"
COMMANDED = ("households", "staff", "areas", "units", ROSTERS, WARNINGS)


def run(
    *, what: str, file: Path | None, dry_run: bool, errors: Path | None, template: Path | None,
    undo: str, strict: bool,
) -> int:  # fmt: skip
    """Read a file in, write a template, or undo. ValueError in one sentence for bad arguments."""
    if what not in COMMANDED:
        raise ValueError(f"nothing is called {what!r}; there are {', '.join(COMMANDED)}")
    settings = load()
    rules = Rules.load(settings.profile, settings.profile_dir)
    phrases = rules.phrases
    if template is not None:
        if template.suffix.lower() != ".xlsx":
            raise ValueError(f"--template {template}: it is a spreadsheet; name a file.xlsx")
        drop_downs = import_files.choices(rules.policy, what)
        template.write_bytes(import_files.template(what, drop_downs, about(phrases, what)))
        return 0
    database = open_current(settings)
    try:
        mint = enlist(database, "import", utc_now())
        if undo:
            return _undo(database, mint, phrases, undo)
        if file is None:
            raise ValueError("name the file to read, or --template OUT, or --undo ID")
        office = Offices(database, settings, rules, {}).current()
        return _read(database, mint, office, what, file, dry_run, errors, strict)
    finally:
        database.close()


def _read(
    database: Database, mint: Callable[[], int], office: Office, what: str, file: Path,
    dry_run: bool, errors: Path | None, strict: bool,
) -> int:  # fmt: skip
    phrases = office.phrases
    codes = importing.codes_of(office, on=today(utc_now()))
    say = sayer(phrases)
    try:
        looked = importing.look(what, file.name, file.read_bytes(), codes)
        importing.compare(database, looked, codes, BY)
    except BadSheet as error:
        raise ValueError(phrases.say(error.key, error.params, Form.FULL, "en")) from None
    notices = import_notices.of(database, looked, codes)
    for one in (*looked.faults[:SHOWN], *notices[:SHOWN]):
        sheet = looked.table.sheet
        print(
            f"{file.name}:{sheet}:{one.line}: {one.column} {one.value!r}: {say(one)}",
            file=sys.stderr,
        )
    if len(looked.faults) > SHOWN:
        print(f"... and {len(looked.faults) - SHOWN} more; see --errors OUT", file=sys.stderr)
    if len(notices) > SHOWN:
        print(f"... and {len(notices) - SHOWN} more households with another head", file=sys.stderr)
    if errors is not None and looked.faults:
        import_files.faulty(looked, say, errors)
    good = looked.lines - len(looked.bad)
    if dry_run or (strict and looked.bad) or not looked.lines:
        print(f"{good} lines can be read in, {len(looked.bad)} are faulty; nothing was written")
        return 1 if looked.bad or not looked.lines else 0
    with Progress(
        *Progress.get_default_columns(),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    ) as progress:
        bar = progress.add_task(what, total=good)
        try:
            batch, written, stood = importing.write(
                database, mint, looked, codes, by=BY, now=utc_now, office=office,
                advance=lambda n: progress.advance(bar, n),
            )  # fmt: skip
        except Refusal as refusal:
            raise ValueError(phrases.say(refusal.key, refusal.params, Form.FULL, "en")) from None
    print(
        f"{written} written, {stood} stood already, {len(looked.bad)} faulty; within 24 h: "
        f"huiyin import {what} --undo {batch}"
    )
    return 1 if looked.bad else 0


def _undo(database: Database, mint: Callable[[], int], phrases: Phrasebook, batch: str) -> int:
    if not batch.isdecimal():
        raise ValueError(f"--undo {batch!r} is no number of an import")
    try:
        count = import_undo.undo(database, mint, int(batch), BY, utc_now())
    except Refusal as refusal:
        raise ValueError(phrases.say(refusal.key, refusal.params, Form.FULL, "en")) from None
    print(f"{count} lines undone")
    return 0


def sayer(phrases: Phrasebook, language: str = "zh-CN") -> Callable[[Fault], str]:
    """What a fault says, in a language."""

    def say(fault: Fault) -> str:
        return phrases.say(fault.key, dict(fault.params), Form.FULL, language)

    return say


def about(phrases: Phrasebook, kind: str) -> list[str]:
    """The page that explains the template."""
    needed = "、".join(column.heading for column in KINDS[kind] if column.required)
    return phrases.say("import.about", {"needed": needed}, Form.FULL, "zh-CN").split("\n")
