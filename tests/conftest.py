"""What holds for every test: nothing leaks, nothing is logged unasked, everything written lies in the test's folder."""

import asyncio
import gc
import logging
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
EVERYDAY = {"MainThread", "pydevd.Writer"}


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private home: settings, data and temporary files of a test never meet the machine's own."""
    home = tmp_path_factory.mktemp("home")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "TMPDIR"):
        folder = home / name.lower()
        folder.mkdir(mode=0o700)
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)  # Python would keep the temporary folder of the first test
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture(autouse=True)
def no_leaks() -> Iterator[None]:
    """Fails the very test that leaves a thread, a task, a window or a running timer behind."""
    before = set(threading.enumerate())
    if "PySide6.QtWidgets" in sys.modules:
        gc.freeze()  # what thousands of tests before this one left in memory is not looked through after each of them
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and not thread.name.startswith("Dummy")]
    for thread in left:
        thread.join(timeout=2)
    alive = [thread.name for thread in left if thread.is_alive()]
    windows, tasks = _windows_left(), _tasks_left()
    assert not alive, f"threads left behind: {alive}"
    assert not tasks, f"tasks left behind: {tasks}"
    assert not windows, f"windows or timers left behind: {windows}"


def _tasks_left() -> list[str]:
    """Tasks nobody awaited to their end; each is told once, in the test that made it."""
    known: Any = getattr(asyncio.tasks, "_scheduled_tasks", None) or getattr(asyncio.tasks, "_all_tasks", ())
    pending = [task for task in list(known) if not task.done()]
    for task in pending:
        known.discard(task)
    return [repr(task) for task in pending]


def _windows_left() -> list[str]:
    """Windows that still show, and timers that still run below any window or on their own."""
    widgets, core = sys.modules.get("PySide6.QtWidgets"), sys.modules.get("PySide6.QtCore")
    if widgets is None or core is None or (application := widgets.QApplication.instance()) is None:
        return []
    application.sendPostedEvents(None, core.QEvent.Type.DeferredDelete.value)
    gc.collect()
    shown = [widget for widget in application.topLevelWidgets() if widget.isVisible()]
    running = [it for it in gc.get_objects() if type(it) is core.QTimer and _runs(it)]
    left = [repr(it) for it in (*shown, *running)]
    for timer in running:
        timer.stop()
    for widget in application.topLevelWidgets():
        widget.close()
        widget.deleteLater()
    return left


def _runs(timer: Any) -> bool:
    try:
        return bool(timer.isActive()) and not timer.isSingleShot()  # one that fires once ends by itself
    except RuntimeError:  # its C++ side is gone
        return False


@pytest.fixture(autouse=True)
def quiet_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails a test in which something is logged at WARNING or above; `expected_log` says what may be."""
    yield
    allowed = caplog.__dict__.get("expected", ())
    loud = [
        record
        for record in caplog.get_records("call")
        if record.levelno >= logging.WARNING and not any(words in record.getMessage() for words in allowed)
    ]
    assert not loud, f"unexpected log lines: {[record.getMessage() for record in loud]}"
