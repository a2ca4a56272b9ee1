"""The activity log: every change this program sends, one line each, in a file that shows when it was tampered with.

`AuditLog.note` takes a line off the caller's hands; a thread writes what has gathered. Reading, checking and exporting
are functions. When what is written lasts, and why so: docs/decisions/0006-nothing-left-behind.md.
"""

import atexit
import logging
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import BinaryIO

from spoke_admin.adapters import atomic_file
from spoke_admin.adapters.audit_chain import Entry, Walk, export_end, is_entry, lines_of, link, torn_notice
from spoke_admin.adapters.audit_file import LOG, MARK, AuditFile, Snapshot, in_words
from spoke_admin.adapters.folders import data_folder
from spoke_admin.domain.error import AdminError

GATHER_SECONDS = 0.05  # after a write: what comes in them is written together, at a tenth of the cost
SETTLE_SECONDS = 0.5  # between a line in the file and one that survives a loss of power
AGAIN_SECONDS = 1.0  # before what could not be written is tried again
FAREWELL_SECONDS = 3.0
MOST_AT_ONCE = 5000  # lines of one write
MOST_WAITING = 20_000  # lines kept while the file cannot be written: some 6 MB
LINES_A_STEP = 1000  # between two words about progress
FOREIGN_BYTES = 1024 * 1024  # a file with so much and no change in it is no export

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]  # bytes done, of how many
Cancelled = Callable[[], bool]


class AuditLog:
    """Writes the log of `folder` (the data folder by default). For any thread; several programs may write at once.

    The thread that writes ends when there is nothing to write. What cannot be written is told, kept and tried again
    until `flush`.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._file = AuditFile(folder or data_folder())
        self._queue: SimpleQueue[Entry | threading.Event] = SimpleQueue()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._hurry = threading.Event()  # somebody waits until all is written
        self._lost = 0
        self._told = False  # that it cannot be written

    def note(self, entry: Entry) -> None:
        """One change. Returns at once."""
        with self._starting:
            if self._queue.qsize() >= MOST_WAITING:
                self._lost += 1
                return
            self._queue.put(entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._serve, name="activity log", daemon=True)
                self._thread.start()
                atexit.register(self.flush)

    def flush(self, seconds: float = FAREWELL_SECONDS) -> bool:
        """Waits until everything noted lasts. False when some of it could not be written in so many seconds."""
        lasts = threading.Event()
        with self._starting:
            thread = self._thread
            if thread is not None:
                self._hurry.set()
                self._queue.put(lasts)
        written = thread is None or lasts.wait(seconds)
        if thread is not None and written:
            thread.join(seconds)
        with self._starting:
            lost, self._lost = self._lost, 0
        if lost or not written:
            log.error("The activity log lacks %s.", f"{lost:,} changes" if lost else "what was changed last")
        return written and not lost

    def _serve(self) -> None:
        """Writes a line at once, what follows closely together, and makes it last half a second later."""
        lines: list[bytes] = []
        since: float | None = None  # when the oldest line that does not last yet was written
        while True:
            pause = AGAIN_SECONDS if lines else None if since is None else since + SETTLE_SECONDS - time.monotonic()
            gathered, waiting = self._gathered(pause)
            lines += gathered
            self._give_up(lines, MOST_WAITING)
            if lines and self._written(lines):
                since, lines = since or time.monotonic(), []
                if not waiting:
                    self._hurry.wait(GATHER_SECONDS)
            elif waiting:
                self._give_up(lines, 0)
            if since is not None and (waiting or time.monotonic() - since >= SETTLE_SECONDS):
                self._settle()
                since = None
            if waiting:
                self._hurry.clear()
            for lasts in waiting:
                lasts.set()
            with self._starting:
                if since is None and not lines and self._queue.empty():
                    self._thread = None
                    atexit.unregister(self.flush)
                    return

    def _gathered(self, pause: float | None) -> tuple[list[bytes], list[threading.Event]]:
        """What was noted until now, and who waits for it; at the latest after `pause` seconds."""
        lines: list[bytes] = []
        waiting: list[threading.Event] = []
        with suppress(Empty):
            item = self._queue.get(timeout=None if pause is None else max(pause, 0))
            while True:
                if isinstance(item, Entry):
                    lines.append(item.payload())
                else:
                    waiting.append(item)
                if len(lines) + len(waiting) >= MOST_AT_ONCE:
                    break
                item = self._queue.get_nowait()
        return lines, waiting

    def _give_up(self, lines: list[bytes], most: int) -> None:
        """All but so many."""
        with self._starting:
            self._lost += len(lines[most:])
        del lines[most:]

    def _written(self, lines: list[bytes]) -> bool:
        try:
            self._file.append(lines)
        except OSError as fault:
            if not self._told:
                error = in_words(fault, self._file.folder)
                words = f"{error.title} Changes are made without a record meanwhile. {error.remedy}"
                log.error("%s (%s)", words, error.detail)
            self._told = True
            return False
        self._told = False
        return True

    def _settle(self) -> None:
        try:
            self._file.settle()
        except OSError as fault:
            log.info("the activity log is written, but may not outlast a loss of power: %s", fault.strerror)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the chain of a log holds. `digest` (hex) is its end, to be kept elsewhere.

    `first_bad`: the number of the first line that is not as it was written; what follows it proves nothing. `torn`:
    lines that a kill or a loss of power left unfinished; they are told and break nothing.
    """

    verified: bool
    entries: int
    first_bad: int | None
    fault: str
    torn: int
    digest: str

    @property
    def words(self) -> str:
        """In one or two sentences."""
        if self.first_bad is not None:
            return f"The log was tampered with or damaged: line {self.first_bad:,}: {self.fault}."
        if not self.entries:
            return "Nothing was changed yet."
        torn = {0: "", 1: " One line was left unfinished by a program that was ended in the middle of it."}.get(
            self.torn, f" {self.torn:,} lines were left unfinished by programs that were ended in the middle of them."
        )
        return f"The chain holds: {self.entries:,} change{'s'[: self.entries != 1]}, none altered or missing.{torn}"


