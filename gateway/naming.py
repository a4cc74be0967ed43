"""A complete file gets its name once, whoever else wants the name at the same moment."""

import fcntl
import os
from pathlib import Path


def once(part: Path, path: Path) -> None:
    """Let a complete file be found under its name, on the disk too; nothing is overwritten, and
    whatever is found there is complete. Raises ``FileExistsError`` when the name is taken.

    A second name is given where the file system knows such; exFAT and some mounted folders do not.
    There those who come at once queue up for the folder, and who dies in the queue leaves it.
    """
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        try:
            os.link(part, path)
        except FileExistsError:
            raise
        except OSError:
            fcntl.flock(folder, fcntl.LOCK_EX)
            if path.exists():
                raise FileExistsError(path) from None
            part.rename(path)
    finally:
        os.fsync(folder)  # for who comes second too: the first one may not be there yet
        os.close(folder)
