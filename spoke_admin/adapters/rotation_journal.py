"""How far the rotation of a token came, on the disk before each step. States and times only, never a token.

One file for each address in the data folder: a JSON object a line, appended and synced. A line that was cut short
counts as not written: its step never began.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spoke_admin.adapters.folders import data_folder
from spoke_admin.adapters.own_files import aware_time, lock, sync_folder
from spoke_admin.domain.error import AdminError
from spoke_admin.domain.rotation import OVER, Progress, Stage

MOST_BYTES = 4 * 1024 * 1024  # read from the end: thousands of rotations


class RotationJournal:
    """Fulfils `domain.rotation.Journal`. Raises AdminError when its folder cannot be used."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or data_folder() / "rotations"

    @contextmanager
    def alone(self, address: str) -> Iterator[None]:
        """Only one program at a time rotates a token. Ends with the process that holds it, also when that is killed."""
        self._make_folder()
        handle = _locked(self._path(address).with_suffix(".lock"))
        try:
            yield
        finally:
            os.close(handle)

    def open(self, address: str) -> Progress | None:
        """The unfinished rotation of an address; None: there is none."""
        progress: Progress | None = None
        for record in self._records(address):
            progress = _further(progress, record)
        return progress

    def record(self, address: str, stage: Stage, **facts: str | float | bool) -> None:
        """One more line, on the disk when this returns. Raises AdminError: then the step must not begin."""
        line = json.dumps({"stage": stage.value, "at": datetime.now(UTC).isoformat(), **facts}).encode() + b"\n"
        path = self._path(address)
        self._make_folder()
        try:
            _append(path, address, line)
        except OSError as fault:
            raise AdminError(
                f"The journal of the rotation cannot be written: {fault.strerror}.",
                "Check the space on the disk and who may write to its folder, then resume the rotation.",
                str(path),
            ) from None

    def began_with(self, address: str) -> dict[str, str]:
        """The facts with which the last rotation of an address began: the other addresses of its connection."""
        begun = [record for record in self._records(address) if record.get("stage") == Stage.BEGUN]
        return {name: text for name, text in begun[-1].items() if isinstance(text, str)} if begun else {}

    def addresses(self) -> list[str]:
        """The addresses whose rotation is unfinished."""
        if not self._folder.is_dir():
            return []
        found = [_address(path) for path in sorted(self._folder.glob("*.jsonl"))]
        return [address for address in found if address and self.open(address) is not None]

    def _path(self, address: str) -> Path:
        return self._folder / f"{hashlib.sha256(address.encode()).hexdigest()[:24]}.jsonl"

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as fault:
            raise AdminError(
                f"The folder for the journal of rotations cannot be used: {fault.strerror}.",
                "Check who may write to it; no token is made until then.",
                str(self._folder),
            ) from None

    def _records(self, address: str) -> Iterator[dict[str, Any]]:
        path = self._path(address)
        try:
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - MOST_BYTES))
                data = file.read()
        except FileNotFoundError:
            return
        except OSError as fault:
            raise AdminError(
                f"The journal of the rotation cannot be read: {fault.strerror}.", "Check who may read it.", str(path)
            ) from None
        for line in data.split(b"\n"):
            try:
                record = json.loads(line)
            except (ValueError, RecursionError):
                continue
            if isinstance(record, dict):
                yield record


def _further(progress: Progress | None, record: dict[str, Any]) -> Progress | None:
    """How far it is after one more record; None: over, or not begun."""
    try:
        stage = Stage(record.get("stage", ""))
    except ValueError:
        return progress
    if stage in OVER:
        return None
    if stage is Stage.BEGUN:
        created = record.get("created")
        return Progress(stage, created if isinstance(created, str) else "", record.get("known") is True)
    before = replace(progress or Progress(stage), stage=stage)
    if stage is Stage.MAKING:
        return replace(before, making=aware_time(record.get("at")), overlap=record.get("overlap") is True, gap_s=None)
    if stage is Stage.HANDED:
        gap_s = record.get("gap_s")
        return replace(before, gap_s=float(gap_s) if isinstance(gap_s, int | float) else 0.0)
    return before


def _append(path: Path, address: str, line: bytes) -> None:
    new = not path.exists()
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        # an empty line first: what a kill cut short must not swallow this one
        whole = (json.dumps({"address": address}).encode() if new else b"") + b"\n" + line
        if os.write(handle, whole) < len(whole):
            raise OSError(28, "No space left on the disk")
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        sync_folder(path.parent)


def _locked(path: Path) -> int:
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as fault:
        raise AdminError(
            f"The rotation cannot be begun: {fault.strerror}.", "Check who may write to the folder.", str(path)
        ) from None
    try:
        lock(handle, wait=False)
    except OSError:
        os.close(handle)
        raise AdminError(
            "Another program is rotating this token right now.", "Wait until it has ended, then try again."
        ) from None
    return handle


def _address(path: Path) -> str:
    """The address a journal belongs to, as its first line tells; "" when it cannot be read."""
    try:
        with path.open("rb") as file:
            told = json.loads(file.readline(8192))
    except (OSError, ValueError, RecursionError):
        return ""
    address = told.get("address") if isinstance(told, dict) else None
    return address if isinstance(address, str) else ""
