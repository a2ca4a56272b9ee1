"""When a token was last used and when it will end, by address: times only, never a token.

A small file in the data folder. A use is noted at most once a minute for an address, for it is in the way of a call; a
note that is lost costs nothing but itself, so nothing here raises and nothing is synced.
"""

import json
import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from spoke_admin.adapters.folders import data_folder
from spoke_admin.adapters.own_files import aware_time, lock

BETWEEN_NOTES = timedelta(minutes=1)
MOST_BYTES = 1024 * 1024
MOST_ADDRESSES = 1000
FILE_NAME = "token-notes.json"

log = logging.getLogger(__name__)
Document = dict[str, dict[str, str]]


@dataclass(frozen=True, slots=True)
class Notes:
    """Aware times; None where nothing is known. `expires` is what the service told when it was asked last."""

    used: datetime | None = None
    expires: datetime | None = None


class TokenNotes:
    """The notes of every address. Any number of them, in any number of programs, may write to one folder."""

    _noted: dict[tuple[Path, str], datetime] = {}  # noqa: RUF012  # of the process: every connection shares it

    def __init__(self, folder: Path | None = None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder = folder or data_folder()
        self._now = now

    def of(self, address: str) -> Notes:
        entry = self._read().get(address, {})
        return Notes(aware_time(entry.get("used")), aware_time(entry.get("expires")))

    def used(self, address: str) -> None:
        """The token of the address is taken for a call now."""
        now = self._now()
        last = self._noted.get((self._folder, address))
        if last is None or not timedelta(0) <= now - last < BETWEEN_NOTES:
            self._noted[self._folder, address] = now
            self._change(address, used=now.isoformat(timespec="seconds"))

    def learned(self, address: str, expires: datetime | None) -> None:
        """What the service tells of the token's end; None: it does not end."""
        if self.of(address).expires != expires:
            self._change(address, expires=expires.isoformat() if expires else "")

    def replaced(self, address: str) -> None:
        """Another token lies there now, or none: what was known of the one before is forgotten."""
        self._noted.pop((self._folder, address), None)
        if address in self._read():
            self._change(address, used="", expires="")

    def _change(self, address: str, **facts: str) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle = os.open(self._folder / f"{FILE_NAME}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if _lock(handle, wait="used" in facts and not facts["used"]):
                    self._write(self._changed(address, facts))
            finally:
                os.close(handle)
        except OSError as fault:
            log.debug("the notes of tokens are not written: %s", fault.strerror)

    def _changed(self, address: str, facts: dict[str, str]) -> Document:
        document = self._read()
        entry = {name: text for name, text in (document.pop(address, {}) | facts).items() if text}
        if entry:
            document[address] = entry  # the last one is the newest: the oldest go first
        return dict(list(document.items())[-MOST_ADDRESSES:])

    def _read(self) -> Document:
        """What can be used of the file."""
        try:
            with (self._folder / FILE_NAME).open("rb") as file:
                found: Any = json.loads(file.read(MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        entries = found.items() if isinstance(found, dict) else ()
        return {
            address: {name: text for name, text in entry.items() if isinstance(text, str)}
            for address, entry in entries
            if isinstance(entry, dict)
        }

    def _write(self, document: Document) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=f".{FILE_NAME}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(json.dumps(document, indent=1).encode())
            os.replace(name, self._folder / FILE_NAME)  # noqa: PTH105  # mkstemp gave a text
        finally:
            with suppress(OSError):
                Path(name).unlink()


def _lock(handle: int, *, wait: bool) -> bool:
    """Whether this program may write now. A use that another one keeps from being noted is not worth waiting for."""
    try:
        lock(handle, wait=wait)
    except OSError:
        return False
    return True
