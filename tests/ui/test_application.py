"""The start: light until the first paint, quick, ended cleanly by signals, and pictures without a display."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HEAVY = [
    "httpx", "keyring", "phonenumbers", "scim2_models", "pydantic", "email_validator", "lxml", "cryptography",
    "starlette", "uvicorn",
]  # fmt: skip
START = """
import json, sys
from spoke_admin.__main__ import main
from spoke_admin.ui import window

class Told(window.Window):
    def __init__(self, *rest):
        super().__init__(*rest)
        self.painted.connect(self.tell)

    def tell(self):
        print(json.dumps({"modules": sorted(sys.modules)}), flush=True)
        if "stay" not in sys.argv:
            self.close()

window.Window = Told
sys.exit(main([]))  # the whole way: arguments, commands, window
"""


def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}


def started(tmp_path: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(START)], env=environment(tmp_path), capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


def test_nothing_heavy_is_imported_before_the_first_paint(tmp_path: Path) -> None:
    modules = started(tmp_path)["modules"]
    assert isinstance(modules, list)
    assert "PySide6.QtWidgets" in modules
    assert [name for name in HEAVY if name in modules] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to catch")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_closes_the_window_as_a_person_would(tmp_path: Path, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(START), "stay"], env=environment(tmp_path),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert "modules" in process.stdout.readline()
    process.send_signal(number)
    _out, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert said == ""
    kept = json.loads((tmp_path / "spoke-admin" / "preferences.json").read_text())
    assert kept["window_geometry"], "the place of the window was not kept: it was not closed, it was killed"
