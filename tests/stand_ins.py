"""Fixtures that start the real stand-in process: `python -m spoke_admin sandbox`, as an admin would."""

import json
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.secret_watch import note

READY_SECONDS = 60.0
END_SECONDS = 20.0


@dataclass
class StandIns:
    """A running stand-in service and stand-in identity provider.

    `token` is the SCIM token once it is known: from the ready line, or set by the test that connected SCIM.
    """

    folder: Path
    options: tuple[str, ...] = ()
    scim_url: str = ""
    settings_url: str = ""
    identity_provider_url: str = ""
    key: str = field(default="", repr=False)
    token: str | None = field(default=None, repr=False)
    line: dict[str, Any] = field(default_factory=dict, repr=False)
    _process: "subprocess.Popen[bytes] | None" = None

    def __setattr__(self, name: str, value: object) -> None:
        """What they gave out may be found nowhere else: `tests.secret_watch`."""
        if name in ("key", "token") and isinstance(value, str):
            note(value)
        super().__setattr__(name, value)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What the process said on standard error so far."""
        return self._log_path.read_text(encoding="utf-8", errors="replace")

    @property
    def _log_path(self) -> Path:
        return self.folder.with_name(self.folder.name + ".log")

    def start(self) -> None:
        command = [sys.executable, "-m", "spoke_admin", "sandbox", "--data", str(self.folder), *self.options]
        with self._log_path.open("ab") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        self.line = self._ready_line()
        self.scim_url = self.line["scim_url"]
        self.settings_url = self.line["settings_url"]
        self.identity_provider_url = self.line["identity_provider_url"]
        self.key = self.line["key"]
        self.token = self.line["token"] or self.token

    def _ready_line(self) -> dict[str, Any]:
        """The line the process prints when it answers; fails with what it said when none comes in time."""
        assert self._process is not None
        assert self._process.stdout is not None
        lines: queue.Queue[bytes] = queue.Queue()
        reader = threading.Thread(target=lambda out: lines.put(out.readline()), args=(self._process.stdout,))
        reader.start()
        try:
            line = lines.get(timeout=READY_SECONDS)
        except queue.Empty:
            line = b""
        if not line:
            self._process.kill()
        reader.join()
        if not line:
            self._ended()
        assert line, f"the stand-ins did not start: {self.log}"
        document: dict[str, Any] = json.loads(line)
        return document

    def stop(self) -> int:
        """Ends the process as a service manager would; its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._ended()

    def kill(self) -> int:
        """Ends the process as a power cut would."""
        assert self._process is not None
        self._process.kill()
        return self._ended()

    def _ended(self) -> int:
        assert self._process is not None
        assert self._process.stdout is not None
        try:
            code = self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(END_SECONDS)
            raise
        finally:
            self._process.stdout.close()
        self._process = None
        return code

    def restart(self) -> None:
        """Ends the process and starts it with the same data: addresses and token stay, the key is new."""
        if self._process is not None:
            self.stop()
        self.start()

    def close(self) -> None:
        if self._process is not None:
            self.stop()


class StartStandIns(Protocol):
    """The factory fixture: starts stand-ins of their own."""

    def __call__(
        self,
        *,
        mode: str | None = None,
        plan: str | None = None,
        scenario: str | None = None,
        people: int | None = None,
        folder: Path | None = None,
    ) -> StandIns: ...


@pytest.fixture
def start_stand_ins(tmp_path: Path) -> Iterator[StartStandIns]:
    """Starts as many stand-ins as a test asks for, and ends them with it."""
    started: list[StandIns] = []

    def start(
        *,
        mode: str | None = None,
        plan: str | None = None,
        scenario: str | None = None,
        people: int | None = None,
        folder: Path | None = None,
    ) -> StandIns:
        given = {"--mode": mode, "--plan": plan, "--scenario": scenario, "--people": people}
        options = [word for name, value in given.items() if value is not None for word in (name, str(value))]
        stand_ins = StandIns(folder or tmp_path / f"stand-ins-{len(started)}", tuple(options))
        started.append(stand_ins)
        stand_ins.start()
        return stand_ins

    yield start
    for stand_ins in started:
        stand_ins.close()


@pytest.fixture
def stand_ins(start_stand_ins: StartStandIns) -> StandIns:
    """Stand-ins in mode askspoke, plan Plus, with nothing connected yet."""
    return start_stand_ins()


@pytest.fixture
def rfc_stand_ins(start_stand_ins: StartStandIns) -> StandIns:
    """Stand-ins in mode rfc: plain SCIM 2.0, connected from the start."""
    return start_stand_ins(mode="rfc")
