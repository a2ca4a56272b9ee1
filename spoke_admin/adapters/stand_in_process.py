"""The stand-ins as a process of their own: started, asked for their addresses, ended.

The process ends by itself when its standard input closes, so a program that is killed takes its stand-ins with it.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from spoke_admin.domain.error import AdminError
from spoke_admin.domain.secret import Secret

READY_SECONDS = 30.0
END_SECONDS = 5.0


@dataclass(frozen=True)
class StandInAddresses:
    """Where the stand-ins answer, and the right to their settings API and identity provider."""

    scim_url: str
    settings_url: str
    identity_provider_url: str
    key: Secret = field(repr=False)


class StandIns:
    """A running stand-in service and stand-in identity provider, whose data lie in `folder`."""

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        """Starts the process and returns at once; `addresses()` waits for it."""
        self.folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._log = folder / "stand-ins.log"
        command = [sys.executable, "-m", "spoke_admin", "sandbox", "--data", str(folder), "--end-with-stdin", *options]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own module, arguments of our own
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
            )
        self._addresses: StandInAddresses | None = None
        self._asking = threading.Lock()

    def addresses(self) -> StandInAddresses:
        """Waits until both answer. Raises AdminError with what the process said when it cannot start."""
        with self._asking:
            if self._addresses is None:
                self._addresses = self._read_ready_line()
            return self._addresses

    @property
    def known(self) -> StandInAddresses | None:
        """The addresses, once somebody has waited for them."""
        return self._addresses

    def _read_ready_line(self) -> StandInAddresses:
        guard = threading.Timer(READY_SECONDS, self._process.kill)
        guard.start()
        try:
            line = self._process.stdout.readline() if self._process.stdout else b""
        finally:
            guard.cancel()
            guard.join()
        try:
            said = json.loads(line)
            scim, settings, provider = (str(said[f"{name}_url"]) for name in ("scim", "settings", "identity_provider"))
            return StandInAddresses(scim, settings, provider, Secret(said["key"]))
        except (ValueError, KeyError, TypeError):
            self.stop()
            raise AdminError(
                "The stand-ins did not start.",
                "Start them by hand with `spoke-admin sandbox` to see why.",
                self._log.read_text(encoding="utf-8", errors="replace")[-2000:],
            ) from None

    def stop(self) -> None:
        """Ends the process and waits for it. Harmless twice."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(END_SECONDS)
        if self._process.stdout is not None:
            self._process.stdout.close()
