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


@pytest.mark.parametrize("other", ["something else", SECRET], ids=["another text", "the same text"])
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
        bus = here.environment["DBUS_SESSION_BUS_ADDRESS"]  # one for both
        self._environment = here.environment | {"PYTHONPATH": str(ROOT), "DBUS_SYSTEM_BUS_ADDRESS": bus}
        self.running: list[subprocess.Popen[str]] = []

    def start(self, *order: str, text: str = "") -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, str(PROGRAM), *order], env=self._environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        self.running.append(process)
        if text:
            say(process, text)
        return process

    def copied(self, seconds: int, order: str = "copy") -> "subprocess.Popen[str]":
        """A program of ours that has put SECRET onto the clipboard."""
        ours = self.start(order, str(seconds), text=SECRET)
        assert answer(ours) == {"seconds": seconds, "replaced": False}
        return ours

    def taken_over(self, text: str) -> None:
        """Another program owns the clipboard from now on, and stays."""
        assert answer(self.start("hold", text=text)) == {"owned": True}

    def locked(self, how: str) -> None:
        assert answers(self.start("lock", how)) == [{"sent": True}]

    def held(self) -> str:
        """What another program finds on the clipboard."""
        text: str = answers(self.start("read"))[0]["text"]
        return text


def say(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{text}\n")
    process.stdin.flush()


def answer(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    document: dict[str, Any] = json.loads(process.stdout.readline())
    return document


def answers(process: "subprocess.Popen[str]") -> list[dict[str, Any]]:
    """All lines up to the end of the program, whose input ends now."""
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
    ours = programs.copied(4)
    assert programs.held() == SECRET
    assert answers(ours)[-2:] == [{"seconds": 0, "replaced": False}, {"left": ""}]
    assert programs.held() == ""


@needs_a_display
@pytest.mark.parametrize("other", ["something else", SECRET], ids=["another text", "the same text"])
def test_what_another_program_copied_is_that_programs(programs: Programs, other: str) -> None:
    ours = programs.copied(20)
    programs.taken_over(other)
    assert answers(ours)[-2:] == [{"seconds": 0, "replaced": True}, {"left": other}]
    assert programs.held() == other


@needs_a_display
def test_copied_again_it_is_counted_anew_between_programs(programs: Programs) -> None:
    ours = programs.copied(4)
    assert answer(ours) == {"seconds": 3, "replaced": False}
    say(ours, "another-token-0123")
    while (now := answer(ours))["seconds"] != 4:
        assert now["seconds"], "it was taken away by the old countdown"
    assert programs.held() == "another-token-0123"
    assert answers(ours)[-2:] == [{"seconds": 0, "replaced": False}, {"left": ""}]
    assert programs.held() == ""


@needs_a_display
def test_quitting_takes_the_copy_along(programs: Programs) -> None:
    ours = programs.copied(600, "quit")
    assert programs.held() == SECRET
    assert answers(ours)[-2:] == [{"seconds": 0, "replaced": False}, {"left": ""}]
    assert programs.held() == ""


@needs_a_display
def test_quitting_leaves_what_another_program_copied(programs: Programs) -> None:
    ours = programs.copied(600, "quit")
    programs.taken_over(SECRET)
    assert answers(ours)[-1] == {"left": SECRET}
    assert programs.held() == SECRET


@needs_a_display
@pytest.mark.parametrize("how", ["saver", "login"])
def test_locking_the_screen_takes_the_copy_away(programs: Programs, how: str) -> None:
    ours = programs.copied(600)
    programs.locked("opened")
    assert programs.held() == SECRET, "an opened screen takes nothing away"
    programs.locked(how)
    assert answers(ours)[-2:] == [{"seconds": 0, "replaced": False}, {"left": ""}]
    assert programs.held() == ""


@needs_a_display
def test_locking_the_screen_leaves_what_another_program_copied(programs: Programs) -> None:
    ours = programs.copied(600)
    programs.taken_over(SECRET)
    programs.locked("saver")
    assert answers(ours)[-2:] == [{"seconds": 0, "replaced": True}, {"left": SECRET}]
    assert programs.held() == SECRET


@needs_a_display
def test_other_programs_see_the_hint_for_histories(programs: Programs) -> None:
    programs.copied(600)
    assert answers(programs.start("read"))[0] == {"text": SECRET, "hint": "secret"}
