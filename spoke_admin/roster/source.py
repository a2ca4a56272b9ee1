"""The bytes of a file of users: opened once, without waiting for pipes or devices, every fault said in words."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from spoke_admin.domain.error import AdminError

TEXT_SUFFIXES = (".csv", ".tsv", ".txt")
WORKBOOK_SUFFIXES = (".xlsx", ".xlsm")
WORKBOOK_STARTS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # a zip; the container of old and of locked workbooks


@dataclass(frozen=True, slots=True)
class Source:
    """An open, ordinary, non-empty file. `size` in bytes when it was opened."""

    path: Path
    file: BinaryIO
    size: int
    changed_at: int  # nanoseconds, as the file system tells

    def refuse_if_changed(self) -> None:
        """Raises AdminError when the file was written to since it was opened: what was read may be half a row."""
        status = os.fstat(self.file.fileno())
        if (status.st_size, status.st_mtime_ns) != (self.size, self.changed_at):
            raise AdminError(
                f"{self.path} was changed while it was read.", "Wait until it is complete, then check it again."
            )


@contextmanager
def opened(path: Path) -> Iterator[Source]:
    """Opens a file for reading. Raises AdminError: missing, a folder, no ordinary file, empty; later: unreadable."""
    try:
        handle = _open(path)
    except ValueError as fault:  # a name with NUL in it
        raise _unreadable(path, str(fault)) from None
    try:
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            _refuse_unless_ordinary(path, status)
            yield Source(path, file, status.st_size, status.st_mtime_ns)
    except OSError as fault:
        raise _unreadable(path, fault.strerror or str(fault)) from None


def _open(path: Path) -> int:
    try:
        _refuse_unless_ordinary(path, path.stat())
        # a pipe that took the file's place in between must not hold us up
        return os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise AdminError(f"There is no file {path}.", "Check the name, or choose the file again.") from None
    except OSError as fault:
        raise _unreadable(path, fault.strerror or str(fault)) from None


def _unreadable(path: Path, reason: str) -> AdminError:
    return AdminError(f"{path} cannot be read.", "Check that it is there and who may read it.", reason)


def _refuse_unless_ordinary(path: Path, status: os.stat_result) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise AdminError(f"{path} is a folder.", "Choose the CSV file inside it.")
    if not stat.S_ISREG(status.st_mode):
        raise AdminError(f"{path} is not an ordinary file.", "Save what it delivers as a file first, then choose that.")
    if status.st_size == 0:
        raise empty(path)


def holds_workbook(source: Source, sheet: str | None = None) -> bool:
    """Whether it is to be read as a workbook. Leaves the file at its beginning.

    Raises AdminError where the file's name and what it holds differ, and for a `sheet` of a file that has none.
    """
    workbook = source.file.read(4) in WORKBOOK_STARTS
    source.file.seek(0)
    suffix = source.path.suffix.lower()
    if workbook and suffix not in TEXT_SUFFIXES:
        return True
    if not workbook and suffix in WORKBOOK_SUFFIXES:
        raise AdminError(
            f"{source.path} is no workbook, although its name ends in {suffix}.",
            "If it is a text file, give its name the ending .csv; otherwise save it as .xlsx again.",
        )
    if sheet is not None:
        raise AdminError(f"{source.path} has no sheet {sheet}: it is no workbook.", "Leave the sheet out.")
    return False


def empty(path: Path) -> AdminError:
    return AdminError(f"{path} is empty.", "Choose a file with a header and a row for each user.")
