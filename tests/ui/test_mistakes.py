"""The real window: closed to other programs once it has painted, and a mistake in a slot is said on the page."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

PROGRAM = """
import ctypes, json, sys, threading
from PySide6.QtCore import QTimer
from spoke_admin.__main__ import main
from spoke_admin.ui import window

PR_GET_DUMPABLE = 3
told = {}

def seen_by_others():
    return ctypes.CDLL(None).prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) if sys.platform == "linux" else None

def slip(word="canary-0123456789-abcdef"):
    raise ValueError(word)

class Told(window.Window):
    def __init__(self, *rest):
        super().__init__(*rest)
        told["before"] = seen_by_others()
        self.painted.connect(lambda: QTimer.singleShot(0, self.after))

    def after(self):
        told["after"] = seen_by_others()
        threading.Thread(target=slip).start() if "thread" in sys.argv else QTimer.singleShot(0, slip)
        self.look = QTimer(self)
        self.look.timeout.connect(self.said)
        self.look.start(5)

    def said(self):
        if self.current.message.isVisible():
            told["title"] = self.current.message.title.text()
            told["remedy"] = self.current.message.remedy.text()
            self.look.stop()
            self.close()

window.Window = Told
code = main([])
print(json.dumps(told))
sys.exit(code)
"""


@pytest.mark.parametrize("where", ["slot", "thread"])
def test_a_mistake_is_said_on_the_page_and_kept_without_its_words(where: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM), where],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["title"] == "The program made a mistake."
    report = Path(told["remedy"].partition("report it with ")[2].removesuffix("."))
    assert "in slip" in report.read_text()
    assert "canary-" not in report.read_text() + done.stderr + told["remedy"]
    if sys.platform == "linux":
        assert (told["before"], told["after"]) == (1, 0)