@dataclass(frozen=True, slots=True)
class Reading:
    """The last entries of the log, oldest first. `earlier`: how many stand before them."""

    entries: list[Entry]
    verdict: Verdict
    earlier: int = 0


def read(
    folder: Path | None = None,
    progress: Progress = lambda _done, _total: None,
    cancelled: Cancelled = lambda: False,
    most: int | None = None,
) -> Reading:
    """Follows the chain of the whole log, and reads its last `most` entries (None: all). Raises AdminError."""
    last: deque[bytes] = deque(maxlen=most if most is None else min(most, sys.maxsize))
    seen = 0

    def take(raw: bytes) -> None:
        nonlocal seen
        if is_entry(raw):
            seen += 1
            last.append(raw)

    snapshot = _snapshot(folder)
    walk = _walked(snapshot, take, progress, cancelled)
    earlier = seen - len(last)
    entries = [entry for raw in last if (entry := Entry.read(raw)) is not None]
    return Reading(entries, _finished(walk, snapshot), earlier)


def verify(folder: Path | None = None) -> Verdict:
    """Follows the chain of the log, and holds its end against the mark beside it. Raises AdminError."""
    snapshot = _snapshot(folder)
    return _finished(_walked(snapshot, lambda _raw: None), snapshot)


def verify_file(path: Path) -> Verdict:
    """Follows the chain of an export. Raises AdminError for what cannot be read or is none."""
    if path.resolve() == (data_folder() / LOG).resolve():
        return verify()
    try:
        if not path.is_file():
            raise AdminError(f"There is no file {path}.", "Check its name.")
        with path.open("rb") as file:
            walk = _walked_export(file, path.stat().st_size)
    except OSError as fault:
        raise AdminError(
            f"{path.name} cannot be read: {fault.strerror}.", "Check its name and who may read it.", str(path)
        ) from None
    if not walk.entries and not walk.ended:
        raise AdminError(
            f"{path.name} is no export of the activity log.",
            "Make one with `spoke-admin activity export`.",
            str(path),
        )
    walk.finish(export=True)
    return _verdict(walk)


def export(path: Path, folder: Path | None = None) -> Verdict:
    """Copies the log to `path` and ends it with a record of how many changes it holds and its last digest.

    The file is there whole or not at all. A log whose chain is broken is copied as it is. Raises AdminError.
    """
    snapshot = _snapshot(folder)
    if path.resolve() in ((own := snapshot.path.resolve()), own.with_name(MARK)):
        raise AdminError("That is the activity log itself.", "Choose another file for the copy.", str(path))
    with atomic_file.replacing(path) as stream:
        walk = _walked(snapshot, lambda raw: _copy(raw, stream))
        if walk.unfinished:
            raw = walk.unfinished
            _copy(raw, stream)
            walk.take_unfinished()
            if walk.doubtful is not None:
                _append(torn_notice(raw), walk, stream)
        verdict = _finished(walk, snapshot)
        _append(export_end(walk), walk, stream)
    return verdict


def _copy(raw: bytes, stream: BinaryIO) -> None:
    stream.write(raw + b"\n")


def _append(payload: bytes, walk: Walk, stream: BinaryIO) -> None:
    line, _ = link(payload, walk.end)
    stream.write(line)
    walk.take(line[:-1], ended=True)


def _snapshot(folder: Path | None) -> Snapshot:
    folder = folder or data_folder()
    try:
        return AuditFile(folder).snapshot()
    except OSError as fault:
        raise in_words(fault, folder) from None


def _walked(
    snapshot: Snapshot,
    take: Callable[[bytes], None],
    progress: Progress = lambda _done, _total: None,
    cancelled: Cancelled = lambda: False,
) -> Walk:
    """Follows the chain; `take` gets each whole line, without its end."""
    walk = Walk(mark=snapshot.mark)
    if not snapshot.size:
        return walk
    try:
        with snapshot.path.open("rb") as file:
            for raw, ended in lines_of(file, snapshot.size):
                walk.take(raw, ended)
                if ended:
                    take(raw)
                if walk.lines % LINES_A_STEP == 0:
                    progress(walk.size, snapshot.size)
                    if cancelled():
                        break
    except OSError as fault:
        raise in_words(fault, snapshot.path.parent) from None
    return walk


def _walked_export(file: BinaryIO, size: int) -> Walk:
    """Of a file that holds anything else, only the beginning is read."""
    walk = Walk()
    for raw, ended in lines_of(file, size):
        walk.take(raw, ended)
        if walk.size > FOREIGN_BYTES and not walk.entries:
            break
    return walk


def _finished(walk: Walk, snapshot: Snapshot) -> Verdict:
    walk.finish()
    if walk.lines and snapshot.mark is None:
        walk.lacks_mark()
    return _verdict(walk)


def _verdict(walk: Walk) -> Verdict:
    return Verdict(walk.first_bad is None, walk.entries, walk.first_bad, walk.fault, walk.torn, walk.digest.hex())
