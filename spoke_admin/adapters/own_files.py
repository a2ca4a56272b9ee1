"""What this program's own journals and notes need of a file: to be alone with it, and to last. And times in them."""

import errno
import os
import sys
from datetime import datetime
from pathlib import Path


def lock(handle: int, *, wait: bool) -> None:
    """Locks an open file for this process alone, until it is closed or the process ends, also when that is killed.

    Raises OSError when another one holds it: at once, or with `wait` on Windows after ten seconds, elsewhere never.
    """
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def sync_folder(folder: Path) -> None:
    """Makes new or changed names in it last through a loss of power; Windows has no such call. Raises OSError."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as fault:
        if fault.errno not in (errno.EINVAL, errno.ENOTSUP):  # file systems that cannot sync a folder
            raise
    finally:
        os.close(handle)


def aware_time(text: object) -> datetime | None:
    """A time in ISO 8601 with its zone; None for anything else."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
