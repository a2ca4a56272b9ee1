"""A secret on the clipboard: hinted, counted down, taken away if and only if it is still ours."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from spoke_admin.domain.secret import Secret
from spoke_admin.ui.secret_clipboard import Countdown, SecretClipboard
from tests.end_to_end.desktop import Desktop, desktop

SECRET = "canary-token-0123456789"
PROGRAM = Path(__file__).with_name("clipboard_program.py")
ROOT = Path(__file__).parents[2]

needs_a_display = pytest.mark.skipif(
    any(shutil.which(name) is None for name in ("Xvfb", "dbus-daemon")),
    reason="Xvfb or dbus-daemon is not installed here (.ci/run installs them)",
)


@pytest.fixture
def ours(qtbot: QtBot) -> Iterator[SecretClipboard]:
    """Two ticks of a hundredth of a second instead of thirty of one."""
    made = SecretClipboard(None, seconds=2)
    made._timer.setInterval(10)
    yield made
    made.clear()
    QGuiApplication.clipboard().clear()


def last(countdowns: list[Any]) -> Countdown:
    assert isinstance(countdowns[-1], Countdown)
    return countdowns[-1]


def test_it_counts_down_and_takes_its_copy_away(ours: SecretClipboard, qtbot: QtBot) -> None:
    told: list[Any] = []
    ours.told.connect(told.append)
    ours.copy(Secret(SECRET))
    assert QGuiApplication.clipboard().text() == SECRET
    qtbot.waitUntil(lambda: last(told).seconds == 0)
    assert [it.seconds for it in told] == [2, 1, 0]
    assert not last(told).replaced
    assert QGuiApplication.clipboard().text() == ""


@pytest.mark.parametrize("other", ["something else", SECRET])
def test_another_copy_is_left_alone_even_of_the_same_text(ours: SecretClipboard, qtbot: QtBot, other: str) -> None:
    told: list[Any] = []
    ours.told.connect(told.append)
    ours.copy(Secret(SECRET))
    QGuiApplication.clipboard().setText(other)
    qtbot.waitUntil(lambda: last(told).seconds == 0)
    assert last(told).replaced
    assert QGuiApplication.clipboard().text() == other


def test_copying_again_begins_anew(ours: SecretClipboard, qtbot: QtBot) -> None:
    told: list[Any] = []
    ours.told.connect(told.append)
    ours.copy(Secret(SECRET))
    qtbot.waitUntil(lambda: last(told).seconds == 1)
    ours.copy(Secret("another-token-0123"))
    assert last(told).seconds == 2
    assert QGuiApplication.clipboard().text() == "another-token-0123"
    qtbot.waitUntil(lambda: last(told).seconds == 0)
    assert QGuiApplication.clipboard().text() == ""


def test_clearing_without_a_copy_touches_nothing(ours: SecretClipboard) -> None:
    QGuiApplication.clipboard().setText("the admin's own")
    told: list[Any] = []
    ours.told.connect(told.append)
    ours.clear()
    assert QGuiApplication.clipboard().text() == "the admin's own"
    assert told == [Countdown(0)]


def test_histories_are_told_not_to_keep_it(ours: SecretClipboard) -> None:
    ours.copy(Secret(SECRET))
    data = QGuiApplication.clipboard().mimeData()
    assert data.data("x-kde-passwordManagerHint").data() == b"secret"
    names = [name for name in data.formats() if "windows-mime" in name]
    assert [name.partition('value="')[2].rstrip('"') for name in names] == [
        "ExcludeClipboardContentFromMonitorProcessing", "CanIncludeInClipboardHistory", "CanUploadToCloudClipboard",
    ]  # fmt: skip
    assert {data.data(name).data() for name in names} == {b"\0\0\0\0"}


class Programs:
    """Programs on one display that share its clipboard."""

    def __init__(self, here: Desktop) -> None:
        self._environment = here.environment | {"PYTHONPATH": str(ROOT)}
        self.running: list[subprocess.Popen[str]] = []

    def start(self, *order: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *order], env=self._environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.running.append(process)
        return process

    def held(self) -> str:
        """What another program finds on the clipboard."""
        text: str = answers(self.start("read"))[0]["text"]
        return text


def answer(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    document: dict[str, Any] = json.loads(process.stdout.readline())
    return document


def answers(process: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    """All lines up to the end of the program."""
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    return [json.loads(line) for line in out.splitlines()]


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Programs]:
    with desktop(tmp_path, keyring=False) as here:
        made = Programs(here)
        yield made
        for process in made.running:
            process.kill()
            process.wait(10)
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


@needs_a_display
def test_between_programs_the_copy_is_taken_away_in_time(programs: Programs) -> None:
    ours = programs.start("copy", SECRET, "4")
    assert answer(ours) == {"seconds": 4, "replaced": False}
    assert programs.held() == SECRET
    assert answers(ours)[-2:] == [{"seconds": 0, "replaced": False}, {"left": ""}]
    assert programs.held() == ""


@needs_a_display
def test_the_same_text_copied_by_another_program_is_that_programs(programs: Programs) -> None:
    ours = programs.start("copy", SECRET, "20")
    answer(ours)
    other = programs.start("hold", SECRET)
    assert answer(other) == {"owned": True}
    assert {"seconds": 0, "replaced": True} in answers(ours)
    assert programs.held() == SECRET


@needs_a_display
def test_quitting_takes_the_copy_along(programs: Programs) -> None:
    said = answers(programs.start("quit", SECRET, "20"))
    assert said[-2:] == [{"seconds": 0, "replaced": False}, {"left": ""}]
