"""A desktop of a test's own: X server, session bus, accessibility bus and, where wanted, an unlocked Secret Service."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.keyring_session import private_environment, secret_service, session_bus

NEEDED = ("Xvfb", "dbus-daemon", "gnome-keyring-daemon", "import")
SYSTEM_PYTHON = Path("/usr/bin/python3")
DRIVER = Path(__file__).with_name("window_driver.py")


def missing() -> list[str]:
    """What a desktop needs and this machine lacks."""
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    gi = "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi"
    if (
        not SYSTEM_PYTHON.exists()
        or subprocess.run([SYSTEM_PYTHON, "-c", gi], capture_output=True, check=False).returncode
    ):
        lacking.append("python3-gi with gir1.2-atspi-2.0")
    return lacking


needs_a_desktop = pytest.mark.skipif(
    bool(missing()), reason=f"not installed here: {', '.join(missing())} (.ci/run installs them)"
)


class Desktop:
    """The environment of a private desktop, and what a test does on it."""

    def __init__(self, environment: Mapping[str, str], folder: Path) -> None:
        self.environment = dict(environment)
        self.folder = folder
        self.programs: list[subprocess.Popen[bytes]] = []

    @contextmanager
    def program(self, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
        """Spoke Admin on this desktop; ended by SIGTERM, and what it wrote kept in program.log."""
        log = self.folder / "program.log"
        with log.open("ab") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "spoke_admin", *arguments],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        self.programs.append(process)
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)

    def drive(self, *orders: Sequence[object], seconds: float = 120) -> list[Any]:
        """Gives orders to the window from outside; the answers in order."""
        done = subprocess.run(
            [str(SYSTEM_PYTHON), str(DRIVER)], env=self.environment, input=json.dumps(orders).encode(),
            capture_output=True, timeout=seconds, check=False,
        )  # fmt: skip
        if done.returncode:
            self.picture("failed.png")
            ended = [process.returncode for process in self.programs if process.poll() is not None]
            told = f"\nprograms that had ended: {ended}\n" if ended else ""
            log = (self.folder / "program.log").read_text()[-3000:]
            raise AssertionError(done.stderr.decode()[-3000:] + told + log)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def picture(self, name: str) -> Path:
        """What is on the screen."""
        path = self.folder / name
        subprocess.run(["import", "-window", "root", str(path)], env=self.environment, check=True, timeout=20)
        return path

    def command(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """One command of Spoke Admin on this desktop."""
        return subprocess.run(
            [sys.executable, "-m", "spoke_admin", *arguments], env=self.environment, input=stdin,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip


@contextmanager
def desktop(folder: Path, screen: str = "1280x800", keyring: bool = True) -> Iterator[Desktop]:
    """Starts everything in `folder` and ends it again, by the ids of its own processes."""
    environment = _private(folder)
    with ExitStack() as stack:
        environment["DISPLAY"] = _display(stack, screen)
        environment["DBUS_SESSION_BUS_ADDRESS"] = session_bus(stack, environment)
        if keyring:
            secret_service(stack, environment)
        yield Desktop(environment, folder)


def _private(folder: Path) -> dict[str, str]:
    return private_environment(folder) | {
        "QT_QPA_PLATFORM": "xcb", "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1", "NO_AT_BRIDGE": "0",
    }  # fmt: skip


def _display(stack: ExitStack, screen: str) -> str:
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{screen}x24", "-nolisten", "tcp"]
    xvfb = subprocess.Popen(command, pass_fds=(writing,), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    stack.callback(xvfb.wait, 10)
    stack.callback(xvfb.terminate)
    os.close(writing)
    with os.fdopen(reading) as line:
        return ":" + line.readline().strip()
