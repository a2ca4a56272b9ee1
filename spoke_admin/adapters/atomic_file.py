"""Files that are whole at every moment: written beside, synced, renamed; until then the old one stays."""

import contextlib
import errno
import os
import sys
import tempfile
from pathlib import Path

from spoke_admin.domain.error import AdminError

BESIDE = ".new"


def write(path: Path, data: bytes) -> None:
    """Replaces the file, readable by its owner alone (0600). The folder must exist; a link's target is replaced.

    Raises AdminError naming the file and the reason; then the old file is there unchanged, unless only the last sync
    failed.
    """
    target = Path(os.path.realpath(path))
    try:
        _write(target, data)
    except OSError as fault:
        raise AdminError(
            f"{path.name} could not be saved: {fault.strerror or type(fault).__name__}.",
            f"Check the space on the disk and who may write to {target.parent}.",
            str(path),
        ) from None


def _write(target: Path, data: bytes) -> None:
    handle, beside = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=BESIDE)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, target)  # noqa: PTH105  # text paths: mkstemp gave one
    except BaseException:
        with contextlib.suppress(OSError):
            Path(beside).unlink()
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Makes the rename itself last through a loss of power; Windows has no such call."""
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


def remove_leftovers(path: Path) -> None:
    """Removes what killed writes of this file left beside it. Only for those who let one write at a time."""
    target = Path(os.path.realpath(path))
    for leftover in target.parent.glob(f".{target.name}.*{BESIDE}"):
        with contextlib.suppress(OSError):
            leftover.unlink()
