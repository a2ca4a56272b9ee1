"""The file of the activity log: append-only, shared by every program of this person, whole after any kill.

Beside it lies a small file, the mark: how long the log was known to be, and its digest there. It is the lock as well.
"""

import errno
import json
import os
import stat
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from spoke_admin.adapters import own_files
from spoke_admin.adapters.audit_chain import End, Notice, Walk, holds, lines_of, link, notice, torn_notice
from spoke_admin.domain.error import AdminError

LOG, MARK = "activity.log", "activity.mark"
MARK_BYTES = 160
LOCK_SECONDS = 5.0
LOCK_BREATH = 0.002
NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The log as it was at one moment: its first `size` bytes. `mark` None: there is none, or it cannot be read."""

    path: Path
    size: int
    mark: End | None


class AuditFile:
    """The log in `folder`. Blocking; for one thread at a time. OSError where it cannot be read or written.

    Each append continues the chain where any program left it: a line torn by a kill is told by a notice behind it, and
    so is a tail that was cut off or altered, which no later line makes good.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._left: End | None = None  # where this object's last append ended
        self._is_new = False

    def append(self, payloads: Sequence[bytes]) -> None:
        """Writes lines, in order, at once. They outlast this process; after `settle` a loss of power, too."""
        if self._left is None:
            self._make_private()
        with self._locked(os.O_RDWR | os.O_CREAT) as lock, self._opened(os.O_RDWR | os.O_APPEND | os.O_CREAT) as log:
            size = os.fstat(log).st_size
            start, before, end = self._found(log, size, lock)
            data = [start]
            for payload in [*before, *payloads]:
                line, end = link(payload, end)
                data.append(line)
            _write(log, size, b"".join(data))
            self._left = end

    def settle(self) -> None:
        """What this object appended lasts through a loss of power, and cannot be cut off unseen. Harmless twice."""
        left = self._left
        if left is None:
            return
        with self._opened(os.O_RDWR) as log:
            _sync(log)
            if self._is_new:
                own_files.sync_folder(self.folder)
                self._is_new = False
            with self._locked(os.O_RDWR) as lock:
                mark = _read_mark(lock)
                if (mark is None or mark.size < left.size) and _ends_there(log, left):
                    _write_mark(lock, left)

    def snapshot(self) -> Snapshot:
        """The log as it is now, to be read. Makes no file."""
        path = self.folder / LOG
        try:
            with self._locked(os.O_RDONLY) as lock:
                return Snapshot(path, _size(path), _read_mark(lock))
        except FileNotFoundError:
            return Snapshot(path, _size(path), None)

    def _found(self, log: int, size: int, lock: int) -> tuple[bytes, list[bytes], End]:
        """What is to be written before the next line: an end of line, notices; and the end they follow."""
        if self._left is not None and self._left.size == size and _ends_there(log, self._left):
            return b"", [], self._left  # nobody else wrote
        mark = _read_mark(lock)
        if size == 0 and mark is None:
            _write_mark(lock, End())
            os.fsync(lock)  # from now on a missing mark tells something
            self._is_new, mark = True, End()
        known = max((it for it in (self._left, mark) if it is not None), key=lambda it: it.size, default=None)
        if known is not None and known.size <= size and _ends_there(log, known):
            walk = _walked(log, known, size)
            if walk.first_bad is None:
                return _continued(walk)
            kind = Notice.ALTERED
        else:
            kind = Notice.MARK_LOST if known is None else Notice.CUT if size < known.size else Notice.ALTERED
        walk = _walked(log, End(), size)
        lines = walk.lines + bool(walk.unfinished)
        ends = _read_at(log, size - 1, 1) in (b"\n", b"")
        told = notice(kind, {"lines": lines, "known_lines": known.lines if known else None})
        return b"" if ends else b"\n", [told], End(size if ends else size + 1, lines, walk.digest)

    def _make_private(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if sys.platform != "win32" and stat.S_IMODE(self.folder.stat().st_mode) & 0o077:
            self.folder.chmod(0o700)

    @contextmanager
    def _opened(self, flags: int) -> Iterator[int]:
        handle = _open(self.folder / LOG, flags)
        try:
            yield handle
        finally:
            os.close(handle)

    @contextmanager
    def _locked(self, flags: int) -> Iterator[int]:
        """The mark, while no other program writes. Ends with the process that holds it, also when that is killed."""
        handle = _open(self.folder / MARK, flags)
        try:
            _lock(handle)
            yield handle
        finally:
            os.close(handle)


def _continued(walk: Walk) -> tuple[bytes, list[bytes], End]:
    """Behind a log that is as it was left, but for a last line that a kill may have torn."""
    raw = walk.unfinished
    if not raw:
        return b"", [], walk.end
    if holds(raw, walk.digest):
        walk.take_unfinished()
        return b"\n", [], walk.end
    return b"\n", [torn_notice(raw)], replace(walk.end, size=walk.size + len(raw) + 1, lines=walk.lines + 1)


def _walked(log: int, start: End, size: int) -> Walk:
    walk = Walk(start)
    with os.fdopen(os.dup(log), "rb") as file:
        file.seek(start.size)
        for raw, ended in lines_of(file, size - start.size):
            walk.take(raw, ended)
    if walk.first_bad is None and walk.doubtful:
        walk.finish()
    return walk


def _ends_there(log: int, end: End) -> bool:
    """Whether a line with the digest of `end` ends at its place."""
    tail = end.digest.hex().encode() + b'"}\n'
    return end.size == 0 or _read_at(log, end.size - len(tail), len(tail)) == tail


def _open(path: Path, flags: int) -> int:
    handle = os.open(path, flags | NO_FOLLOW, 0o600)
    if sys.platform != "win32" and flags & os.O_CREAT and stat.S_IMODE(os.fstat(handle).st_mode) & 0o077:
        os.fchmod(handle, 0o600)
    return handle


def _lock(handle: int) -> None:
    """Waits for the lock, but not for a program that was stopped while it held it.

    In short breaths, on the thread that writes: flock has no deadline, and one that waits in the kernel could only be
    left behind in a thread of its own, with the lock to be given back whenever it comes. Nobody holds it longer than
    one write takes, 0.1 ms for a line.
    """
    until = time.monotonic() + LOCK_SECONDS
    while True:
        try:
            own_files.lock(handle, wait=False)
        except OSError as fault:
            if fault.errno not in (errno.EWOULDBLOCK, errno.EACCES) or time.monotonic() > until:
                raise
            time.sleep(LOCK_BREATH)
        else:
            return


def _write(log: int, size: int, data: bytes) -> None:
    """All of it or nothing: what a full disk took of it is taken back."""
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[os.write(log, rest) :]
    except OSError:
        os.ftruncate(log, size)
        raise


def _read_at(handle: int, place: int, size: int) -> bytes:
    os.lseek(handle, max(place, 0), os.SEEK_SET)
    return os.read(handle, size)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _sync(handle: int) -> None:
    if sys.platform == "linux":
        os.fdatasync(handle)
    else:
        os.fsync(handle)


def _read_mark(handle: int) -> End | None:
    try:
        told: Any = json.loads(_read_at(handle, 0, 2 * MARK_BYTES))
        end = End(int(told["size"]), int(told["lines"]), bytes.fromhex(told["digest"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return end if len(end.digest) == 32 and end.size >= 0 and end.lines >= 0 else None


def _write_mark(handle: int, end: End) -> None:
    """In its place, always as long: a file system writes so few bytes wholly or not at all."""
    told = json.dumps({"size": end.size, "lines": end.lines, "digest": end.digest.hex()})
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, told.ljust(MARK_BYTES - 1).encode() + b"\n")


def in_words(fault: OSError, folder: Path) -> AdminError:
    """A log that cannot be read or written."""
    if fault.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK) and fault.filename is None:
        return AdminError(
            "Another program has held the activity log for some seconds.",
            "End other windows and commands of Spoke Admin that hang, then try again.",
            str(folder),
        )
    return AdminError(
        f"The activity log cannot be used: {fault.strerror or type(fault).__name__}.",
        "Check the space on the disk and who may write to the folder.",
        str(folder),
    )
