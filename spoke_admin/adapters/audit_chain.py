"""The lines of the activity log, each tied to the one before it, so that no line can be changed, lost or moved unseen.

A line is one JSON object. Its last member "chain" is the SHA-256, in hex, of the chain before it (32 bytes, zeros at
the start) and of the line's own bytes up to that member. Three kinds of lines: a change; a notice of what happened to
the log itself; the end of an export. Why so: docs/decisions/0006-nothing-left-behind.md.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from sys import intern
from typing import Any, BinaryIO, Self

START = bytes(32)
MARK = b',"chain":"'
TAIL = len(MARK) + 64 + 2  # the member itself, and the end of the object
LONGEST_LINE = 16 * 1024  # bytes; ours are far shorter
ENTRY = b'{"time":"'
NOTICE = b'{"notice":"'
UNLIKE = "it is not as it was written, or a line before it is missing"


class Notice(StrEnum):
    """What happened to the log itself."""

    TORN = "torn"  # the line before was not finished: the program or the computer ended in the middle of it
    CUT = "cut"  # lines at its end, which had been kept, were gone
    ALTERED = "altered"  # what had been written was not as it had been left
    MARK_LOST = "mark_lost"  # the record of its length was gone, so that nobody can tell whether lines were cut off
    END = "end"  # of an export


FAULTS = {
    Notice.CUT: "lines before it had been cut off",
    Notice.ALTERED: "lines before it had been altered",
    Notice.MARK_LOST: "the record of how long the log is was taken away, so lines may have been cut off",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One change, sent or made in the keychain. `time`: UTC, ISO 8601 to the millisecond, when its answer came.

    `method` is that of HTTP, or what was done in the keychain; `path` a template such as "/scim/v2/Users/{id}";
    `person` the userName that is meant, None where none is or none is known; `status` the HTTP status, None without an
    answer and for the keychain; `seconds` how long the answer took.
    """

    time: str
    method: str
    host: str
    path: str
    person: str | None
    result: str
    status: int | None
    seconds: float

    def payload(self) -> bytes:
        return _payload({name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def read(cls, raw: bytes) -> Self | None:
        """The entry of a line, whether its chain holds or not; None for any other line."""
        if not is_entry(raw):
            return None
        try:
            told = json.loads(raw)
            person, status = told["person"], told["status"]
            method, host, path, result = (intern(str(told[name])) for name in ("method", "host", "path", "result"))
            return cls(
                str(told["time"]), method, host, path, None if person is None else str(person), result,
                None if status is None else int(status), float(told["seconds"]),
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class End:
    """Where a chain ends: after so many bytes and lines, with this digest."""

    size: int = 0
    lines: int = 0
    digest: bytes = START


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def notice(kind: Notice, facts: Mapping[str, Any]) -> bytes:
    """The payload of a notice."""
    return _payload({"notice": kind.value, "time": now(), **facts})


def torn_notice(raw: bytes) -> bytes:
    """What is written behind a line that was not finished: it stays, and is told from one that was altered later."""
    return notice(Notice.TORN, {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()})


def _payload(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def link(payload: bytes, end: End) -> tuple[bytes, End]:
    """The line of a payload (a JSON object) behind `end`, and where the chain ends with it."""
    body = payload[:-1]
    digest = hashlib.sha256(end.digest + body).digest()
    line = b"".join((body, MARK, digest.hex().encode(), b'"}\n'))
    return line, End(end.size + len(line), end.lines + 1, digest)


def lines_of(file: BinaryIO, size: int) -> Iterator[tuple[bytes, bool]]:
    """The lines of the next `size` bytes, and whether each is ended. What is too long for a line comes in pieces."""
    left = size
    while left > 0 and (raw := file.readline(min(left, LONGEST_LINE))):
        left -= len(raw)
        yield raw.removesuffix(b"\n"), raw.endswith(b"\n")


class Walk:
    """Follows a chain line by line from `end`. `first_bad` is the number of the first line that does not fit.

    `mark` is where the chain is known to have come to: a log that ends before it was cut.
    """

    def __init__(self, end: End | None = None, mark: End | None = None) -> None:
        end = end or End()
        self.size, self.lines, self.digest = end.size, end.lines, end.digest
        self.entries = self.torn = 0
        self.first_bad: int | None = None
        self.fault = ""
        self.ended = False  # by the record of an export
        self.unfinished = b""  # the last line, as long as its end is missing
        self._mark = mark
        self.doubtful: bytes | None = None  # a line that does not fit, until the next one says whether it was torn

    @property
    def end(self) -> End:
        return End(self.size, self.lines, self.digest)

    def take(self, raw: bytes, ended: bool) -> None:
        """The next line, without its end; or a piece of one that is too long to be ours."""
        if self.unfinished:
            self._bad(self.lines + 1, "it is longer than any line of this log")
        if not ended:
            self.unfinished = raw
            return
        self.unfinished = b""
        self.lines += 1
        self.size += len(raw) + 1
        self.entries += is_entry(raw)
        if self.first_bad is None:
            self._follow(raw)
            self._hold_against_mark()

    def _follow(self, raw: bytes) -> None:
        fits = holds(raw, self.digest)
        kind = _kind(raw) if fits else None
        if self.doubtful is not None:
            if kind is not Notice.TORN or hashlib.sha256(self.doubtful).hexdigest().encode() not in raw:
                self._bad(self.lines - 1, UNLIKE)
                return
            self.entries -= is_entry(self.doubtful)
            self.torn += 1
            self.doubtful = None
        elif not fits:
            self.doubtful = raw
            return
        elif kind is Notice.TORN:
            self._bad(self.lines, "the unfinished line before it was taken away")
        elif kind in FAULTS:
            self._bad(self.lines, FAULTS[kind])
        elif self.ended:
            self._bad(self.lines, "it stands behind the end of the export")
        elif kind is Notice.END:
            self._end_of_export(raw)
            return
        self.digest = bytes.fromhex(raw[-66:-2].decode())

    def _end_of_export(self, raw: bytes) -> None:
        if f'"entries":{self.entries},"digest":"{self.digest.hex()}"'.encode() not in raw:
            self._bad(self.lines, "the record at the end counts other lines")
        self.ended = True

    def _hold_against_mark(self) -> None:
        mark = self._mark
        if mark is None or not mark.lines or mark.lines != self.lines:
            return
        if self.doubtful is not None or self.end != mark:
            self._bad(self.lines, UNLIKE)

    def finish(self, *, export: bool = False) -> None:
        """No line follows."""
        if self.unfinished and holds(self.unfinished, self.digest):  # only the end of its line is missing
            self.take_unfinished()
        if self.doubtful is not None:
            self._bad(self.lines, UNLIKE)
        if self._mark is not None and self.lines < self._mark.lines:
            self._bad(self.lines + 1, "it and what followed were cut off")
        if export and not self.ended:
            self._bad(self.lines + 1, "the end of the export is missing")

    def lacks_mark(self) -> None:
        """There is no mark, so that lines at the end may have been cut off unseen."""
        self._bad(self.lines + 1, FAULTS[Notice.MARK_LOST])

    def take_unfinished(self) -> None:
        """The unfinished line is taken as whole."""
        raw, self.unfinished = self.unfinished, b""
        self.take(raw, ended=True)

    def _bad(self, line: int, fault: str) -> None:
        if self.first_bad is None:
            self.first_bad, self.fault = line, fault


def export_end(walk: Walk) -> bytes:
    """The payload of an export's last line."""
    return _payload({"notice": Notice.END.value, "time": now(), "entries": walk.entries, "digest": walk.digest.hex()})


def is_entry(raw: bytes) -> bool:
    """Whether a line, whole or not, is that of a change."""
    return raw.startswith(ENTRY)


def holds(raw: bytes, before: bytes) -> bool:
    """Whether a line is all there and follows the chain `before` it."""
    if len(raw) <= TAIL or raw[-TAIL : len(MARK) - TAIL] != MARK or not raw.endswith(b'"}'):
        return False
    return hashlib.sha256(before + raw[:-TAIL]).hexdigest().encode() == raw[-66:-2]


def _kind(raw: bytes) -> Notice | None:
    if not raw.startswith(NOTICE):
        return None
    try:
        return Notice(raw[len(NOTICE) :].partition(b'"')[0].decode("ascii", "replace"))
    except ValueError:
        return None
