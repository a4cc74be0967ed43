"""``huiyin backup FILE``"""

from pathlib import Path

from gateway import backups
from gateway.settings import load, utc_now
from gateway.state import open_current
from models import assurances
from models.processes import enlist
from models.transaction import acting


def run(*, file: Path, key_file: Path | None) -> int:
    """Write the file and say what is in it and which key opens it."""
    settings = load()
    key = backups.key_of(settings, key_file)
    if file.exists():
        raise ValueError(f"{file} exists already; a backup never overwrites another file")
    if not file.absolute().parent.is_dir():
        raise ValueError(f"{file.parent}: there is no such folder")
    database = open_current(settings)
    try:
        now = utc_now()
        made = backups.write(settings, database, file, key, now)
        with acting(database, enlist(database, "backup", now)) as tx:
            assurances.tell(
                tx, "backup", now, holds=True, figures={"rows": made.rows, "bytes": made.size}
            )
            tx.event("backed_up", at=now, seq=made.seq, rows=made.rows, key=made.key)
    finally:
        database.close()
    print(
        f"{file}: {made.rows} rows and the settings, {made.size / 1e6:.1f} MB in "
        f"{made.seconds:.1f} s; ledger up to entry {made.seq}\n"
        f"key {made.key}: keep it elsewhere, without it the file cannot be read\n"
        "not in the file: that key, sessions, HUIYIN_DATABASE_URL and _KEY, the folder of "
        "HUIYIN_PROFILE_DIR, learned models"
    )
    return 0
