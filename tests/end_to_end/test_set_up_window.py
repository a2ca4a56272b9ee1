"""The whole set-up in a real window, driven from outside by accessible names, as a person without eyes would."""

import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.desktop import desktop, needs_a_desktop

MOST_PRESSES = 12


@needs_a_desktop
@pytest.mark.timeout(240)
def test_the_set_up_guide_is_walked_to_the_end(tmp_path: Path) -> None:
    with desktop(tmp_path) as here, here.program("demo"):
        walked = here.drive(["press", "nav_set_up"], ["walk", MOST_PRESSES])[-1]
        mode, label = here.drive(["text", "mode_label"], ["text", "connection_label"])
        unnamed = unnamed_controls(here.drive(["names"])[0])
        picture = here.picture("window.png")
        token = secret_of(here.environment)
    assert len(walked["presses"]) <= MOST_PRESSES
    assert walked["steps"] == 9
    assert walked["seen"][-1][0] == "Verify what arrived"
    assert "Done" in walked["seen"][-1][1]
    assert "SANDBOX" in mode
    assert "127.0.0.1" in label
    assert not unnamed
    assert token, "the API token is not in the Secret Service"
    assert picture.stat().st_size > 10_000
    assert_nowhere(token, tmp_path)


@needs_a_desktop
@pytest.mark.timeout(240)
def test_a_locked_keychain_does_not_stop_the_rehearsal_and_is_told(tmp_path: Path) -> None:
    """The session bus starts a Secret Service that nobody unlocked: no window may pop up, no step may wait for it."""
    with desktop(tmp_path, keyring=False) as here, here.program("demo"):
        walked = here.drive(["press", "nav_set_up"], ["walk", MOST_PRESSES])[-1]
        status = here.drive(["press", "nav_tokens"], ["text", "token_status"])[-1]
    assert walked["seen"][-1][0] == "Verify what arrived"
    assert "Done" in walked["seen"][-1][1]
    assert "memory" in status


def unnamed_controls(things: list[list[str]]) -> list[str]:
    """Controls without a word for a screen reader."""
    controls = {"push button", "button", "check box", "text", "combo box", "list", "table", "password text", "entry"}
    return [name for name, role, words in things if role in controls and not words.strip() and role != "combo box"]


def secret_of(environment: dict[str, str]) -> str:
    """The one secret Spoke Admin keeps, as another program reads it from the Secret Service."""
    script = (
        "import secretstorage as s; c = s.get_default_collection(s.dbus_init());"
        "print(*[i.get_secret().decode() for i in c.get_all_items()], sep='\\n')"
    )
    import sys

    found = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=20, check=True
    )
    return found.stdout.strip().splitlines()[0]


def assert_nowhere(secret: str, folder: Path) -> None:
    """The token lies in no file below the folder, the keychain's own (encrypted) ones included."""
    for path in folder.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path
