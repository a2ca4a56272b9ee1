"""What the doctor makes at a service, on the disk before it is sent, so that nothing stays there after a kill.

One file for each base URL in the data folder: a JSON object a line, synced as it is written. A line that was cut short
counts as not written: its request never went out. The file goes when nothing in it is open any more.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from spoke_admin.adapters.folders import data_folder
from spoke_admin.adapters.own_files import aware_time, lock, sync_folder
from spoke_admin.domain.error import AdminError

MOST_BYTES = 16 * 1024 * 1024
Facts = Mapping[str, str]
Entry = tuple[int, datetime, Facts]


def journal_folder() -> Path:
    """Where the journals are. It may not exist yet."""
    return data_folder() / "doctor"


class DoctorJournal:
    """The journal of one base URL. Fulfils `doctor.marked.Book`.

    With `write` it is held alone until `close`, also against other processes: who cleans up what another one is just
    making would spoil its run. Without, it can only be read, and nothing is made on the disk. Raises AdminError when
    another one holds it, or it cannot be read or written.
    """

    def __init__(self, base_url: str, *, write: bool, folder: Path | None = None) -> None:
        folder = folder or journal_folder()
        name = hashlib.sha256(base_url.encode()).hexdigest()[:24]
        self._path = folder / f"{name}.jsonl"
        self._lock = self._file = -1
        if write:
            self._lock = _locked(folder, folder / f"{name}.lock")
        try:
            self._entries = _read(self._path)
            self._number = max(self._entries, default=0)
            self._url = base_url
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    @property
    def entries(self) -> Sequence[Entry]:
        """What is open, in the order in which it was begun."""
        return [(number, since, dict(facts)) for number, (since, facts) in sorted(self._entries.items())]

    def begin(self, facts: Facts) -> int:
        """A new entry, on the disk when this returns; its number."""
        self._number += 1
        now = datetime.now(UTC)
        self._write({"n": self._number, "at": now.isoformat(), **facts})
        self._entries[self._number] = now, dict(facts)
        return self._number

    def add(self, number: int, facts: Facts) -> None:
        """What became known of an entry."""
        self._write({"n": number, **facts})
        self._entries[number][1].update(facts)

    def end(self, number: int) -> None:
        """An entry is over. Harmless twice."""
        if self._entries.pop(number, None) is not None:
            self._write({"n": number, "gone": True})

    def close(self) -> None:
        """Lets go of the journal; its file is removed when nothing is open. Harmless twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        if self._lock >= 0:
            if not getattr(self, "_entries", True):
                with suppress(OSError):
                    self._path.unlink(missing_ok=True)
            os.close(self._lock)
            self._lock = -1

    def _write(self, record: Mapping[str, Any]) -> None:
        try:
            if self._file < 0:
                self._open()
            line = json.dumps(record).encode() + b"\n"
            if os.write(self._file, line) < len(line):
                raise OSError(28, "No space left on the disk")
            os.fsync(self._file)
        except OSError as fault:
            raise AdminError(
                f"The journal of test objects cannot be written: {fault.strerror}.",
                "Check the space on the disk and who may write to its folder: nothing is made until then.",
                str(self._path),
            ) from None

    def _open(self) -> None:
        if self._lock < 0:
            raise OSError(13, "It was opened for reading")
        new = not self._path.exists()
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        # a line that a kill cut short must not swallow the next one
        os.write(self._file, json.dumps({"url": self._url}).encode() + b"\n" if new else b"\n")
        if new:
            sync_folder(self._path.parent)


def _locked(folder: Path, path: Path) -> int:
    """The lock, held. It ends with the process that holds it, also when that is killed."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        raise AdminError(
            f"The folder for the journal of test objects cannot be used: {fault.strerror}.",
            "Check who may write to it.",
            str(folder),
        ) from None
    try:
        lock(handle, wait=False)
    except OSError:
        os.close(handle)
        raise AdminError(
            "Another doctor is making test objects at this address right now.", "Wait until it has ended."
        ) from None
    return handle


def _read(path: Path) -> dict[int, tuple[datetime, dict[str, str]]]:
    """What is open; lines that cannot be read count as not written."""
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES)
    except FileNotFoundError:
        return {}
    except OSError as fault:
        raise AdminError(
            f"The journal of test objects cannot be read: {fault.strerror}.", "Check who may read it.", str(path)
        ) from None
    found: dict[int, tuple[datetime, dict[str, str]]] = {}
    for line in data.split(b"\n"):
        record = _record(line)
        number = record.get("n")
        if type(number) is not int:
            continue
        facts = {name: value for name, value in record.items() if isinstance(value, str) and name != "at"}
        if record.get("gone"):
            found.pop(number, None)
        elif number in found:
            found[number][1].update(facts)
        elif facts:
            found[number] = aware_time(record.get("at")) or datetime.now(UTC), facts
    return found


def _record(line: bytes) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return record if isinstance(record, dict) else {}
