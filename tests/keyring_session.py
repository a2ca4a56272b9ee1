"""A private session bus with a real Secret Service: unlocked, never unlocked, or stalled."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.secret_watch import note

MISSING = [name for name in ("dbus-daemon", "gnome-keyring-daemon") if shutil.which(name) is None]
needs_a_keyring = pytest.mark.skipif(bool(MISSING), reason=f"not installed here: {MISSING} (.ci/run installs them)")
# the service answers before its keyring is open, and tells of that in no signal: so it is asked until it is
UNTIL_OPEN = """
import sys, time, secretstorage
end = time.monotonic() + 20
while time.monotonic() < end:
    try:
        bus = secretstorage.dbus_init()
        if not secretstorage.Collection(bus, "/org/freedesktop/secrets/aliases/default").is_locked():
            sys.exit(0)
    except secretstorage.SecretStorageException:
        pass
    time.sleep(0.02)
sys.exit(1)
"""
READ_ALL = """
import json, secretstorage
found = secretstorage.Collection(secretstorage.dbus_init(), "/org/freedesktop/secrets/aliases/default").get_all_items()
print(json.dumps({item.get_attributes()["service"]: item.get_secret().decode() for item in found}))
"""


def private_environment(folder: Path) -> dict[str, str]:
    """A home, a runtime folder and a temporary folder of its own; nothing of the desktop a test runs on."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("XDG_", "DBUS_", "WAYLAND", "DISPLAY", "QT_", "PYTHON_KEYRING", "COV_"))
    }
    for name, place in (("HOME", "home"), ("XDG_RUNTIME_DIR", "run"), ("TMPDIR", "tmp")):
        path = folder / place
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        environment[name] = str(path)
    return environment


def started(
    stack: ExitStack, command: list[str], environment: Mapping[str, str], **streams: int
) -> "subprocess.Popen[bytes]":
    """A process that ends with the stack: asked first, then killed. By its own id, also when it was stopped."""
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, **streams)  # type: ignore[call-overload]  # streams are stdin and stdout

    def end() -> None:
        if process.poll() is None and sys.platform != "win32":
            process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(5)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    stack.callback(end)
    running: subprocess.Popen[bytes] = process
    return running


def session_bus(stack: ExitStack, environment: Mapping[str, str]) -> str:
    """The address of a bus that ends with the stack."""
    bus = started(
        stack, ["dbus-daemon", "--session", "--nofork", "--print-address=1"], environment, stdout=subprocess.PIPE
    )
    assert bus.stdout is not None
    return bus.stdout.readline().decode().strip()


def secret_service(stack: ExitStack, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """An unlocked gnome-keyring that answers before this returns."""
    command = ["gnome-keyring-daemon", "--foreground", "--unlock", "--components=secrets"]
    keyring = started(stack, command, environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert keyring.stdin is not None
    keyring.stdin.write(b"a password of the tests")
    keyring.stdin.close()
    subprocess.run([sys.executable, "-c", UNTIL_OPEN], env=environment, check=True, capture_output=True, timeout=30)
    return keyring


class KeyringSession:
    """The environment of a private session, and its Secret Service where there is one."""

    def __init__(self, environment: dict[str, str], keyring: "subprocess.Popen[bytes] | None") -> None:
        self.environment = environment
        self.keyring = keyring

    def run(
        self, *words: str, stdin: str = "", more: Mapping[str, str] | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """One command of Spoke Admin in this session."""
        return subprocess.run(
            [sys.executable, "-m", "spoke_admin", *words], env=self.environment | dict(more or {}), input=stdin,
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip

    def secrets(self) -> dict[str, str]:
        """What another program reads from the Secret Service: service name -> secret."""
        done = subprocess.run(
            [sys.executable, "-c", READ_ALL],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
        found: dict[str, str] = json.loads(done.stdout)
        for secret in found.values():
            note(secret)
        return found


@contextmanager
def keyring_session(folder: Path, *, unlocked: bool = True) -> Iterator[KeyringSession]:
    """A session in `folder`. Not unlocked: the bus starts a Secret Service that has no keyring to give."""
    environment = private_environment(folder)
    with ExitStack() as stack:
        environment["DBUS_SESSION_BUS_ADDRESS"] = session_bus(stack, environment)
        keyring = secret_service(stack, environment) if unlocked else None
        yield KeyringSession(environment, keyring)
