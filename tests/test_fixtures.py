"""The fixtures that guard every test do fail the test that leaks, and only that one."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LEAKS = {
    "thread": "import threading\n    threading.Thread(target=threading.Event().wait, daemon=True).start()",
    "task": "import asyncio\n    kept.append(asyncio.new_event_loop().create_task(asyncio.sleep(1)))",
    "window": "from PySide6.QtWidgets import QWidget\n    kept.append(QWidget())\n    kept[-1].show()",
    "timer": "from PySide6.QtCore import QTimer\n    kept.append(QTimer())\n    kept[-1].start(60_000)",
    "log line": "import logging\n    logging.getLogger('x').warning('loud')",
}


@pytest.mark.parametrize("kind", LEAKS)
def test_the_guilty_test_fails_and_its_neighbours_pass(kind: str, tmp_path: Path) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path / "conftest.py")
    (tmp_path / "test_leak.py").write_text(
        "from PySide6.QtWidgets import QApplication\n"
        "kept = [QApplication([])]\n"
        "def test_before():\n    pass\n"
        f"def test_guilty():\n    {LEAKS[kind]}\n"
        "def test_after():\n    pass\n"
    )
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-c",
        "none.ini",
        "--rootdir",
        str(tmp_path),
        "-p",
        "no:cacheprovider",
    ]
    (tmp_path / "none.ini").write_text("[pytest]\n")
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"(ERROR|FAILED) test_leak.py::test_guilty", done.stdout), done.stdout
    assert "test_before" not in done.stdout.partition("short test summary")[2]
    assert "test_after" not in done.stdout.partition("short test summary")[2]
